"""What the receiver is told of a picture's regions, as bytes, and what both ends conclude.

    layout and whether there are weights 1 byte │ levels of weight │ strengths

A sender that is blind to how strong regions are tells the levels alone.

Shapes: h x w blocks of 768 coefficients, the means of blocks as an overview; h' x w' regions of G
groups; h″ x w″ squares with a weight.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from semjscc.linear.planning import weights
from semjscc.linear.planning.logs import (
    LEVEL,
    STEP,
    Histogram,
    strongest_logs,
    told_histogram,
    told_logs,
)
from semjscc.linear.planning.regions import LAYOUTS, Layout
from semjscc.linear.planning.selection import Water
from semjscc.linear.planning.strength_code import encode, read, reader, to_symbols

_LEAST_LEVEL = -weights.FARTHEST_LEVEL
"""The floor of the levels in the code: none is below."""
_LEVELS_ALONE = 2 * len(LAYOUTS)
"""The first byte where no strength is told."""


@dataclass(frozen=True)
class Regions:
    """How strong the regions of a picture of gain 1 are, and how much they matter.

    Attributes:
        layout: which regions.
        strengths: (G, h', w') int64.
        levels: of their weights, (h″, w″) int64; None where all weigh the same.
        blind: whether levels alone are told, and all strengths are 0.
    """

    layout: Layout
    strengths: Tensor
    levels: Tensor | None = None
    blind: bool = False

    def histogram(self, size: tuple[int, int]) -> Histogram:
        """Of what water-filling looks at, the variances times the weights of h x w blocks."""
        return told_histogram(self.strengths, self.layout, size, self.levels)


def blind_regions(levels: Tensor, size: tuple[int, int]) -> Regions:
    """Regions that are all as strong as the fixed spectrum says, and matter so much.

    Args:
        levels: of their weights, (h″, w″) int64.
        size: h x w.
    """
    layout = LAYOUTS[-1]
    zeros = torch.zeros(layout.group_count, *layout.regions(size), dtype=torch.int64)
    return Regions(layout, zeros, levels, blind=True)


@dataclass(frozen=True)
class Known:
    """What both ends take a picture of gain 1 for.

    Attributes:
        logs: log-variances of its coefficients, (768, h, w) int16.
        log_weights: of its blocks, in units of log-variance, (h, w) int16; None where all weigh
            the same.
    """

    logs: Tensor
    log_weights: Tensor | None = None


def describe(regions: Regions, water: Water, noise: float, size: tuple[int, int]) -> bytes:
    """Regions as bytes. What stays below the water's floor is not told."""
    layout, levels, parts = regions.layout, regions.levels, []
    if levels is not None:
        lowest = torch.full_like(levels, _LEAST_LEVEL)
        parts.append((levels[None].numpy(), lowest[None].numpy()))
    if regions.blind:
        return bytes([_LEVELS_ALONE]) + encode(parts)
    floors = _floors(layout, levels, water, noise, size)
    parts.append((regions.strengths.numpy(), floors.numpy()))
    head = LAYOUTS.index(layout) + len(LAYOUTS) * (levels is not None)
    return bytes([head]) + encode(parts)


def understand(payload: bytes, water: Water, noise: float, size: tuple[int, int]) -> Known | None:
    """What the bytes tell of h x w blocks, None where no sender wrote them.

    Bytes behind their end do not matter.
    """
    if not payload or payload[0] > _LEVELS_ALONE:
        return None
    weighted, place = divmod(payload[0], len(LAYOUTS))
    layout, levels, source = LAYOUTS[place], None, reader(payload[1:])
    try:
        if weighted:
            lowest = torch.full((1, *weights.squares(size)), _LEAST_LEVEL)
            levels = torch.from_numpy(read(source, lowest.numpy()))[0]
            levels = levels.clamp_max(weights.FARTHEST_LEVEL)
            if payload[0] == _LEVELS_ALONE:
                return _known(blind_regions(levels, size), size)
        floors = _floors(layout, levels, water, noise, size)
        strengths = torch.from_numpy(read(source, floors.numpy()))
    except ValueError:
        return None
    return _known(Regions(layout, strengths, levels), size)


def understood(regions: Regions, water: Water, noise: float, size: tuple[int, int]) -> Known:
    """What `understand` makes of what `describe` says."""
    if regions.blind:
        return _known(regions, size)
    floors = _floors(regions.layout, regions.levels, water, noise, size)
    steps = torch.from_numpy(to_symbols(regions.strengths.numpy(), floors.numpy()))
    return _known(Regions(regions.layout, floors + steps, regions.levels), size)


def _known(regions: Regions, size: tuple[int, int]) -> Known:
    layout, levels = regions.layout, regions.levels
    logs = told_logs(regions.strengths, layout, size)
    if levels is None:
        return Known(logs)
    return Known(logs, (LEVEL * weights.over_blocks(levels, size)).short())


def _floors(
    layout: Layout, levels: Tensor | None, water: Water, noise: float, size: tuple[int, int]
) -> Tensor:
    """The highest strengths with which all of a group stays below the floor: (G, h', w')."""
    room = water.floor_log(noise) - strongest_logs(layout)
    rooms = room[:, None, None].expand(-1, *layout.regions(size))
    if levels is not None:
        rooms = rooms - LEVEL * weights.highest(levels, layout, size)
    return rooms.div(STEP, rounding_mode="floor")
