"""Decibels and noise, with symbols of mean power 1.

SNR is Es/N0 of one complex symbol in dB; the noise is CN(0, N0), N0/2 per real dimension. Counting
N0 per real dimension instead is the field's commonest error and shifts every curve by 3 dB.
"""

import torch
from torch import Tensor


def noise_variance(snr_db: Tensor) -> Tensor:
    """N0 of a channel whose symbols have power 1: any shape, dB -> linear."""
    return torch.pow(10.0, -snr_db / 10)


def snr_from_noise(variance: Tensor) -> Tensor:
    """The mean SNR over each image's symbols, in dB.

    Args:
        variance: N0 of each image (B,) or each symbol (B, k); infinite for an erased symbol.

    Returns:
        (B,), the SNRs of the symbols averaged as ratios: erased ones count as 0.
    """
    ratios = 1 / variance
    if ratios.ndim == 2:
        ratios = ratios.mean(dim=1)
    return 10 * torch.log10(ratios)
