"""A picture's strengths as bytes, and back, by range coding.

Only what may be sent has to be told: a group whose strongest coefficient stays below the floor of
its region has the symbol 0, and others count from there. A strength is expected to be that of its
neighbours to the left and above, moved by half of what the last groups of its region were off, and
is coded with a Laplace distribution around that. Nothing in it is learned but the width of that.

Shapes: G groups in h' x w' regions.
"""

from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

import numpy as np
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


@cache
def _range_coding() -> tuple[Any, Any]:
    """Constriction's queue and family of models; codecs without a plan need none of it."""
    from constriction import stream  # pyright: ignore[reportAttributeAccessIssue]

    return stream.queue, stream.model.Categorical(perfect=False)


def encode(parts: Sequence[tuple[Integers, Integers]]) -> bytes:
    """Strengths and their floors, twice (G, h', w') in each part, as bytes.

    What is not above its floor is not told.
    """
    queue, family = _range_coding()
    encoder = queue.RangeEncoder()
    for strengths, floors in parts:
        symbols = to_symbols(strengths, floors)
        known = symbols + floors
        # All is known here; so all rows are found at once, and put in the order of reading.
        down, across = _places(*symbols.shape[1:])
        expected = _neighbours(known, down, across)
        off = known[:, down, across] - expected
        before = np.concatenate([np.zeros((LAST, off.shape[1])), off])
        sums = sum(before[last : last + len(off)] for last in range(LAST))
        seen = np.minimum(np.arange(len(off)), LAST).clip(1)[:, None]
        rows = _rows(expected + MOVED * (sums / seen), floors[:, down, across])
        order = _reading_order(*symbols.shape)
        found = symbols.ravel()[order].astype(np.int32)
        encoder.encode(found, family, _tables()[rows.ravel()[order]])
    return encoder.get_compressed().astype(">u4").tobytes()


def reader(payload: bytes) -> Any:
    """What `read` reads from; behind the payload may be anything."""
    padded = payload + bytes(-len(payload) % 4)
    return _range_coding()[0].RangeDecoder(np.frombuffer(padded, ">u4").astype(np.uint32))


def read(source: Any, floors: Integers) -> Integers:
    """The next part that `encode` was given.

    Args:
        source: a `reader`.
        floors: (G, h', w').

    Returns:
        strengths (G, h', w'); what is not above its floor stands at it.

    Raises:
        ValueError: the payload is one that no encoder writes.
    """
    known = floors.copy()
    for down, across in _diagonals(*floors.shape[1:]):
        expected = _neighbours(known, down, across)
        off = np.zeros_like(expected)
        for group, lowest in enumerate(floors[:, down, across]):
            last = off[max(0, group - LAST) : group]
            moved = MOVED * (last.sum(axis=0) / max(1, len(last)))
            rows = _rows(expected[group] + moved, lowest)
            try:
                found = lowest + source.decode(_range_coding()[1], _tables()[rows])
            except AssertionError:  # how constriction reports bytes that no encoder writes
                raise ValueError("the payload is damaged") from None
            known[group, down, across] = found
            off[group] = found - expected[group]
    return known


def to_symbols(strengths: Integers, floors: Integers) -> Integers:
    """Steps above the floors, from 0 to 15: of any shape."""
    return (strengths - floors).clip(0, SYMBOLS - 1)


def _neighbours(known: Integers, down: Integers, across: Integers) -> Floats:
    """The mean strength to the left and above, 0 in the first corner: (G, regions)."""
    left = np.where(across > 0, known[:, down, across - 1], 0)
    above = np.where(down > 0, known[:, down - 1, across], 0)
    return (left + above) / np.maximum((across > 0).astype(int) + (down > 0), 1)


def _rows(expected: Floats, floors: Integers) -> Integers:
    """The rows of the table for strengths that are expected above their floors: of any shape."""
    # Sums of halves and thirds are never just between two rows, whatever the order of adding.
    halves = np.floor(2 * (expected - floors) + 0.5 + 1e-6)
    return np.minimum(np.maximum(halves, _LOWEST), _HIGHEST).astype(np.int64) - _LOWEST


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


@lru_cache(maxsize=64)
def _places(rows: int, columns: int) -> tuple[Integers, Integers]:
    """Row and column of every region, in their natural order."""
    down, across = np.indices((rows, columns))
    return down.ravel(), across.ravel()


@lru_cache(maxsize=64)
def _reading_order(groups: int, rows: int, columns: int) -> Integers:
    """The places among (G, h', w') in the order in which `read` comes to them."""
    group = np.arange(groups)[:, None] * rows * columns
    diagonals = _diagonals(rows, columns)
    places = [(group + down * columns + across).ravel() for down, across in diagonals]
    return np.concatenate(places)


@lru_cache(maxsize=64)
def _diagonals(rows: int, columns: int) -> list[tuple[Integers, Integers]]:
    """Rows and columns of regions that need only those of earlier diagonals."""
    found = []
    for distance in range(rows + columns - 1):
        down = np.arange(max(0, distance - columns + 1), min(rows, distance + 1))
        found.append((down, distance - down))
    return found
