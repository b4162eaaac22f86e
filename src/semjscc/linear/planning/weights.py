"""How much a picture's regions matter: whole numbers, of which the receiver is told.

A sender that knows where the result hangs on the picture spends its power and its symbols there: it
makes the sum of w·d least instead of that of d, with a weight w for each region and the squared
error d of its coefficients. Water-filling stays as it is, with variances w·σ² in place of σ². The
overview has no weights, so that it is found without knowing any.

Weights are told as whole levels of 3/4 octave, for the regions of a layout, or for squares of 4 x 4
blocks where its regions are smaller.

Shapes: h x w blocks, h' x w' regions of a layout.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.linear.planning.regions import Layout

SIDE = 4
"""Blocks along a side of what has a weight, or more where a layout's regions are larger."""
OCTAVES_A_LEVEL = 0.75
FARTHEST_LEVEL = 6
"""Levels lie so far from 0, the picture's mean, at the most."""


def quantise(weights: Tensor, layout: Layout) -> Tensor:
    """Weights as levels: (h, w) ≥ 0 of any scale -> (h″, w″) int64, one for each square.

    A square's weight is the mean of its blocks'; the picture's mean is level 0.
    """
    side = _side(layout)
    pad = (0, -weights.shape[1] % side, 0, -weights.shape[0] % side)
    whole = torch.stack([weights, torch.ones_like(weights)])
    sums = F.avg_pool2d(F.pad(whole, pad), side, divisor_override=1)
    relative = sums[0] / sums[1] / weights.mean().clamp_min(1e-30)
    least = 2.0 ** (-OCTAVES_A_LEVEL * FARTHEST_LEVEL)
    levels = (relative.clamp_min(least).log2() / OCTAVES_A_LEVEL).round().long()
    return levels.clamp(-FARTHEST_LEVEL, FARTHEST_LEVEL)


def squares(layout: Layout, size: tuple[int, int]) -> tuple[int, int]:
    """How many squares with a weight there are of h x w blocks: (h″, w″)."""
    side = _side(layout)
    return math.ceil(size[0] / side), math.ceil(size[1] / side)


def over_regions(levels: Tensor, layout: Layout, size: tuple[int, int]) -> Tensor:
    """The level of each of the layout's regions: (h″, w″) -> (h', w')."""
    rows, columns = layout.regions(size)
    return _repeated(levels, _side(layout) // layout.side)[:rows, :columns]


def over_blocks(levels: Tensor, layout: Layout, size: tuple[int, int]) -> Tensor:
    """The level of each block: (h″, w″) -> (h, w)."""
    return _repeated(levels, _side(layout))[: size[0], : size[1]]


def true_over_told(weights: Tensor, levels: Tensor, layout: Layout) -> float:
    """Σ w·d with the true weights (h, w) over that with those of the levels.

    Water-filling leaves an error d in proportion to w^(−1/2) of the weights that it works with.
    """
    told = over_blocks(levels, layout, (weights.shape[0], weights.shape[1]))
    told = torch.exp2(OCTAVES_A_LEVEL * told.float())
    true = weights / weights.mean().clamp_min(1e-30)
    return float((true / told.sqrt()).sum() / told.sqrt().sum())


def _side(layout: Layout) -> int:
    return max(SIDE, layout.side)


def _repeated(levels: Tensor, times: int) -> Tensor:
    return levels.repeat_interleave(times, 0).repeat_interleave(times, 1)
