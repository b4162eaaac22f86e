"""Names written over images, on tags of a class's colour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from semjscc.images import printable, to_uint8

READABLE_SIDE = 320
"""Pixels of the longer side from which names can be read; smaller images are drawn enlarged."""
_LETTERS = 1 / 18
"""Height of the letters in parts of the longer side: the picture is shown small, whatever it is."""
_DARK = 0.45
"""Luminance of a colour from which black is read better on it than white."""
_LONGEST = 24
"""Letters of a text that are shown."""


@dataclass(frozen=True)
class Tag:
    """A name at a place.

    Attributes:
        text: what is written; its end is cut where it is long.
        left, bottom: of the tag in pixels; it is moved into the image where it sticks out.
        colour: (3,) in [0, 1].
    """

    text: str
    left: float
    bottom: float
    colour: Tensor


def enlarged(images: Tensor) -> tuple[Tensor, int]:
    """Images (B, 3, H, W) with each pixel repeated until names can be read, and how often it is."""
    factor = -(-READABLE_SIDE // max(images.shape[-2:]))
    if factor == 1:
        return images, 1
    return images.repeat_interleave(factor, 2).repeat_interleave(factor, 3), factor


def draw_tags(image: Tensor, tags: Sequence[Tag]) -> Tensor:
    """A copy of an image (3, H, W) in [0, 1], of 8 bits, with the tags; the first lies on top."""
    if not tags:
        return image
    height, width = image.shape[-2:]
    font = ImageFont.load_default(round(_LETTERS * max(height, width)))
    canvas = Image.fromarray(to_uint8(image.cpu()).permute(1, 2, 0).contiguous().numpy())
    pen = ImageDraw.Draw(canvas)
    for tag in reversed(tags):
        text = printable(tag.text)
        text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
        _, _, right, below = font.getbbox(text)
        wide, high = round(right) + 4, round(below) + 4
        left = min(max(0, round(tag.left)), max(0, width - wide))
        top = min(max(0, round(tag.bottom) - high), max(0, height - high))
        red, green, blue = (round(255 * part) for part in tag.colour.tolist())
        light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > _DARK * 255
        pen.rectangle((left, top, left + wide - 1, top + high - 1), fill=(red, green, blue))
        pen.text((left + 2, top + 1), text, fill="black" if light else "white", font=font)
    drawn = torch.from_numpy(np.array(canvas)).permute(2, 0, 1)
    return drawn.to(image) / 255
