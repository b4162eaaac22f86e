"""What the networks of the codec `deep` see of a plan, and of what arrived.

Of each block they see the first 384 coefficients; the others are seldom sent, and the decoder's
network sees them in the image.

The means of blocks travel as the overview, whose places mean nothing in the picture; so there the
networks see the means themselves, and nothing of how they were sent.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from semjscc.linear.allocation import estimate
from semjscc.linear.logs import OCTAVE
from semjscc.linear.overview import block_means, mean_places
from semjscc.linear.plans import Plan
from semjscc.linear.spectrum import variances

SEEN = 384
"""Coefficients of a block; the means are among them."""
_OCTAVES = 4
"""Of variance, that make a height of 1; none is above 4."""
_FARTHEST = 6
"""Standard deviations."""


def heights(plan: Plan) -> Tensor:
    """How far each coefficient stands above the water's edge, 0 below the floor: (384, h, w)."""
    logs = plan.logs[:SEEN].float()
    octaves = (logs - plan.water.edge_log(plan.noise)) / OCTAVE
    above = torch.where(logs > plan.water.floor_log(plan.noise), octaves, 0.0)
    above = (above / _OCTAVES).clamp(0, 4)
    above[mean_places()] = 0
    return above


def means_apart(deviations: Tensor) -> Tensor:
    """Standard deviations (384, h, w), of the means those of blocks and not of the overview."""
    apart = deviations.clone()
    apart[mean_places()] = _mean_deviations().to(apart)
    return apart


@dataclass(frozen=True)
class Arrived:
    """What a receiver makes of one picture's numbers.

    Attributes:
        guesses: (768, h, w), the linear estimates of its blocks' coefficients.
        values: (384, h, w), the same over their standard deviations, with the means of blocks.
        shares: (384, h, w), how much of each coefficient's energy arrived; 0 where it was not sent.
    """

    guesses: Tensor
    values: Tensor
    shares: Tensor


def arrived(numbers: Tensor, noise: Tensor, plan: Plan) -> Arrived:
    """The linear estimate, and what else the network sees.

    Args:
        numbers: (M,), those of the picture.
        noise: N of each, infinite where it was erased.
        plan: as the receiver knows it.
    """
    sending = plan.sending
    amplitudes, variances = sending.amplitudes.to(numbers), sending.variances.to(numbers)
    estimates = estimate(numbers, amplitudes, variances, noise)
    guesses = sending.unpack(estimates)
    powers = amplitudes.square() * variances
    # Copied, so that what is not seen need not be kept.
    shares = sending.unpack(powers / (powers + noise))[:SEEN].clone()
    values = sending.unpack(estimates / variances.sqrt())[:SEEN].clone()
    places = mean_places()
    blocks = block_means(guesses)
    guesses[places] = blocks
    values[places] = blocks / _mean_deviations().to(numbers)
    # Each block's mean is made of the whole overview.
    shares[places] = shares[places].mean(dim=(1, 2), keepdim=True).expand(blocks.shape)
    return Arrived(guesses, values.clamp(-_FARTHEST, _FARTHEST), shares)


def _mean_deviations() -> Tensor:
    """Of the means of blocks, (3, 1, 1)."""
    return variances()[mean_places()].sqrt()[:, None, None]
