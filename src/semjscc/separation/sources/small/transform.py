"""An image to the few lowest frequencies of its colours and back, at any size.

All three steps keep distances, so that an error in a coefficient is the same error in RGB:

    RGB ─► I1 I2 I3 (Ohta, Kanade & Sakai 1980, normalised) ─► whole-image DCT-II ─► / √(H·W)

Coefficients count cycles in the image, not in a pixel: an image of another size has nearly the
same ones, and to leave out the high ones is to shrink it by the least-squares filter.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from semjscc.separation.sources.base import Pixels

Floats = NDArray[np.float64]

_COLOURS = np.array([[1, 1, 1], [1, 0, -1], [-1, 2, -1]]) / np.sqrt([[3], [2], [6]])
"""Rows: intensity, red against blue, green against magenta; nearly uncorrelated in photographs."""

_MIDDLE = 128.0


@cache
def _cosines(length: int, count: int) -> Floats:
    """The first ``count`` rows of the orthonormal DCT-II over √length; zeros beyond ``length``."""
    frequency = np.arange(count)[:, None]
    place = np.arange(length) + 0.5
    rows = np.cos(np.pi / length * frequency * place) * np.sqrt(2) / length
    rows[0] /= np.sqrt(2)
    rows[length:] = 0
    return rows


def analyse(image: Pixels, count: int) -> Floats:
    """The lowest frequencies of an image.

    Args:
        image: (H, W, 3).
        count: frequencies in each direction, K.

    Returns:
        (3, K, K): colour, vertical and horizontal frequency, in grey levels; the squares of all
        H x W of them sum up to the mean over pixels of |RGB − 128|². Zero above H and W.
    """
    height, width, _ = image.shape
    colours = (image - _MIDDLE) @ _COLOURS.T  # (H, W, 3)
    rows = np.tensordot(_cosines(height, count), colours, 1)  # (K, W, 3)
    return np.tensordot(_cosines(width, count), rows, (1, 1)).transpose(2, 1, 0)


def synthesise(coefficients: Floats, size: tuple[int, int]) -> Pixels:
    """The image of these frequencies and no others: (3, K, K) -> (H, W, 3)."""
    height, width = size
    count = coefficients.shape[1]
    rows = height * _cosines(height, count).T @ coefficients  # (3, H, K)
    colours = rows @ (width * _cosines(width, count))  # (3, H, W)
    pixels = colours.transpose(1, 2, 0) @ _COLOURS + _MIDDLE
    return pixels.round().clip(0, 255).astype(np.uint8)
