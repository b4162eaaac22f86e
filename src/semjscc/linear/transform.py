"""Blocks of 16 x 16 pixels as 768 coefficients, and back.

A block's pixels are turned to luma and two chroma differences and go through the discrete cosine
transform. All of it is one orthonormal matrix, so that an error in the coefficients is the same
error in the pixels. Coefficients stand by falling variance in photographs.

Shapes: B images of H x W pixels, both divisible by 16; h = H/16, w = W/16 blocks.
"""

import math
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.linear.spectrum import mean_colour, order

BLOCK = 16
"""Side of a block in pixels."""
COEFFICIENTS = 3 * BLOCK**2
"""Of a block."""
_STRIP = 32
"""Rows of blocks."""

_COLOURS = ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (-0.5, 1.0, -0.5))
"""Luma and two colour differences, orthogonal, as weights of red, green and blue."""


def colour_cosines(side: int) -> Tensor:
    """Orthonormal basis images of a block, for each colour and vertical and horizontal frequency.

    Returns:
        (3, side, side, 3, side, side) float64: colour, v, u, then the image (3, side, side).
    """
    waves = cosines(side)
    colours = torch.tensor(_COLOURS, dtype=torch.float64)
    colours = colours / colours.norm(dim=1, keepdim=True)
    return torch.einsum("kc,vy,ux->kvucyx", colours, waves, waves)


def cosines(side: int) -> Tensor:
    """The orthonormal cosine transform of so many numbers: (frequency, place) float64."""
    place = torch.arange(side, dtype=torch.float64)
    waves = torch.cos(math.pi * (2 * place + 1) * place[:, None] / (2 * side))
    return waves / waves.norm(dim=1, keepdim=True)


@cache
def block_basis() -> Tensor:
    """The basis image of each coefficient, by falling variance: (768, 3, 16, 16) float32."""
    with torch.inference_mode(False):  # kept, and also used where gradients pass
        return colour_cosines(BLOCK).flatten(0, 2)[order()].float()


def analyse(images: Tensor, depth: int = COEFFICIENTS) -> Tensor:
    """Each block's strongest coefficients; the mean colour of photographs is taken off first.

    Args:
        images: (B, 3, H, W), float32 in [0, 1].
        depth: D, how many of a block.

    Returns:
        (B, D, h, w).
    """
    centred = images - mean_colour().to(images)[:, None, None]
    return F.conv2d(centred, block_basis()[:depth].to(images), stride=BLOCK)


def synthesise(coefficients: Tensor) -> Tensor:
    """The inverse of `analyse`; of fewer than 768 coefficients those that lack are zero.

    Args:
        coefficients: (B, D, h, w), the first D ≤ 768 of each block.

    Returns:
        (B, 3, H, W), not clamped.
    """
    basis = block_basis()[: coefficients.shape[1]].flatten(1).to(coefficients)
    colour = mean_colour().to(coefficients)[:, None, None]
    # In strips, so that a large image needs little more memory than itself.
    strips = coefficients.split(_STRIP, dim=2)
    return torch.cat([_strip(strip, basis) + colour for strip in strips], dim=2)


def _strip(coefficients: Tensor, basis: Tensor) -> Tensor:
    """(B, D, h, w) -> (B, 3, 16h, 16w)."""
    count, depth, rows, columns = coefficients.shape
    # As a product of matrices, three times as fast as a transposed convolution.
    blocks = coefficients.permute(0, 2, 3, 1).reshape(-1, depth) @ basis
    blocks = blocks.reshape(count, rows, columns, 3, BLOCK, BLOCK).permute(0, 3, 1, 4, 2, 5)
    return blocks.reshape(count, 3, BLOCK * rows, BLOCK * columns)
