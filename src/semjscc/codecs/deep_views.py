"""What the networks of the codec `deep` see of a plan, and of what arrived.

Of each block they see the first 384 coefficients; the others are seldom sent, and the decoder's
network sees them in the image.

The means of blocks travel as the overview, whose places mean nothing in the picture; so there the
networks see the means themselves, and of how they were sent only the share that arrives of all.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from semjscc.linear.allocation import estimate
from semjscc.linear.overview import block_means, mean_places
from semjscc.linear.planning.logs import OCTAVE
from semjscc.linear.planning.plans import Plan
from semjscc.linear.planning.selection import weighted_logs
from semjscc.linear.spectrum import variances

SEEN = 384
"""Coefficients of a block; the means are among them."""
_OCTAVES = 4
"""Of variance, that make a height of 1; none is above 4."""
_FARTHEST = 6
"""Standard deviations."""
_LEAST_DOUBT = 1e-5
"""Its logarithm is a view. Over a channel without noise nothing would be left of it."""


def heights(plan: Plan) -> Tensor:
    """How far each coefficient stands above the water's edge, 0 below the floor: (384, h, w).

    Where regions have weights, so it stands with its weight.
    """
    logs = weighted_logs(plan.known.logs[:SEEN], plan.known.log_weights).float()
    octaves = (logs - plan.water.edge_log(plan.noise)) / OCTAVE
    above = torch.where(logs > plan.water.floor_log(plan.noise), octaves, 0.0)
    above = (above / _OCTAVES).clamp(0, 4)
    above[mean_places()] = 0
    return above


def shares(plan: Plan, noise: Tensor | float) -> Tensor:
    """How much of each coefficient's energy arrives, 0 of what is not sent: (768, h, w).

    Args:
        plan: what is sent.
        noise: N of each number (M,), infinite where it is erased, or of all.
    """
    sending = plan.sending
    amplitudes, spread = sending.amplitudes, sending.variances
    if isinstance(noise, Tensor):
        amplitudes, spread = amplitudes.to(noise), spread.to(noise)
    powers = amplitudes.square() * spread
    found = sending.unpack(powers / (powers + noise))
    # Each block's mean is made of the whole overview.
    places = mean_places()
    energies = _energies(plan.known.logs[places]).to(found)
    found[places] = ((found[places] * energies).sum((1, 2)) / energies.sum((1, 2)))[:, None, None]
    return found


def expected_errors(plan: Plan, arriving: Tensor) -> Tensor:
    """The squared error of each coefficient that the linear estimate is expected to have.

    Args:
        plan: what is sent of a picture of gain 1.
        arriving: `shares`, (768, h, w).

    Returns:
        σ²(1 − share), (768, h, w), with the means of blocks.
    """
    lost = _energies(plan.known.logs).to(arriving)
    lost[mean_places()] = variances()[mean_places(), None, None].to(arriving)
    return lost.mul_(1 - arriving)


def doubt(errors: Tensor) -> Tensor:
    """The root mean squared error of a block's pixels: `expected_errors` -> (h, w), above 0."""
    return errors.mean(dim=0).sqrt().clamp_min(_LEAST_DOUBT)


@dataclass(frozen=True)
class Arrived:
    """What a receiver makes of one picture's numbers.

    Attributes:
        guesses: (768, h, w), the linear estimates of its blocks' coefficients.
        values: (384, h, w), the same over their standard deviations.
        shares: (384, h, w), how much of each coefficient's energy arrived; 0 where it was not sent.
        doubt: (h, w), see `doubt`.
    """

    guesses: Tensor
    values: Tensor
    shares: Tensor
    doubt: Tensor


def arrived(numbers: Tensor, noise: Tensor, plan: Plan) -> Arrived:
    """The linear estimate, and what else the network sees.

    Args:
        numbers: (M,), those of the picture.
        noise: N of each, infinite where it was erased.
        plan: as the receiver knows it.
    """
    sending = plan.sending
    amplitudes, spread = sending.amplitudes.to(numbers), sending.variances.to(numbers)
    estimates = estimate(numbers, amplitudes, spread, noise)
    guesses = sending.unpack(estimates)
    # Copied, so that what is not seen need not be kept.
    values = sending.unpack(estimates / spread.sqrt())[:SEEN].clone()
    places = mean_places()
    guesses[places] = block_means(guesses)
    values[places] = guesses[places] / _mean_deviations().to(numbers)
    arriving = shares(plan, noise)
    uncertain = doubt(expected_errors(plan, arriving))
    return Arrived(guesses, values.clamp(-_FARTHEST, _FARTHEST), arriving[:SEEN].clone(), uncertain)


def _energies(logs: Tensor) -> Tensor:
    """Variances that log-variances stand for, float32."""
    return torch.exp2(logs.float() / OCTAVE)


def _mean_deviations() -> Tensor:
    """Of the means of blocks, (3, 1, 1)."""
    return variances()[mean_places()].sqrt()[:, None, None]
