"""Symbols of mean power 1 for each image."""

import torch
from torch import Tensor

SILENCE = 1e-36
"""Below this peak a latent counts as zero: one over it, in the gradient, must stay finite."""


def normalise_power(symbols: Tensor) -> Tensor:
    """Scale each image's symbols, alone, to mean |x|² = 1.

    Normalising over a batch would let a bright image borrow power from a dark one, which no
    transmitter can. An all-zero image becomes constant symbols of power 1.

    Args:
        symbols: (B, k) complex64.
    """
    peak = symbols.abs().amax(dim=1, keepdim=True).detach()
    silent = peak < SILENCE
    # Divided by the peak first, since the square of a very small number is zero.
    scaled = symbols / torch.where(silent, 1.0, peak)
    # Not abs(): its gradient at a subnormal number is nan.
    power = torch.view_as_real(scaled).square().sum(dim=-1).mean(dim=1, keepdim=True)
    scaled = scaled * torch.where(silent, 1.0, power).rsqrt()
    return torch.where(silent, torch.ones_like(symbols), scaled)
