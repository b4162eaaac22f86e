"""How likely every coefficient value is: static tables, chosen by what was decoded before.

The table of a coefficient follows from three whole numbers:

    kind      mean colour, intensity or chrominance
    level     how large it usually is against the step, in half octaves
    context   how large its decoded neighbours are: lower frequencies, and other colours' same one

What chooses tables and what stands in them are integers, so that every machine decodes alike:
floating point comes in only where frequencies of at most 2^16 become fractions, which is exact.
`tools/small_model.py` learns ``small.json``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

MODEL_FILE = Path(__file__).with_name("small.json")

TRIANGLES = (26, 18, 18)
"""For each colour, coded are the frequencies (u, v) with u + v below this."""

FREQUENCIES = max(TRIANGLES)
UNIT = 16
"""Magnitudes and steps are whole numbers of 1/16 grey level."""

STEPS = tuple(round(UNIT * 40 * 2 ** (-index / 7)) for index in range(32))
"""The quantiser's step at each quality: a seventh of an octave apart."""

KINDS = 3
LEVELS = 18
CONTEXT_EDGES = (1, 2, 3, 5, 7, 10, 15, 24)
"""Where the weighted sum of neighbours' magnitudes passes to the next context."""

CONTEXTS = len(CONTEXT_EDGES) + 1
ESCAPE = 15
"""Magnitudes from here on share a symbol; what is beyond follows after all symbols."""

LARGEST = 240
"""No coefficient is further from its middle, in grey levels: 128·√3, and the middle itself."""

BEYOND = 1 << np.maximum(12 - np.arange(LARGEST * UNIT // STEPS[-1] + 1 - ESCAPE) // 8, 0)
"""Frequency of each excess over ESCAPE, half as large every eight."""

TOTAL = 2**16
"""Sum of the frequencies of one table, signs included."""

RECONSTRUCTION_UNIT = 64

# Vertical, horizontal, and colour steps to the neighbours, with their weights.
_NEIGHBOURS = (
    (0, -1, 0, 2), (0, 0, -1, 2), (0, -1, -1, 1), (0, -2, 0, 1), (0, 0, -2, 1), (0, -1, 1, 1),
    (-1, 0, 0, 2), (-2, 0, 0, 1),
)  # fmt: skip
WEIGHTS = np.array([weight for *_, weight in _NEIGHBOURS])


def all_positions() -> list[tuple[int, int, int]]:
    """Colour and frequencies (u, v) of every coefficient, in the order of coding."""
    found = [
        (total, colour, u, total - u)
        for colour, limit in enumerate(TRIANGLES)
        for total in range(limit)
        for u in range(total + 1)
    ]
    return [(colour, u, v) for _, colour, u, v in sorted(found)]


def level(magnitude: int, step: int) -> int:
    """Half octaves by which a mean magnitude exceeds 1/16 of the step; negative where it does not.

    Both are positive whole numbers of the same unit.
    """
    return min(((magnitude * magnitude << 8) // (step * step)).bit_length() - 1, LEVELS - 1)


@dataclass(frozen=True, eq=False)
class Layout:
    """The coefficients coded at one image size and quality, N of them, in order.

    Attributes:
        step: the quantiser's, in 1/16 grey level.
        places: (N,) each: colour and frequencies; they index what `analyse` gives.
        middles: (N,), what a value of 0 stands for, in 1/16 grey level.
        groups: (N,), kind · LEVELS + level.
        neighbours: (N, 8), places in the order; N where there is none.
    """

    step: int
    places: tuple[Integers, Integers, Integers]
    middles: Integers
    groups: Integers
    neighbours: Integers

    def __len__(self) -> int:
        return len(self.groups)

    def rows(self, values: Integers) -> Integers:
        """For each coefficient the number of its table, given all values: (..., N) -> (..., N)."""
        padded = np.zeros((*values.shape[:-1], len(self) + 1), np.int64)
        padded[..., :-1] = np.abs(values).clip(0, ESCAPE)
        activity = padded[..., self.neighbours] @ WEIGHTS
        return self.groups * CONTEXTS + np.searchsorted(CONTEXT_EDGES, activity, "right")


@dataclass(frozen=True, eq=False)
class Model:
    """What was learned from training images.

    Attributes:
        middles: the mean of each of `all_positions` in 1/16 grey level.
        magnitudes: the mean distance from it, in the same unit.
        frequencies: (KINDS · LEVELS · CONTEXTS, ESCAPE + 1), of the magnitudes 0, 1, … ESCAPE
            with one sign; each row sums up to TOTAL when both signs count.
        reconstruction: (KINDS · LEVELS, 3), how far magnitudes 1, 2, and 3 or more are drawn
            towards zero, in 1/64 step.
    """

    middles: Sequence[int]
    magnitudes: Sequence[int]
    frequencies: Integers
    reconstruction: Integers


@cache
def shipped_model() -> Model:
    """The model that ships with the package."""
    stored = json.loads(MODEL_FILE.read_text())
    return Model(
        middles=stored["middles"],
        magnitudes=stored["magnitudes"],
        frequencies=unpack(stored["frequencies"]),
        reconstruction=np.array(stored["reconstruction"], np.int64),
    )


def unpack(rows: Sequence[Sequence[int]]) -> Integers:
    """Tables whose final ones were left out, filled up again."""
    full = np.ones((KINDS * LEVELS * CONTEXTS, ESCAPE + 1), np.int64)
    for row, short in zip(full, rows, strict=True):
        row[: len(short)] = short
    return full


@lru_cache(maxsize=256)
def layout(model: Model, height: int, width: int, quality: int) -> Layout:
    """What is coded of an image with these sides, each counted up to FREQUENCIES."""
    step = STEPS[quality]
    kept: dict[tuple[int, int, int], int] = {}
    groups: list[int] = []
    neighbours: list[list[int]] = []
    middles: list[int] = []
    columns = all_positions(), model.magnitudes, model.middles
    for (colour, u, v), magnitude, middle in zip(*columns, strict=True):
        grade = level(magnitude, step)
        if grade < 0 or u >= height or v >= width:
            continue
        kind = 0 if u == v == 0 else 1 if colour == 0 else 2
        kept[colour, u, v] = len(groups)
        middles.append(middle)
        groups.append(kind * LEVELS + grade)
        neighbours.append(
            [
                # A mean says nothing about contrasts.
                -1
                if kind and u + down == v + right == 0
                else kept.get((colour + other, u + down, v + right), -1)
                for other, down, right, _ in _NEIGHBOURS
            ]
        )
    table = np.array(neighbours, np.int64).reshape(-1, len(_NEIGHBOURS))
    table[table < 0] = len(groups)
    colours, us, vs = np.array(list(kept), np.int64).reshape(-1, 3).T
    return Layout(step, (colours, us, vs), np.array(middles), np.array(groups), table)


@cache
def probabilities(model: Model) -> Floats:
    """Of the symbols −ESCAPE … ESCAPE in each table: (tables, 2·ESCAPE + 1)."""
    return np.hstack([model.frequencies[:, :0:-1], model.frequencies]) / TOTAL


@cache
def code_lengths(model: Model) -> Floats:
    """Ideal bits of each symbol in each table; for the sender's choices only."""
    return -np.log2(probabilities(model))
