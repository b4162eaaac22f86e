"""How much each block of a picture stands out: importance without a task and without a network.

An object mostly differs from what is around it, and has detail of its own. So two things are
measured in luma and both colour differences: how much *energy* a place has, the spread of pixels
within it, at several scales; and its *contrast*, how far its mean lies from that of its
surroundings, likewise (centre and surround as in Itti, Koch and Niebur 1998, doi
10.1109/34.730558).
Each of these maps counts alike, whatever its scale: it is divided by its mean over the picture.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.images import pad_to_multiple
from semjscc.linear.transform import BLOCK

SCALES = (2, 4, 8, 16)
"""Sides of the squares within which energy is measured, in pixels."""
SURROUNDINGS = (3, 7)
"""Sides of the surroundings that a block is compared with, in blocks."""
_COLOURS = ((1 / 3, 1 / 3, 1 / 3), (0.5, 0.0, -0.5), (-0.25, 0.5, -0.25))
"""Luma and two colour differences, as weights of red, green and blue."""
LEAST = 1 / 255
"""Of the mean of a map, below which all of it counts less: nothing stands out in a flat picture."""


def block_saliency(images: Tensor) -> Tensor:
    """The sum of all maps, each over its mean.

    Args:
        images: (B, 3, H, W) in [0, 1].

    Returns:
        (B, h, w) float32 ≥ 0 of any scale, by block of 16 x 16 pixels; zero where all is of one
        colour. The mirrored picture has the mirrored map where blocks fill it.
    """
    colours = torch.tensor(_COLOURS).to(images)
    seen = torch.einsum("kc,bchw->bkhw", colours, pad_to_multiple(images, BLOCK))
    maps = [_energy(seen, scale) for scale in SCALES]
    means = F.avg_pool2d(seen, BLOCK)
    maps += [_contrast(means, side) for side in SURROUNDINGS]
    return torch.stack([_over_mean(one) for one in maps]).sum(dim=0)


def _energy(seen: Tensor, scale: int) -> Tensor:
    """The spread within squares of that side, its mean over each block: (B, h, w)."""
    mean, square = F.avg_pool2d(seen, scale), F.avg_pool2d(seen.square(), scale)
    spread = (square - mean.square()).clamp_min(0).sum(dim=1, keepdim=True).sqrt()
    return F.avg_pool2d(spread, BLOCK // scale)[:, 0]


def _contrast(means: Tensor, side: int) -> Tensor:
    """How far the means of blocks (B, 3, h, w) lie from those around: (B, h, w)."""
    around = F.avg_pool2d(means, side, 1, padding=side // 2, count_include_pad=False)
    return (means - around).square().sum(dim=1).sqrt()


def _over_mean(blocks: Tensor) -> Tensor:
    return blocks / blocks.mean(dim=(1, 2), keepdim=True).clamp_min(LEAST)
