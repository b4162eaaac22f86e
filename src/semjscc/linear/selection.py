"""Which coefficients of a picture are sent, and how strong: water-filling over all of it.

Both ends reckon with the same log-variances (`semjscc.linear.regions`), and with two numbers that
the receiver is told. The *water* w says how power is shared: a coefficient of standard deviation σ
gets max(0, σ·w − N). The *floor* lies at or above the water's edge σ = N/w; coefficients below it
are not looked at. Those of the overview that lie above it are sent first, so that a receiver finds
them without knowing any strength; then the strongest others, as many as there is room for.

Shapes: h x w blocks of 768 coefficients, among them the overview's three.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from semjscc.linear.allocation import amplitudes
from semjscc.linear.overview import mean_places
from semjscc.linear.regions import NOTHING, OCTAVE, mean_logs

WATER_BITS, FLOOR_BITS = 6, 4
LOWEST_WATER = -8
STEPS_AN_OCTAVE = 4
"""Of the water, whose smallest value is 2⁻⁸."""


@dataclass(frozen=True)
class Tide:
    """How high the water stands.

    Attributes:
        water: w on its scale, below 2⁶.
        floor: octaves of variance from the water's edge to the floor, below 2⁴.
    """

    water: int
    floor: int

    def level(self) -> float:
        """The water w."""
        return 2.0 ** (self.water / STEPS_AN_OCTAVE + LOWEST_WATER)

    def floor_log(self, noise: float) -> int:
        """Log-variances above it may be sent; N is the noise of a number of mean power 1."""
        return _edge(self.level(), noise) + OCTAVE * self.floor


def settle(logs: Tensor, numbers: int, noise: float) -> Tide:
    """The tide at which the strongest of these log-variances fill so many numbers of power 1."""
    chosen = logs[logs > NOTHING]
    chosen = chosen[strongest(chosen, numbers)]
    lowest = int(chosen.min())
    counts = torch.bincount(chosen - lowest).double()
    sigma = deviations(lowest + torch.arange(len(counts)))
    sent = amplitudes(sigma.square(), float(numbers), noise, counts)
    best = sigma[-1]
    level = float((sent[-1].square() * best.square() + noise) / best)
    water = round((math.log2(level) - LOWEST_WATER) * STEPS_AN_OCTAVE)
    tide = Tide(min(max(water, 0), (1 << WATER_BITS) - 1), 0)
    above = (lowest - 1 - tide.floor_log(noise)) // OCTAVE
    return Tide(tide.water, min(max(above, 0), (1 << FLOOR_BITS) - 1))


@dataclass(frozen=True)
class Sending:
    """What is sent of a picture of gain 1: numbers of mean power 1, if it is as strong as was said.

    Attributes:
        places: (768, h, w) bool, those that are sent, the overview's first.
        amplitudes: (M,), what each is multiplied by.
        variances: (M,).
    """

    places: Tensor
    amplitudes: Tensor
    variances: Tensor

    def pack(self, coefficients: Tensor) -> Tensor:
        """The coefficients (768, h, w) that are sent, in their order: (M,)."""
        means, others = self._split()
        return torch.cat([coefficients[means], coefficients[others]])

    def unpack(self, numbers: Tensor) -> Tensor:
        """The inverse, 0 elsewhere: (M,) -> (768, h, w)."""
        means, others = self._split()
        coefficients = numbers.new_zeros(self.places.shape)
        coefficients[means], coefficients[others] = numbers.split(
            [int(means.sum()), int(others.sum())]
        )
        return coefficients

    def _split(self) -> tuple[Tensor, Tensor]:
        means = torch.zeros_like(self.places)
        means[mean_places()] = self.places[mean_places()]
        return means, self.places & ~means


def plan(logs: Tensor, tide: Tide, noise: float, numbers: int) -> Sending:
    """What both ends make of the log-variances (768, h, w) that both know."""
    places = choose(logs, tide.floor_log(noise), numbers)
    sending = Sending(places, torch.empty(0), torch.empty(0))
    sigma = deviations(sending.pack(logs))
    powers = (sigma * tide.level() - noise).clamp_min(0)
    return Sending(places, (powers.sqrt() / sigma).float(), sigma.square().float())


def promised_error(coefficients: Tensor, sending: Sending, noise: float, numbers: int) -> float:
    """The squared error that a picture of these coefficients (768, h, w) will arrive with.

    The numbers are scaled to mean power 1, and the receiver scales them back.
    """
    sent = sending.pack(coefficients).square()
    powers = sending.amplitudes.square() * sending.variances
    share = powers / (powers + noise)
    gain2 = (sending.amplitudes.square() * sent).sum() / numbers
    lost = coefficients.square().sum() - sent.sum()
    spoilt = gain2 * (sending.variances * share * (1 - share)).sum()
    return float(lost + ((1 - share).square() * sent).sum() + spoilt)


def deviations(logs: Tensor) -> Tensor:
    """The standard deviations that log-variances stand for: any shape, int64 -> float64."""
    return torch.exp2(logs.double() / (2 * OCTAVE))


def strongest(logs: Tensor, count: int) -> Tensor:
    """Which of some log-variances (M,) are the largest ``count``; of equal ones the first."""
    if count >= len(logs):
        return torch.ones_like(logs, dtype=torch.bool)
    if count == 0:
        return torch.zeros_like(logs, dtype=torch.bool)
    lowest = logs.min()
    at_least = torch.bincount(logs - lowest).flip(0).cumsum(0).flip(0)
    last = lowest + (at_least >= count).sum() - 1  # the lowest level of which some are taken
    equal = logs == last
    room = count - int((logs > last).sum())
    return (logs > last) | (equal & (equal.cumsum(0) <= room))


def choose(logs: Tensor, floor_log: int, numbers: int) -> Tensor:
    """The places (768, h, w) that are sent, at most ``numbers`` of them: those of the overview
    above the floor, then the strongest others above it."""
    chosen = torch.zeros_like(logs, dtype=torch.bool)
    chosen[mean_places()] = choose_overview(logs.shape[1:], floor_log, numbers)
    others = logs > floor_log
    others[mean_places()] = False
    room = numbers - int(chosen.sum())
    chosen[others] = strongest(logs[others], room)
    return chosen


def choose_overview(size: tuple[int, ...], floor_log: int, numbers: int) -> Tensor:
    """The overview's share of `choose`: (3, h, w) bool."""
    logs = mean_logs(*size)
    above = logs > floor_log
    chosen = torch.zeros_like(above)
    chosen[above] = strongest(logs[above], numbers)
    return chosen


def _edge(level: float, noise: float) -> int:
    """The log-variance of a coefficient that just gets no power."""
    return round(2 * OCTAVE * math.log2(noise / level))
