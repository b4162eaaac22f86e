"""In which order a picture's symbols are sent, so that the first of them are worth most.

    k symbols:   overview │ block that tells of regions │ the others, by what each is worth

A receiver knows the overview's spectrum without being told, so that it finds the overview behind
any block, lost or still to come: until the block is there, nothing else is a picture. The order
follows from the plan alone, and nothing more is told. The symbols stay as they are; each has two
numbers, which `semjscc.linear.symbols` has paired.

A coefficient of variance σ² and weight w that has arrived with the signal-to-noise ratio q leaves
the error w·σ²/(1 + q), and one more of its numbers adds its own ratio to q. A symbol is worth what
its numbers lower that error by, given the coefficient's numbers before it: so any prefix of the
others leaves nearly the least error that so many of these symbols can leave (nearly, for a symbol
may come before one that it was counted behind). Worths are compared in sixteenths of an octave, and
equal ones keep their order, so that two machines agree.
"""

import math

import torch
from torch import Tensor

from semjscc.linear.planning.logs import OCTAVE
from semjscc.linear.planning.plans import Plan

_LEAST = 1e-30
"""What is worth less, is worth nothing."""


def order_of(plan: Plan) -> Tensor:
    """Which symbol is sent at each place: (k,) int64, a permutation.

    A plan of which the block is lost has the same order as far as the block's end.

    Args:
        plan: as either end knows it.
    """
    ranks = (worths(plan).clamp_min(_LEAST).log2() * OCTAVE).round()
    first, numbers = plan.uses, overview_numbers(plan)
    # A symbol that the overview shares with another number is its last: its worth depends on more.
    shared, end = first + numbers // 2, first + math.ceil(numbers / 2)
    overview = first + ranks[first:shared].argsort(descending=True, stable=True)
    others = end + ranks[end:].argsort(descending=True, stable=True)
    return torch.cat([overview, torch.arange(shared, end), torch.arange(first), others])


def overview_numbers(plan: Plan) -> int:
    """How many numbers the overview takes, the first behind the block's place."""
    return int(plan.sending.times[: int(plan.sending.places[0].sum())].sum())


def worths(plan: Plan, arrived: Tensor | None = None) -> Tensor:
    """By how much each symbol lowers the weighted squared error of a picture of gain 1.

    Args:
        plan: as either end knows it.
        arrived: the noise variance with which each coefficient has arrived, (M,) as
            `plans.from_channel` gives it; then a number is worth what it adds to that. None to
            count on those of its coefficient's numbers that stand before it.

    Returns:
        (k,) float64 ≥ 0, in the order before `order_of`; 0 for the block.
    """
    sending = plan.sending
    times, variances = sending.times, sending.variances.double()
    power = sending.amplitudes.double().square() * variances
    added = power / times / plan.noise
    if arrived is None:
        starts = times.cumsum(0) - times
        before = torch.arange(int(times.sum())) - starts.repeat_interleave(times)
        known = before * added.repeat_interleave(times)
    else:
        known = (power / arrived.double()).repeat_interleave(times)
    added, errors = (one.repeat_interleave(times) for one in (added, _weights(plan) * variances))
    numbers = errors * added / ((1 + known) * (1 + known + added))
    found = torch.zeros(2 * plan.k, dtype=torch.float64)
    found[2 * plan.uses :][: len(numbers)] = numbers
    return found.view(-1, 2).sum(dim=1)


def _weights(plan: Plan) -> Tensor:
    """How much the error of each coefficient counts, 1 for the overview: (M,) float64."""
    logs, (overview, others) = plan.known.log_weights, plan.sending.places
    if logs is None:
        return torch.ones(len(plan.sending.times), dtype=torch.float64)
    told = torch.exp2(logs.double() / OCTAVE).expand(others.shape)[others]
    return torch.cat([torch.ones(int(overview.sum()), dtype=torch.float64), told])
