"""How much power each coefficient deserves, and the best linear guess at the receiver.

A Gaussian number c of variance σ² is sent as a·c through noise of variance N. The linear estimate
of least squared error (LLSE) is then off by σ²N/(a²σ² + N). The sum of these is least, for a given
sum of powers q = a²σ², where q = max(0, σ·w − N) for one water level w (Lee and Petersen 1976, doi
10.1109/TCOM.1976.1093309): a stronger coefficient gets more power, but less than in proportion, and
a weak one gets none. To send one coefficient as several numbers gains nothing, since only the sum
of its powers counts; so where few deserve power, the other numbers stay empty.

All is batched over leading dimensions, and gradients pass.
"""

import torch
from torch import Tensor

_LEAST = 1e-30
"""Keeps the estimate of what was never sent, over a noiseless channel, from being 0/0."""


def amplitudes(
    variances: Tensor,
    power: Tensor | float,
    noise_variance: Tensor | float,
    counts: Tensor | None = None,
) -> Tensor:
    """What each coefficient is multiplied by before it is sent.

    Args:
        variances: σ² ≥ 0, (..., M) in any order, not all zero.
        power: the sum of the powers a²σ² over all numbers, > 0: a number or (...).
        noise_variance: N ≥ 0 of each real number: a number or (...).
        counts: how many numbers have this variance, (..., M); 1 where it is None.

    Returns:
        (..., M), a ≥ 0 with Σ counts·a²σ² = power.
    """
    kind = {"dtype": variances.dtype, "device": variances.device}
    noise = torch.as_tensor(noise_variance, **kind)[..., None]
    total = torch.as_tensor(power, **kind)[..., None]
    # A root's gradient is infinite at zero, and zero times that is nan; so here and below.
    sigma = torch.where(variances > 0, variances, 1.0).sqrt() * (variances > 0)
    counts = torch.ones_like(variances) if counts is None else counts.expand(variances.shape)
    sorted_sigma, places = sigma.sort(dim=-1, descending=True)
    sorted_counts = counts.gather(-1, places)
    # Were the m strongest to share the power, this were the level; the weakest of them must still
    # lie above the water.
    number, strength = sorted_counts.cumsum(-1), (sorted_counts * sorted_sigma).cumsum(-1)
    levels = (total + number * noise) / strength
    shared = ((sorted_sigma * levels > noise).sum(dim=-1, keepdim=True) - 1).clamp_min(0)
    powers = sigma * levels.gather(-1, shared) - noise
    sent = (powers > 0) & (sigma > 0)
    safe = torch.where(sent, powers, 1.0).sqrt() / torch.where(sent, sigma, 1.0)
    return torch.where(sent, safe, torch.zeros_like(safe))


def estimate(received: Tensor, sent: Tensor, variances: Tensor, noise_variance: Tensor) -> Tensor:
    """The LLSE of each coefficient.

    Args:
        received: a·c + noise; what stands at an erased place is not looked at.
        sent: the amplitudes a.
        variances: σ².
        noise_variance: N of each number; infinite where it is erased.

    Returns:
        The estimates; all shapes must broadcast.
    """
    shown = (sent.square() * variances + noise_variance).clamp_min(_LEAST)
    erased = torch.isinf(noise_variance)
    # What an erased symbol holds may be infinite, and infinity times zero is nan.
    return torch.where(erased, 0.0, received) * (sent * variances / shown)


def expected_error(sent: Tensor, variances: Tensor, noise_variance: Tensor) -> Tensor:
    """The mean squared error of `estimate` for each coefficient, σ²N/(a²σ² + N)."""
    error = variances / (sent.square() * variances / noise_variance + 1)
    return torch.where(sent > 0, error, variances)
