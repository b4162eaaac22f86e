"""Frames with their times, and what is known of moving pictures before they are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""(H, W, 3), RGB."""

USUAL_RATE = Fraction(25)
"""Frames a second where nothing tells."""


class Frame(NamedTuple):
    """One frame.

    Attributes:
        number: its place in the order shown, from 0.
        time: in seconds after the first, and larger than that of the frame before.
        pixels: (H, W, 3) uint8.
    """

    number: int
    time: Fraction
    pixels: Pixels


@dataclass(frozen=True)
class Clip:
    """Moving pictures that can be read once.

    Attributes:
        name: what messages call them.
        size: height and width in pixels, upright.
        rate: frames a second, the mean where they come unevenly.
        count: how many frames there are, roughly; None where nobody knows.
        frames: all of that size; to close it closes what is read.
        live: whether they come from a camera, which waits for nobody.
        has_sound: whether there is sound beside them.
    """

    name: str
    size: tuple[int, int]
    rate: Fraction
    count: int | None
    frames: Iterator[Frame]
    live: bool = False
    has_sound: bool = False
