"""The variances that both ends take a picture's coefficients to have, as whole numbers.

They are kept in sixteenths of an octave, so that two machines never disagree about which of two is
the greater.

Shapes: h x w blocks of 768 coefficients, the means of blocks as an overview; h' x w' regions of G
groups.
"""

from dataclasses import dataclass
from functools import cache, lru_cache

import torch
from torch import Tensor

from semjscc.linear.overview import law, mean_places, overview
from semjscc.linear.planning.regions import OCTAVES_A_STEP, Layout, block_counts, groups
from semjscc.linear.planning.weights import OCTAVES_A_LEVEL, SIDE
from semjscc.linear.spectrum import variances
from semjscc.linear.transform import COEFFICIENTS

OCTAVE = 16
"""Units of log-variance in a factor of two."""
STEP = round(OCTAVES_A_STEP * OCTAVE)
"""Of a strength."""
LEVEL = round(OCTAVES_A_LEVEL * OCTAVE)
"""Of a weight."""
SMALLEST_GAIN = 2.0**-8
"""Of a picture whose blocks all have the mean colour of photographs."""
NOTHING = -(1 << 14)
"""The log-variance of what is never sent."""


@cache
def fixed_logs() -> Tensor:
    """Of the fixed spectrum: (768,) int16."""
    return (OCTAVE * variances().double().log2()).round().short()


@lru_cache(maxsize=16)  # of one picture it is asked for many times
def overview_logs(size: tuple[int, int]) -> Tensor:
    """Of the overview of a picture of gain 1 with h x w blocks: (3, h, w) int16."""
    powers = (OCTAVE * law(*size).log2()).round().short()
    return fixed_logs()[mean_places()][:, None, None] + powers


def deviations(logs: Tensor) -> Tensor:
    """The standard deviations that log-variances stand for: any shape, float64."""
    return torch.exp2(logs.double() / (2 * OCTAVE))


def overview_gain(coefficients: Tensor) -> float:
    """A picture's gain as its overview tells it, never quite zero; from its blocks (768, h, w)."""
    sigma = deviations(overview_logs((coefficients.shape[1], coefficients.shape[2])))
    energies = overview(coefficients).square()
    return max(float(((energies / sigma).sum() / sigma.sum()).sqrt()), SMALLEST_GAIN)


def told_logs(strengths: Tensor, layout: Layout, size: tuple[int, int]) -> Tensor:
    """Of a picture of gain 1 with these strengths (G, h', w'): (768, h, w) int16."""
    raised = _repeated((STEP * strengths).short(), layout.side)[:, : size[0], : size[1]]
    logs = raised[groups(layout)] + fixed_logs()[:, None, None]
    logs[mean_places()] = overview_logs(size)
    return logs


def untold_logs(size: tuple[int, int]) -> Tensor:
    """Where no strength is told, and every region is as the fixed spectrum says."""
    logs = fixed_logs()[:, None, None].repeat(1, *size)
    logs[mean_places()] = overview_logs(size)
    return logs


def lost_logs(size: tuple[int, int]) -> Tensor:
    """Where strengths were told and are lost, so that only the overview is known."""
    logs = torch.full((COEFFICIENTS, *size), NOTHING, dtype=torch.int16)
    logs[mean_places()] = overview_logs(size)
    return logs


@cache
def strongest_logs(layout: Layout) -> Tensor:
    """The largest that the fixed spectrum has in each group: (G,) int64."""
    chosen = groups(layout) >= 0
    found = torch.full((layout.group_count,), NOTHING)
    return found.scatter_reduce(0, groups(layout)[chosen], fixed_logs()[chosen].long(), "amax")


@dataclass(frozen=True)
class Histogram:
    """How many coefficients of a picture have which log-variance, and how strong they are.

    Attributes:
        logs: (M,) int64, one after the other, the largest first.
        counts: (M,) float64.
        energies: (M,) float64, the sum of their squares.
    """

    logs: Tensor
    counts: Tensor
    energies: Tensor


def told_histogram(
    strengths: Tensor, layout: Layout, size: tuple[int, int], levels: Tensor | None = None
) -> Histogram:
    """Of `told_logs`, without making them; as strong as they say.

    Args:
        strengths: (G, h', w').
        layout: of them.
        size: h x w.
        levels: of the weights (h″, w″), with which variances and energies are multiplied.
    """
    unit, steps, side = STEP, strengths, layout.side
    if levels is not None:
        # For pieces that lie in one region and in one square.
        unit, side = LEVEL, min(layout.side, SIDE)
        rows, columns = -(-size[0] // side), -(-size[1] // side)
        steps = STEP // LEVEL * _repeated(strengths, layout.side // side)[:, :rows, :columns]
        steps = steps + _repeated(levels[None], SIDE // side)[:, :rows, :columns]
    # How many blocks have each strength, by group; each coefficient of the group has it there.
    blocks = block_counts(size, side).expand(steps.shape).flatten(1)
    most = int(steps.abs().max())
    shares = torch.zeros(layout.group_count, 2 * most + 1)
    shares.scatter_add_(1, (steps + most).flatten(1), blocks)
    chosen = groups(layout) >= 0
    raised = unit * torch.arange(-most, most + 1)
    told = fixed_logs()[chosen, None].long() + raised
    means = overview_logs(size).flatten().long()
    logs = torch.cat([told.flatten(), means])
    counts = torch.cat([shares[groups(layout)[chosen]].flatten(), torch.ones(len(means))])
    return _histogram(logs, counts, counts * deviations(logs).square())


def untold_histogram(coefficients: Tensor) -> Histogram:
    """Of `untold_logs`, with the energies that a picture's coefficients (768, h, w) really have."""
    size = coefficients.shape[1], coefficients.shape[2]
    squares = coefficients.square()
    chosen = torch.ones(COEFFICIENTS, dtype=torch.bool)
    chosen[mean_places()] = False
    means = overview_logs(size).flatten().long()
    logs = torch.cat([fixed_logs()[chosen].long(), means])
    counts = torch.full((len(logs),), float(size[0] * size[1]))
    counts[-len(means) :] = 1
    sums = squares.sum(dim=(1, 2), dtype=torch.float64)[chosen]
    energies = [sums, squares[mean_places()].flatten().double()]
    return _histogram(logs, counts, torch.cat(energies))


def _repeated(values: Tensor, times: int) -> Tensor:
    """Each as a square of so many: (G, h, w) -> (G, times·h, times·w)."""
    return values.repeat_interleave(times, 2).repeat_interleave(times, 1)


def _histogram(logs: Tensor, counts: Tensor, energies: Tensor) -> Histogram:
    """Of log-variances (M',) in any order."""
    lowest = int(logs.min())
    found = [torch.bincount(logs - lowest, part.double()) for part in (counts, energies)]
    rising = lowest + torch.arange(len(found[0]))
    return Histogram(*(part.flip(0) for part in (rising, *found)))
