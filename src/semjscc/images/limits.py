"""How large and how small an image may be."""

from semjscc.errors import UserError

PIXEL_LIMIT = 64 * 2**20
"""Above any camera in use, and 200 MB decoded: a machine with 2 GB survives it."""

FILE_LIMIT = 256 * 2**20
MINIMUM_SIDE = 16
"""The codecs halve an image twice and still need a neighbourhood to look at."""


def check_size(width: int, height: int, name: str) -> None:
    """Check a size that a header promises, before a pixel is decoded.

    Raises:
        UserError: the image is too large or too small.
    """
    if width * height > PIXEL_LIMIT:
        raise UserError(f"{name} is {width} x {height}: more than {PIXEL_LIMIT:,} pixels")
    if min(width, height) < MINIMUM_SIDE:
        raise UserError(
            f"{name} is {width} x {height}: both sides must have at least {MINIMUM_SIDE} pixels"
        )
