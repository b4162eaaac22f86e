"""How strong a picture is in each of its regions: a few whole numbers for each.

A picture is cut into square regions, all of one side. In each, coefficients are gathered in groups
by colour, band of frequency and direction, and a group has one strength: how many steps of 1.5
octaves its variances lie above the fixed spectrum's. The smaller the regions, the fewer the groups,
so that what must be told grows slowly.

Shapes: h x w blocks of 768 coefficients; h' x w' regions of G groups.
"""

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.linear.overview import mean_places
from semjscc.linear.spectrum import order, variances
from semjscc.linear.transform import BLOCK

OCTAVES_A_STEP = 1.5
FARTHEST = 12
"""Strengths lie at most so many steps above or below the fixed spectrum."""


@dataclass(frozen=True)
class Layout:
    """How finely a picture's strengths are told.

    Attributes:
        side: of a region, in blocks.
        bands: where a new band of luma begins, as the higher of the two frequencies.
    """

    side: int
    bands: tuple[int, ...]

    @property
    def group_count(self) -> int:
        """G: three of each band of luma, and chroma."""
        return 3 * (len(self.bands) + 1) + 1

    def regions(self, size: tuple[int, int]) -> tuple[int, int]:
        """How many there are of h x w blocks: (h', w')."""
        return -(-size[0] // self.side), -(-size[1] // self.side)


LAYOUTS = (Layout(1, ()), Layout(2, (3,)), Layout(4, (2, 5)), Layout(8, (2, 4, 8)))
"""A sender takes the one with the least error. Sides, bands and the step of strengths are those of
least error, what it costs to tell them included, on training photographs."""


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
    found = torch.where(colour == 0, 3 * band + direction, layout.group_count - 1)
    found[mean_places()] = -1
    return found


def strengths(coefficients: Tensor, layout: Layout) -> Tensor:
    """Of a picture of gain 1, from its coefficients (768, h, w): (G, h', w') int64.

    A group's variances are taken to be the fixed spectrum's times the mean of c²/σ over the mean of
    σ, as in a picture's gain.
    """
    rows, columns = coefficients.shape[1:]
    sigma, chosen = variances().to(coefficients).sqrt(), groups(layout) >= 0
    places = groups(layout)[chosen]
    # In place: of a large photograph this is the most memory that planning takes.
    weighed = coefficients[chosen].square_().div_(sigma[chosen, None, None])
    sums = coefficients.new_zeros(layout.group_count, rows, columns)
    sums.index_add_(0, places, weighed)
    total = coefficients.new_zeros(layout.group_count).index_add_(0, places, sigma[chosen])
    counts = block_counts((rows, columns), layout.side)
    ratio = pooled(sums, layout.side) / counts / total[:, None, None]
    steps = (ratio.clamp_min(1e-12).log2() / OCTAVES_A_STEP).round().long()
    return steps.clamp(-FARTHEST, FARTHEST)


def block_counts(size: tuple[int, int], side: int) -> Tensor:
    """How many blocks each region of that side has, fewer at the edges: (h', w') float32."""
    return pooled(torch.ones(1, *size), side)[0]


def pooled(values: Tensor, side: int) -> Tensor:
    """Sums over each region: (G, h, w) -> (G, h', w')."""
    pad = (0, -values.shape[-1] % side, 0, -values.shape[-2] % side)
    return F.avg_pool2d(F.pad(values, pad), side, divisor_override=1)
