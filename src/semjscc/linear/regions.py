"""How strong a picture is in each of its regions: a few whole numbers for each.

A picture is cut into square regions, all of one side. In each, coefficients are gathered in groups
by colour, band of frequency and direction, and a group has one strength: how many steps of 1.5
octaves its variances lie above the fixed spectrum's. The smaller the regions, the fewer the groups,
so that what must be told grows slowly.

Variances are kept as whole numbers, in sixteenths of an octave, so that two machines never
disagree about which is the greater.

Shapes: h x w blocks of 768 coefficients; h' x w' regions of G groups.
"""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.linear.overview import law, mean_places
from semjscc.linear.spectrum import order, variances
from semjscc.linear.transform import BLOCK, COEFFICIENTS

OCTAVE = 16
"""Units of log-variance in a factor of two."""
STEP = 24
"""Of a strength, in these units."""

NOTHING = -(1 << 20)
"""The log-variance of what is never sent."""


@dataclass(frozen=True)
class Layout:
    """How finely a picture's strengths are told.

    Attributes:
        side: of a region, in blocks.
        bands: where a new band of luma begins, as the higher of the two frequencies.
    """

    side: int
    bands: tuple[int, ...]


LAYOUTS = (Layout(1, ()), Layout(2, (3,)), Layout(4, (2, 5)), Layout(8, (2, 4, 8)))
"""A sender takes the one with the least error."""


@cache
def groups(layout: Layout) -> Tensor:
    """The group of each coefficient: (768,) int64 from 0, −1 for the means of blocks.

    Of luma each band has three groups, with mostly vertical, mostly horizontal and both
    frequencies; chroma is one group.
    """
    natural = order()
    colour = natural // BLOCK**2
    down, across = natural // BLOCK % BLOCK, natural % BLOCK
    edges = torch.tensor(layout.bands, dtype=torch.int64)
    band = torch.bucketize(torch.maximum(down, across), edges, right=True)
    direction = torch.where(down > 2 * across, 0, torch.where(across > 2 * down, 1, 2))
    luma = 3 * band + direction
    found = torch.where(colour == 0, luma, 3 * (len(layout.bands) + 1))
    found[mean_places()] = -1
    return found


def group_count(layout: Layout) -> int:
    """G."""
    return 3 * (len(layout.bands) + 1) + 1


@cache
def fixed_logs() -> Tensor:
    """Log-variances of the fixed spectrum: (768,) int64."""
    return (OCTAVE * variances().double().log2()).round().long()


def mean_logs(rows: int, columns: int) -> Tensor:
    """Log-variances of the overview's coefficients in a picture of gain 1: (3, h, w) int64."""
    power = (OCTAVE * law(rows, columns).log2()).round().long()
    return fixed_logs()[mean_places()][:, None, None] + power


@cache
def strongest(layout: Layout) -> Tensor:
    """The largest log-variance that the fixed spectrum has in each group: (G,) int64."""
    found = torch.full((group_count(layout),), NOTHING)
    chosen = groups(layout) >= 0
    return found.scatter_reduce(0, groups(layout)[chosen], fixed_logs()[chosen], "amax")


def strengths(coefficients: Tensor, layout: Layout) -> Tensor:
    """Of a picture of gain 1, from its coefficients (768, h, w): (G, h', w') int64.

    A group's strength is the mean of c²/σ over the mean of σ, as in a picture's gain.
    """
    rows, columns = coefficients.shape[1:]
    sigma, chosen = variances().to(coefficients).sqrt(), groups(layout) >= 0
    places = groups(layout)[chosen]
    weighed = coefficients[chosen].square() / sigma[chosen, None, None]
    sums = coefficients.new_zeros(group_count(layout), rows, columns)
    sums.index_add_(0, places, weighed)
    total = coefficients.new_zeros(group_count(layout)).index_add_(0, places, sigma[chosen])
    # Summed over each region; at the edges it has fewer blocks.
    pad = (0, -columns % layout.side, 0, -rows % layout.side)
    blocks = F.pad(torch.ones(1, rows, columns).to(sums), pad)
    pooled = F.avg_pool2d(torch.cat([F.pad(sums, pad), blocks]), layout.side)
    ratio = pooled[:-1] / pooled[-1] / total[:, None, None]
    return (ratio.clamp_min(1e-12).log2() * OCTAVE / STEP).round().long()


def block_logs(found: Tensor, layout: Layout, size: tuple[int, int]) -> Tensor:
    """Log-variances that the strengths say: (G, h', w') -> (768, h, w) int64; of means NOTHING."""
    fine = found.repeat_interleave(layout.side, 1).repeat_interleave(layout.side, 2)
    chosen = groups(layout) >= 0
    logs = torch.full((COEFFICIENTS, *size), NOTHING)
    raised = STEP * fine[:, : size[0], : size[1]][groups(layout)[chosen]]
    logs[chosen] = fixed_logs()[chosen, None, None] + raised
    return logs
