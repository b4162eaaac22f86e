"""Colours of classes, and boxes drawn in them over images."""

import colorsys
from collections.abc import Sequence

import torch
from torch import Tensor

_LINE = 1 / 128
"""Width of a line in parts of the image's longer side."""


def colours(classes: int) -> Tensor:
    """(M, 3) in [0, 1]: hues that lie far apart for neighbouring classes."""
    turn = (5**0.5 - 1) / 2
    values = [colorsys.hsv_to_rgb((turn * i) % 1, 0.75, 1 - 0.35 * (i % 2)) for i in range(classes)]
    return torch.tensor(values).reshape(-1, 3)


def draw_boxes(images: Tensor, objects: Sequence[Tensor]) -> Tensor:
    """Copies of (B, 3, H, W) with a frame around each object.

    Args:
        images: in [0, 1].
        objects: of each image (n, 5 or more): left, top, right, bottom in pixels, and the class.
    """
    drawn = images.clone()
    height, width = images.shape[-2:]
    line = max(1, round(_LINE * max(height, width)))
    for image, some in zip(drawn, objects, strict=True):
        palette = colours(int(some[:, 4].max()) + 1).to(images) if len(some) else None
        for left, top, right, bottom, number in some[:, :5].round().long().tolist():
            assert palette is not None
            colour = palette[number][:, None, None]
            columns = slice(max(0, left - line), min(width, right + line))
            rows = slice(max(0, top - line), min(height, bottom + line))
            inside = image[:, max(0, top) : bottom, max(0, left) : right].clone()
            image[:, rows, columns] = colour
            image[:, max(0, top) : bottom, max(0, left) : right] = inside
    return drawn
