"""A picture's strengths as bytes, and back, by range coding.

Only what may be sent has to be told: a group whose strongest coefficient stays below the floor has
the symbol 0, and others count from there. A strength is expected to be that of its neighbours to
the left and above, moved by half of what the last groups of its region were off, and is coded with
a Laplace distribution around that. Nothing in it is learned but the width of that.

Shapes: G groups in h' x w' regions.
"""

from functools import cache

import numpy as np
from constriction import stream  # pyright: ignore[reportAttributeAccessIssue]
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

SYMBOLS = 16
"""15 says: so far above the floor, or farther."""
SPREAD = 0.7
"""The mean distance of a strength from its expectation, on training photographs."""
FLAT = 0.02
"""How often a group is empty against all expectation: skies and shadows."""
MOVED, LAST = 0.5, 3
"""What the last groups were off counts half; so many of them are looked at."""

_LOWEST, _HIGHEST = -6, 2 * SYMBOLS
"""Of the expectation above the floor, in halves of a step."""
_FAMILY = stream.model.Categorical(perfect=False)


def encode(strengths: Integers, floors: Integers) -> bytes:
    """Strengths (G, h', w') as bytes; what is not above its group's floor (G,) is not told."""
    symbols = to_symbols(strengths, floors)
    known = from_symbols(symbols, floors)
    encoder = stream.queue.RangeEncoder()
    for down, across in _diagonals(*symbols.shape[1:]):
        expected = _neighbours(known, down, across)
        for group, floor in enumerate(floors.tolist()):
            rows = _rows(expected, known[:, down, across], group, floor)
            encoder.encode(symbols[group, down, across].astype(np.int32), _FAMILY, _tables()[rows])
    return encoder.get_compressed().astype(">u4").tobytes()


def decode(payload: bytes, floors: Integers, size: tuple[int, int]) -> Integers:
    """What `encode` was given: the symbols (G, h', w'), 0 where nothing is above the floor.

    Args:
        payload: with anything behind it.
        floors: (G,).
        size: (h', w').

    Raises:
        ValueError: the payload is one that no encoder writes.
    """
    padded = payload + bytes(-len(payload) % 4)
    reader = stream.queue.RangeDecoder(np.frombuffer(padded, ">u4").astype(np.uint32))
    symbols = np.zeros((len(floors), *size), np.int64)
    known = from_symbols(symbols, floors)
    for down, across in _diagonals(*size):
        expected = _neighbours(known, down, across)
        for group, floor in enumerate(floors.tolist()):
            rows = _rows(expected, known[:, down, across], group, floor)
            try:
                found = reader.decode(_FAMILY, _tables()[rows])
            except AssertionError:  # how constriction reports bytes that no encoder writes
                raise ValueError("the payload is damaged") from None
            symbols[group, down, across] = found
            known[group, down, across] = floor + found
    return symbols


def to_symbols(strengths: Integers, floors: Integers) -> Integers:
    """Steps above the floor (G,), from 0 to 15: (G, h', w')."""
    return (strengths - floors[:, None, None]).clip(0, SYMBOLS - 1)


def from_symbols(symbols: Integers, floors: Integers) -> Integers:
    """The inverse; what is not above the floor stands at it."""
    return symbols + floors[:, None, None]


def _neighbours(known: Integers, down: Integers, across: Integers) -> Floats:
    """The mean strength to the left and above, 0 in the first corner: (G, regions)."""
    left = np.where(across > 0, known[:, down, across - 1], 0)
    above = np.where(down > 0, known[:, down - 1, across], 0)
    return (left + above) / np.maximum((across > 0).astype(int) + (down > 0), 1)


def _rows(expected: Floats, known: Integers, group: int, floor: int) -> Integers:
    """The rows of the table for one group of some regions; earlier groups are known."""
    first = max(0, group - LAST)
    moved: Floats | float = 0.0
    if group:
        moved = MOVED * (known[first:group] - expected[first:group]).mean(axis=0)
    # Sums of halves and thirds are never just between two rows, whatever the order of adding.
    halves = np.floor(2 * (expected[group] + moved - floor) + 0.5 + 1e-6)
    return halves.clip(_LOWEST, _HIGHEST).astype(np.int64) - _LOWEST


@cache
def _tables() -> Floats:
    """(rows, SYMBOLS): how likely each symbol is; the two at the ends take what lies beyond."""
    expected = np.arange(_LOWEST, _HIGHEST + 1) / 2
    edges = np.arange(SYMBOLS - 1) + 0.5 - expected[:, None]
    tail = np.exp(-np.abs(edges) / SPREAD) / 2
    below = np.where(edges < 0, tail, 1 - tail)
    likely = np.diff(below, axis=1, prepend=0, append=1) + 1e-4
    likely[:, 0] += FLAT
    # Rounded, so that the last bit of an exponential on another machine does not matter.
    return np.round(likely / likely.sum(axis=1, keepdims=True), 6)


def _diagonals(rows: int, columns: int) -> list[tuple[Integers, Integers]]:
    """Rows and columns of regions that need only those of earlier diagonals."""
    found = []
    for distance in range(rows + columns - 1):
        down = np.arange(max(0, distance - columns + 1), min(rows, distance + 1))
        found.append((down, distance - down))
    return found
