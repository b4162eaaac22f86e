"""What people bring along: checked, made small enough for a page, and kept in memory only."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from semjscc.errors import UserError
from semjscc.images import decode_image, resize_and_crop

LARGEST_FILE = 20 * 2**20
"""Bytes: above what a telephone's camera writes."""

LARGEST_PIXELS = 768 * 512
"""What two cores code and decode while a person waits; larger images are shrunk to it."""

AGAIN = "the file is not there any more: choose the file again"

LONGEST = 32
"""How many times longer than high, or the reverse, an image may be: shrunk, it still has the side
that a codec needs."""


@dataclass(frozen=True)
class Picture:
    """An image to send; two of the same pixels are the same.

    Attributes:
        pixels: (3, H, W) uint8.
        note: what was done to it before, or "".
        digest: of the pixels.
    """

    pixels: Tensor = field(compare=False)
    note: str = field(default="", compare=False)
    digest: bytes = field(init=False)

    def __post_init__(self) -> None:
        digest = hashlib.blake2b(str(tuple(self.pixels.shape)).encode(), digest_size=16)
        digest.update(self.pixels.contiguous().numpy().tobytes())
        object.__setattr__(self, "digest", digest.digest())

    @property
    def size(self) -> tuple[int, int]:
        """(H, W)."""
        return self.pixels.shape[-2], self.pixels.shape[-1]


def is_uploaded(path: Any, folder: Path) -> bool:
    """Whether a path that came from a client is that of a file in the folder for uploads."""
    if not isinstance(path, str):
        return False
    try:
        # A link in the folder may lead elsewhere, and so may "..".
        real = Path(path).resolve()
        return real.is_relative_to(folder.resolve()) and real.is_file()
    except (OSError, ValueError):  # too long, a zero byte, links in a circle
        return False


def read_upload(path: str, folder: Path) -> Picture:
    """The image in an uploaded file, shrunk where it is larger than the page shows.

    Args:
        path: as it came from a client, who may name any file of this machine.
        folder: for uploads.

    Raises:
        UserError: one line on what is wrong with the file.
    """
    if not is_uploaded(path, folder):
        raise UserError(AGAIN)
    file = Path(path)
    try:
        if file.stat().st_size > LARGEST_FILE:
            raise UserError(f"the file is larger than {LARGEST_FILE // 2**20} MB")
        data = file.read_bytes()
    except OSError as error:
        raise UserError(AGAIN) from error
    return shrink(decode_image(data, "the file"))


def shrink(pixels: Tensor) -> Picture:
    """An image (3, H, W) uint8 of at most `LARGEST_PIXELS`, with a note where it was larger.

    Raises:
        UserError: it is a thin strip.
    """
    height, width = pixels.shape[-2:]
    if max(height, width) > LONGEST * min(height, width):
        raise UserError(
            f"an image of {width} × {height} pixels is more than {LONGEST} times longer on one "
            "side than on the other: cut it"
        )
    factor = (LARGEST_PIXELS / (height * width)) ** 0.5
    if factor >= 1:
        return Picture(pixels)
    size = int(width * factor), int(height * factor)  # flooring keeps it within the limit
    image = Image.fromarray(pixels.permute(1, 2, 0).numpy())
    small = np.array(image.resize(size, Image.Resampling.LANCZOS))
    note = (
        f"{width} × {height} pixels, shown at {size[0]} × {size[1]} so that nobody waits: "
        "`semjscc transmit` sends it whole"
    )
    return Picture(torch.from_numpy(small).permute(2, 0, 1).contiguous(), note)


def crop(picture: Picture, side: int) -> Picture:
    """The central square, resized to what weights were trained on, with a note of what was done."""
    height, width = picture.size
    if height == width == side:
        return picture
    done = "it" if height == width else "only the middle square"
    note = (
        f"{done} is sent at {side} × {side} pixels as in training; image size “as it is” sends all"
    )
    return Picture(resize_and_crop(picture.pixels, side), note)
