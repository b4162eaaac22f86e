"""Lower peaks: oversampled clip-and-filter of each OFDM symbol.

Armstrong 2002, doi 10.1049/el:20020175. Written in PyTorch, so that a gradient passes: the modem's
transmitter and the training of a codec (`CodecRecipe.clip_db`) use this one function.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

OVERSAMPLING = 4
"""At which the peaks between samples are seen to 0.1 dB."""
CLIP_DB = 6.0
ROUNDS = 2
"""Filtering lets peaks grow again; a second round takes most of that back."""


def clip_and_filter(
    grid: Tensor, carriers: Sequence[int], fft: int, clip_db: float = CLIP_DB
) -> Tensor:
    """OFDM symbols with lower peaks; what clipping throws beside the carriers is removed.

    Args:
        grid: (S, K) complex, the carriers of S symbols.
        carriers: their K numbers, 0 for the centre.
        fft: length of an OFDM symbol.
        clip_db: the limit on the envelope, in dB above the root mean square of all.

    Returns:
        (S, K) complex; symbols below the limit are left as they are.
    """
    numbers = torch.as_tensor(carriers, device=grid.device) % (OVERSAMPLING * fft)
    power = grid.abs().square().sum(dim=1).mean()
    limit = (power * 10 ** (clip_db / 10)).sqrt()
    for _ in range(ROUNDS):
        spectrum = grid.new_zeros(len(grid), OVERSAMPLING * fft)
        spectrum[:, numbers] = grid
        # Not normalised: the mean of |envelope|² is the sum over carriers, hence `power`.
        envelope = torch.fft.ifft(spectrum, norm="forward")
        clipped = envelope * (limit / envelope.abs().clamp_min(1e-30)).clamp_max(1)
        grid = torch.fft.fft(clipped, norm="forward")[:, numbers]
    return grid


def peak_to_average_db(samples: Tensor) -> Tensor:
    """Peak over mean power of samples (..., N) complex, in dB: (...)."""
    power = samples.abs().square()
    return 10 * torch.log10(power.amax(dim=-1) / power.mean(dim=-1))
