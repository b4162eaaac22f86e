"""Which coefficients of a picture are sent, and how strong: water-filling over all of it.

Both ends reckon with the same log-variances (`semjscc.linear.planning.logs`), and with two numbers
that the receiver is told. The *water level* w says how power is shared: a coefficient of standard
deviation σ gets max(0, σ·w − N). The *floor* lies at the water's edge σ = N/w or above it;
coefficients below it are not looked at. Those of the overview that lie above it are sent first, so
that a receiver finds them without knowing any strength; then the strongest others, as many as there
is room for. One that deserves much power takes several numbers
(`semjscc.linear.planning.repetition`).

Where regions have weights (`semjscc.linear.planning.weights`), all of this is done with w·σ² in
place of σ², but for the overview.

Shapes: h x w blocks of 768 coefficients, the means of blocks as an overview.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from semjscc.linear.allocation import amplitudes
from semjscc.linear.overview import mean_places
from semjscc.linear.planning.logs import OCTAVE, Histogram, deviations
from semjscc.linear.planning.repetition import times

LEVEL_BITS, FLOOR_BITS = 6, 4
LOWEST_OCTAVE, STEPS_AN_OCTAVE = -8, 4
"""Of the water level."""


@dataclass(frozen=True)
class Water:
    """How high the water stands, as the receiver is told.

    Attributes:
        step: of the water level, below 2⁶.
        floor: octaves of variance from the water's edge to the floor, below 2⁴.
    """

    step: int
    floor: int

    @property
    def level(self) -> float:
        """The water level w."""
        return 2.0 ** (self.step / STEPS_AN_OCTAVE + LOWEST_OCTAVE)

    def edge_log(self, noise: float) -> int:
        """Log-variance of the water's edge; N is the noise of a number of mean power 1."""
        return round(2 * OCTAVE * math.log2(noise / self.level))

    def floor_log(self, noise: float) -> int:
        """Log-variances above it may be sent."""
        return self.edge_log(noise) + OCTAVE * self.floor

    def powers(self, logs: Tensor, noise: float) -> Tensor:
        """What coefficients of these log-variances deserve: any shape, float64."""
        return (deviations(logs) * self.level - noise).clamp_min(0)


def settle(found: Histogram, numbers: int, noise: float) -> Water:
    """The water with which a picture's strongest coefficients fill so many numbers of power 1."""
    taken = _first(found.counts, torch.ones_like(found.counts), numbers)
    sigma = deviations(found.logs)
    sent = amplitudes(sigma.square(), float(numbers), noise, taken)
    top = int((taken > 0).nonzero()[0])
    level = float((sent[top] * sigma[top]).square() + noise) / float(sigma[top])
    step = round((math.log2(level) - LOWEST_OCTAVE) * STEPS_AN_OCTAVE)
    step = min(max(step, 0), (1 << LEVEL_BITS) - 1)
    last = int(found.logs[taken > 0][-1])
    octaves = (last - 1 - Water(step, 0).floor_log(noise)) // OCTAVE
    return Water(step, min(max(octaves, 0), (1 << FLOOR_BITS) - 1))


def promised_error(found: Histogram, water: Water, numbers: int, noise: float) -> float:
    """The squared error with which a picture of gain 1 is expected to arrive.

    Args:
        found: what both ends take it for, and how strong it is.
        water: how power is shared. What is sent is then scaled to mean power 1, and scaled back.
        numbers: there is room for.
        noise: N of each.
    """
    variances = deviations(found.logs).square()
    powers = water.powers(found.logs, noise)
    above = found.counts * (found.logs > water.floor_log(noise))
    taken = _first(above, times(powers), numbers)
    sent = found.energies * taken / found.counts.clamp_min(1)
    share = powers / (powers + noise)
    gain2 = (sent * powers / variances).sum() / numbers
    spoilt = gain2 * (taken * variances * share * (1 - share)).sum()
    lost = (found.energies - sent).sum()
    return float(((1 - share).square() * sent).sum() + spoilt + lost)


def _first(counts: Tensor, costs: Tensor, numbers: int) -> Tensor:
    """How many of each (M,), which take so many numbers, find room among the first ``numbers``."""
    before = (counts * costs).cumsum(0) - counts * costs
    return ((numbers - before).clamp_min(0) / costs).minimum(counts)


@dataclass(frozen=True)
class Sending:
    """What is sent of a picture of gain 1: numbers of mean power 1, if it is as strong as was said.

    Attributes:
        places: two of (768, h, w) bool: those of the overview, which come first, and the others.
        amplitudes: (M,), what each is multiplied by.
        variances: (M,).
        times: (M,) int64, how many numbers each takes.
    """

    places: tuple[Tensor, Tensor]
    amplitudes: Tensor
    variances: Tensor
    times: Tensor

    def pack(self, coefficients: Tensor) -> Tensor:
        """The coefficients (768, h, w) that are sent, in their order: (M,)."""
        return torch.cat([coefficients[places] for places in self.places])

    def unpack(self, numbers: Tensor) -> Tensor:
        """The inverse, 0 elsewhere: (M,) -> (768, h, w)."""
        overview, others = self.places
        coefficients = numbers.new_zeros(overview.shape)
        count = int(overview.sum())
        coefficients[overview], coefficients[others] = numbers[:count], numbers[count:]
        return coefficients


def plan(
    logs: Tensor, water: Water, noise: float, numbers: int, log_weights: Tensor | None = None
) -> Sending:
    """What both ends make of the log-variances (768, h, w) that both know.

    Args:
        logs: see `semjscc.linear.planning.logs`.
        water: how high the water stands.
        noise: N of each number, as the sender believes.
        numbers: there is room for.
        log_weights: of blocks in units of log-variance, (h, w) int16; None where all weigh alike.
    """
    overview = torch.zeros_like(logs, dtype=torch.bool)
    true, logs = logs, weighted_logs(logs, log_weights)
    others = logs > water.floor_log(noise)
    overview[mean_places()] = others[mean_places()]
    others[mean_places()] = False
    counts = []
    for places in (overview, others):
        costs = times(water.powers(logs[places], noise))
        chosen = strongest(logs[places], costs, numbers - sum(int(one.sum()) for one in counts))
        places[places.clone()] = chosen
        counts.append(costs[chosen])
    kept = torch.cat([logs[overview], logs[others]])
    sigma = deviations(kept if log_weights is None else torch.cat([true[overview], true[others]]))
    sent = (water.powers(kept, noise).sqrt() / sigma).float()
    return Sending((overview, others), sent, sigma.square().float(), torch.cat(counts))


def weighted_logs(logs: Tensor, log_weights: Tensor | None) -> Tensor:
    """Of w·σ²: (768, h, w) int16, the same where nothing has a weight."""
    if log_weights is None:
        return logs
    weighted = logs + log_weights
    weighted[mean_places()] = logs[mean_places()]
    return weighted


def strongest(logs: Tensor, costs: Tensor, room: int) -> Tensor:
    """Which of some log-variances (M,) find room, the largest first; of equal ones the first.

    Args:
        logs: log-variances.
        costs: the numbers that each takes, (M,) int64; equal ones take equally many.
        room: numbers.
    """
    if int(costs.sum()) <= room:
        return torch.ones_like(logs, dtype=torch.bool)
    lowest = int(logs.min())
    at_least = torch.bincount(logs.long() - lowest, costs.double()).flip(0).cumsum(0).flip(0)
    last = lowest + int((at_least > room).sum()) - 1  # of these only some are taken
    above, equal = logs > last, logs == last
    left = room - int(costs[above].sum())
    return above | (equal & (equal.cumsum(0) * costs <= left))
