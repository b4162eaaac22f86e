"""Strong coefficients in several numbers, so that none of them stands out on the air.

The strongest coefficients of a picture may deserve hundreds of times the mean power. A transmitter
clips such a number, and spoils all that it sends at the same time. To send it as several numbers
that share its power costs their places and no more: the sum of the powers is what counts. What is
lost of a picture then seldom takes all of a strong coefficient with it.

Shapes: M coefficients in N ≥ M numbers.
"""

import torch
from torch import Tensor

LARGEST_POWER = 8.0
"""That one number is meant to have, where the mean is 1. Half of it costs 0.1 dB without clipping
and gains up to 1 dB with it; twice as much gains nothing without."""

_LEAST = 1e-30
"""Noise of a noiseless channel, whose inverse is finite."""


def times(powers: Tensor) -> Tensor:
    """How many numbers coefficients of these powers take: any shape, int64 from 1."""
    return (powers / LARGEST_POWER).ceil().long().clamp_min(1)


def spread(values: Tensor, counts: Tensor) -> Tensor:
    """Values (M,) as numbers (N,), each value as its count (M,) says, with the same power."""
    return (values / counts.sqrt()).repeat_interleave(counts)


def gather(numbers: Tensor, noise: Tensor, counts: Tensor) -> tuple[Tensor, Tensor]:
    """The best of the noisy numbers: as if each value had been sent once, through less noise.

    Args:
        numbers: (N,) by `spread`, with noise.
        noise: N of each, infinite where it is erased and may hold anything.
        counts: (M,).

    Returns:
        the values and the noise variance of each, (M,).
    """
    weights = 1 / noise.clamp_min(_LEAST)
    weighed = torch.where(noise.isinf(), 0.0, numbers) * weights
    owner = torch.arange(len(counts), device=counts.device).repeat_interleave(counts)
    weight = torch.zeros_like(counts, dtype=noise.dtype).index_add_(0, owner, weights)
    total = torch.zeros_like(weight).index_add_(0, owner, weighed)
    found = torch.where(weight > 0, total / weight, 0.0)
    return found * counts.sqrt(), counts / weight
