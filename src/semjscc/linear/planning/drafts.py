"""The ways to send one picture, and which of them promises the least error.

A sender may tell the strengths of regions of any layout, and how much they matter, in a block
through the 5G code before the picture's own symbols, or nothing but how high the water stands. One
that is blind to strengths tells at most how much regions matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from torch import Tensor

from semjscc.linear.overview import mean_places
from semjscc.linear.planning.announcement import LARGEST_SHARE, NO_BLOCK, Block
from semjscc.linear.planning.description import Regions, blind_regions, describe
from semjscc.linear.planning.logs import untold_histogram
from semjscc.linear.planning.regions import LAYOUTS, strengths
from semjscc.linear.planning.selection import Water, promised_error, settle
from semjscc.linear.planning.side_block import block_for, likely_uses
from semjscc.linear.planning.weights import quantise, true_over_told

DRAFT = 0.95
"""The share of all symbols that is at first taken to be left for the picture itself."""


@dataclass(frozen=True)
class Draft:
    """One way to send a picture of gain 1.

    Attributes:
        error: the squared error that it promises, each region's by its weight.
        payload: what is told of the strengths, empty where nothing is.
        water: how high the water stands.
    """

    error: float
    payload: bytes
    water: Water


def drafts(
    unit: Tensor,
    k: int,
    snr_db: float,
    noise: float,
    weights: Tensor | None = None,
    *,
    blind: bool = False,
) -> list[Draft]:
    """The ways to send a picture of gain 1, the one that promises the least error first.

    A blind sender cannot compare errors: where there are weights it would rather tell them.

    Args:
        unit: its coefficients (768, h, w), the overview among them.
        k: symbols.
        snr_db: what the sender believes in, for the block of strengths.
        noise: N of each number, that the power is allotted for.
        weights: how much each block's error counts, (h, w) ≥ 0; None where all count alike.
        blind: take every region to be as strong as the fixed spectrum says.
    """
    size = unit.shape[1], unit.shape[2]
    counts = untold_histogram(unit)
    water = settle(counts, 2 * k, noise)
    error = promised_error(counts, water, 2 * k, noise) * _mean_weight(unit, weights)
    found = [Draft(error, b"", water)]
    levels, correction = None, 1.0
    if weights is not None:
        levels = quantise(weights)
        correction = true_over_told(weights, levels)
    for told in _to_tell(unit, levels, blind=blind):
        counts = told.histogram(size)
        numbers = int(2 * k * DRAFT)
        # The second time for the room that there really is.
        for _ in range(2):
            water = settle(counts, numbers, noise)
            payload = describe(told, water, noise, size)
            uses = likely_uses(payload, snr_db)
            numbers = 2 * (k - uses)
            if uses > LARGEST_SHARE * k:
                break
            error = promised_error(counts, water, numbers, noise) * correction
            found.append(Draft(error, payload, water))
    return found[::-1] if blind else sorted(found, key=lambda draft: draft.error)


def _to_tell(unit: Tensor, levels: Tensor | None, *, blind: bool) -> Iterator[Regions]:
    """What may be told of a picture's regions."""
    if not blind:
        for layout in LAYOUTS:
            yield Regions(layout, strengths(unit, layout), levels)
    elif levels is not None:
        yield blind_regions(levels, (unit.shape[1], unit.shape[2]))


def best_draft(
    unit: Tensor,
    k: int,
    snr_db: float,
    noise: float,
    weights: Tensor | None = None,
    *,
    blind: bool = False,
) -> tuple[Draft, Block]:
    """The first of `drafts` whose payload finds a block, and that block."""
    for draft in drafts(unit, k, snr_db, noise, weights, blind=blind):
        block = block_for(draft.payload, k, snr_db) if draft.payload else NO_BLOCK
        if block is not None:
            return draft, block
    raise AssertionError("a draft without payload needs no block")


def _mean_weight(unit: Tensor, weights: Tensor | None) -> float:
    """Of the squared error where no weight is told: it lies where the picture is strong."""
    if weights is None:
        return 1.0
    energies = unit.square().sum(dim=0)
    energies -= unit[mean_places()].square().sum(dim=0)  # of the overview, which has no place
    mean = weights.mean() * energies.sum()
    return float((weights * energies).sum() / mean.clamp_min(1e-30))
