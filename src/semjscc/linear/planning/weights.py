"""How much squares of 4 x 4 blocks matter: whole numbers, of which the receiver is told.

A sender that knows where the result hangs on the picture spends its power and its symbols there: it
makes the sum of w·d least instead of that of d, with a weight w for each square and the squared
error d of its coefficients. Water-filling stays as it is, with variances w·σ² in place of σ². The
overview has no weights, so that it is found without knowing any.

Weights are told as whole levels of 3/4 octave.

Shapes: h x w blocks, h″ x w″ squares, h' x w' regions of a layout.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.linear.planning.regions import Layout, block_counts, pooled

SIDE = 4
"""Of a square, in blocks."""
OCTAVES_A_LEVEL = 0.75
FARTHEST_LEVEL = 6
"""Levels lie so far from 0, the picture's mean, at the most."""


def quantise(weights: Tensor) -> Tensor:
    """Weights as levels: (h, w) ≥ 0 of any scale -> (h″, w″) int64.

    A square's weight is the mean of its blocks'; the picture's mean is level 0.
    """
    counts = block_counts((weights.shape[0], weights.shape[1]), SIDE)
    relative = pooled(weights[None], SIDE)[0] / counts / weights.mean().clamp_min(1e-30)
    least = 2.0 ** (-OCTAVES_A_LEVEL * FARTHEST_LEVEL)
    levels = (relative.clamp_min(least).log2() / OCTAVES_A_LEVEL).round().long()
    return levels.clamp(-FARTHEST_LEVEL, FARTHEST_LEVEL)


def squares(size: tuple[int, int]) -> tuple[int, int]:
    """How many there are of h x w blocks: (h″, w″)."""
    return math.ceil(size[0] / SIDE), math.ceil(size[1] / SIDE)


def over_blocks(levels: Tensor, size: tuple[int, int]) -> Tensor:
    """The level of each block: (h″, w″) -> (h, w)."""
    return levels.repeat_interleave(SIDE, 0).repeat_interleave(SIDE, 1)[: size[0], : size[1]]


def highest(levels: Tensor, layout: Layout, size: tuple[int, int]) -> Tensor:
    """The highest level in each region: (h″, w″) -> (h', w')."""
    blocks = over_blocks(levels, size)[None].float()
    pad = (0, -size[1] % layout.side, 0, -size[0] % layout.side)
    padded = F.pad(blocks, pad, value=-math.inf)
    return F.max_pool2d(padded, layout.side)[0].long()


def true_over_told(weights: Tensor, levels: Tensor) -> float:
    """Σ w·d with the true weights (h, w) over that with those of the levels.

    Water-filling leaves an error d in proportion to w^(−1/2) of the weights that it works with.
    """
    told = over_blocks(levels, (weights.shape[0], weights.shape[1]))
    told = torch.exp2(OCTAVES_A_LEVEL * told.float())
    true = weights / weights.mean().clamp_min(1e-30)
    return float((true / told.sqrt()).sum() / told.sqrt().sum())
