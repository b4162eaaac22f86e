"""How large an image the modem sends; needs no torch, so that a command may ask before."""

from fractions import Fraction

from semjscc.codecs.bandwidth import channel_uses
from semjscc.errors import UserError

SHORTEST_SIDE, LONGEST_SIDE = 16, 2**15 - 1
"""Pixels: the least that any image has, and the most that a control record can tell."""
PIXEL_LIMIT = 16 * 2**20
MOST_SYMBOLS = PIXEL_LIMIT // 2
"""Of an image: 16 Mpixel at a ratio of 1/6. Putting its frame together takes 450 MB for a moment
and keeps half of that, however little of it arrived."""


def check_sent(name: str, size: tuple[int, int], ratio: Fraction) -> None:
    """Refuse an image (H, W) that no receiver would take, before the work of encoding it.

    Raises:
        UserError: it is one.
    """
    height, width = size
    k = channel_uses(height, width, ratio)
    if height * width > PIXEL_LIMIT or k > MOST_SYMBOLS:
        raise UserError(
            f"{name} has {width} x {height} pixels, {k} symbols at {ratio}, and the modem sends at "
            f"most {PIXEL_LIMIT >> 20} Mpixel and {MOST_SYMBOLS} symbols: shrink the image"
            + (" or take a lower --ratio" if height * width <= PIXEL_LIMIT else "")
        )
