"""What a source coder is: an image to bytes and back, with and without the file's constant part.

A file says again what the receiver knows from the control record (coder, size, quality), and at
32 x 32 pixels that is most of it. So there are two accountings: ``file`` counts the whole file,
``compact`` only what differs from image to image beyond size and setting.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""An image, (H, W, 3) RGB, 8 bits."""

Accounting = Literal["compact", "file"]

SCALES = (Fraction(1), Fraction(3, 4), Fraction(1, 2), Fraction(1, 4))
"""What an image may be shrunk to before it is coded."""


@dataclass(frozen=True, order=True)
class Setting:
    """What the receiver must be told besides the payload; it travels in the control record.

    Attributes:
        scale: place in `SCALES`.
        variant: place in the coder's ``variants``.
        quality: place in the coder's ``qualities``.
    """

    scale: int
    variant: int
    quality: int


class SourceCoder(ABC):
    """One way to code images; stateless, so that it can be sent to worker processes.

    Attributes:
        name: what links and tables call it.
        variants: names of the ways of coding that are all tried, such as chroma formats.
        qualities: the coder's own quality numbers, from coarse to fine.
    """

    name: ClassVar[str]
    variants: ClassVar[tuple[str, ...]] = ("default",)
    qualities: ClassVar[tuple[int, ...]]

    def missing(self) -> str | None:
        """One line that says what to install where the local library lacks this coder."""
        return None

    def version(self) -> str:
        """Names the library that compresses; cached results of another one are not used."""
        return ""

    def useful_variants(self, size: tuple[int, int], accounting: Accounting) -> Sequence[int]:
        """The places in ``variants`` worth a trial at (H, W); the others still have to work."""
        del size, accounting
        return range(len(self.variants))

    @abstractmethod
    def compress(self, image: Pixels, variant: int, quality: int) -> bytes:
        """The whole file.

        Args:
            image: (H, W, 3), of any size from 1 x 1.
            variant: place in ``variants``.
            quality: place in ``qualities``.
        """

    @abstractmethod
    def decompress(self, file: bytes, size: tuple[int, int]) -> Pixels:
        """The image of a whole file.

        Args:
            file: what `compress` or `restore` gave, or a stranger's bytes.
            size: (H, W) that was announced.

        Raises:
            ValueError: the bytes are no such file, or the image has another size.
        """

    @abstractmethod
    def strip(self, file: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """The file without what size, variant and quality already say.

        Raises:
            ValueError: `restore` could not make this file again; it is not from `compress`.
        """

    @abstractmethod
    def restore(self, payload: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """The inverse of `strip`, byte for byte.

        Raises:
            ValueError: no file can be made of these bytes.
        """
