"""The picture in small: the means of all blocks, transformed once more.

A block's first coefficient of each colour is 16 times its mean, and means of neighbouring blocks
are much alike. The cosine transform of all of them, over the whole picture, has few strong
coefficients: their variance falls with spatial frequency f as (f² + f0²)^−1.25, the power law that
natural images have (Field 1987, doi 10.1364/JOSAA.4.002379). Both constants are those that would
send the training photographs with the least error.

Shapes: three colours, h x w blocks.
"""

import torch
from torch import Tensor

from semjscc.linear.spectrum import order
from semjscc.linear.transform import BLOCK, cosines

CORNER = 0.015
"""f0, in cycles a block."""
SLOPE = 1.25


def mean_places() -> list[int]:
    """Where the three colours' means stand among a block's coefficients: luma, then chroma."""
    natural = order().tolist()
    return [natural.index(colour * BLOCK**2) for colour in range(3)]


def law(rows: int, columns: int) -> Tensor:
    """Variance of each of the overview's coefficients over that of a mean: (h, w) float64."""
    down = torch.arange(rows, dtype=torch.float64) / (2 * rows)
    across = torch.arange(columns, dtype=torch.float64) / (2 * columns)
    power = (down.square()[:, None] + across.square() + CORNER**2) ** -SLOPE
    return power / power.mean()


def overview(coefficients: Tensor) -> Tensor:
    """The overview of block coefficients (768, h, w): (3, h, w)."""
    down, across = (cosines(side).to(coefficients) for side in coefficients.shape[-2:])
    return down @ coefficients[mean_places()] @ across.T


def to_overview(coefficients: Tensor) -> Tensor:
    """Means become the overview's coefficients: (768, h, w) -> the same shape."""
    changed = coefficients.clone()
    changed[mean_places()] = overview(coefficients)
    return changed


def block_means(coefficients: Tensor) -> Tensor:
    """The means of blocks, from coefficients with the overview: (768, h, w) -> (3, h, w)."""
    down, across = (cosines(side).to(coefficients) for side in coefficients.shape[-2:])
    return down.T @ coefficients[mean_places()] @ across


def from_overview(coefficients: Tensor) -> Tensor:
    """The inverse of `to_overview`."""
    changed = coefficients.clone()
    changed[mean_places()] = block_means(coefficients)
    return changed
