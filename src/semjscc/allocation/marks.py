"""How a person marks what matters in a picture: boxes in pixels, and the size of drawn masks."""

import re
from typing import NamedTuple

from semjscc.errors import UserError, printable

_BOX = re.compile(r"-?\d{1,9}(,-?\d{1,9}){3}")


class Box(NamedTuple):
    """A part of a picture, in pixels from its top left corner."""

    left: int
    top: int
    width: int
    height: int


def parse_box(text: str) -> Box | None:
    """A box as people write it, ``x,y,w,h``; None for what is no box."""
    if not _BOX.fullmatch(text):
        return None
    return Box(*map(int, text.split(",")))


def check_box(box: Box, size: tuple[int, int]) -> None:
    """Refuse a box that is empty, or does not lie within a picture of H x W pixels.

    Raises:
        UserError: so it is.
    """
    said, (height, width) = f"the box {','.join(map(str, box))}", size
    if box.width < 1 or box.height < 1:
        raise UserError(f"{said} is empty: its width and height must be at least 1")
    across, down = box.left + box.width, box.top + box.height
    if box.left < 0 or box.top < 0 or across > width or down > height:
        raise UserError(f"{said} does not lie within the picture of {width} x {height} pixels")


def check_mask_size(name: str, mask: tuple[int, int], size: tuple[int, int]) -> None:
    """Refuse a mask that is no smaller or larger copy of a picture of H x W pixels.

    Args:
        name: of its file, for the message.
        mask: its height and width.
        size: the picture's.

    Raises:
        UserError: its sides are another aspect, by more than a pixel.
    """
    (rows, columns), (height, width) = mask, size
    if abs(columns - rows * width / height) > 1 and abs(rows - columns * height / width) > 1:
        raise UserError(
            f"the mask {printable(name)} has {columns} x {rows} pixels, which is another aspect "
            f"than the picture's {width} x {height}"
        )
