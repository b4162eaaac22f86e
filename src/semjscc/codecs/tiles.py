"""Convolutions over large images in tiles, with exactly the result of the whole.

Only convolutions are cut up. What pools over the image (power, attention) runs between them on the
whole feature map; that is why the codecs are written as convolutional segments with pooling
between.
"""

from collections.abc import Callable

import torch
from torch import Tensor

TILE = 256
"""Side of a tile at a segment's input, or a little less where a segment's stride asks for it."""

HALO = 8
"""Context around a tile, at least the reach of a segment's convolutions; more for a larger stride,
so that tiles begin where the stride does."""


def in_tiles(segment: Callable[[Tensor], Tensor], x: Tensor, scale: float = 1.0) -> Tensor:
    """Apply a convolutional segment tile by tile where the input is larger than a tile.

    The overlap is computed twice and thrown away; at the image's own border there is none, so that
    the segment pads there as it does for the whole.

    Args:
        segment: maps (B, C, H, W) to (B, C', H·scale, W·scale), reaching at most `HALO` pixels.
        x: (B, C, H, W), sides that the segment's stride divides.
        scale: the segment's output side over its input side: whole, or one over its stride.
    """
    height, width = x.shape[-2:]
    step = max(1, round(1 / scale))  # of the input, for one of the output
    tile, halo = max(step, TILE - TILE % step), HALO + -HALO % step
    if (height <= TILE and width <= TILE) or torch.is_grad_enabled():
        return segment(x)
    rows = []
    for top in range(0, height, tile):
        above, below = max(0, top - halo), min(height, top + tile + halo)
        row = []
        for left in range(0, width, tile):
            before, after = max(0, left - halo), min(width, left + tile + halo)
            y = segment(x[..., above:below, before:after])
            y0, x0 = round((top - above) * scale), round((left - before) * scale)
            y1 = y0 + round(min(tile, height - top) * scale)
            x1 = x0 + round(min(tile, width - left) * scale)
            row.append(y[..., y0:y1, x0:x1])
        rows.append(torch.cat(row, dim=-1))
    return torch.cat(rows, dim=-2)
