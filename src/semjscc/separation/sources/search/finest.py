"""The finest quality within a number of bytes, asking for the lengths of few of them.

Which one is found depends on the lengths alone, never on what somebody remembers of them.
"""

import math
from collections.abc import Callable

GROWTH = 1.17
"""From one quality to the next a payload grows about so much."""

COARSEST = 0.0025
"""Bytes a pixel of a photograph at the coarsest quality; like `GROWTH`, about what HEVC takes, and
merely where the search begins."""

_GUESSES = 5
"""After so many, halving ends the matter whatever the lengths are like."""


def finest(fits: Callable[[int], bool], count: int) -> int | None:
    """The largest of 0 … count − 1 that fits, where those below it nearly all do.

    A single one that does not fit among ones that do is stepped over.
    """
    low = next((quality for quality in range(min(2, count)) if fits(quality)), None)
    if low is None:
        return None
    high = count
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    # Bisection ends where the next does not fit; the one after it may.
    while step := next((step for step in (1, 2) if low + step < count and fits(low + step)), 0):
        low += step
    return low


def steps(ratio: float) -> int:
    """By how many qualities payloads of this ratio in length lie apart, about."""
    return round(math.log(ratio) / math.log(GROWTH))


def finest_growing(
    length: Callable[[int], int],
    max_bytes: int,
    count: int,
    start: int,
    growth: float = GROWTH,
) -> int | None:
    """What `finest` gives where no quality above a too long one fits; two trials and more.

    Lengths grow by about the same factor from quality to quality, so that their logarithms tell
    where the next trial belongs.

    Args:
        length: of a quality's payload in bytes.
        max_bytes: the longest payload.
        count: of qualities.
        start: the one to try first; elsewhere it costs trials, and alters the result only where
            lengths fall.
        growth: of the lengths from one to the next, about; likewise.
    """
    low, high = -1, count
    logs: dict[int, float] = {}
    budget = math.log1p(max_bytes)
    quality = start
    while high - low > 1:
        quality = min(max(quality, low + 1), high - 1)
        found = length(quality)
        logs[quality] = math.log1p(found)
        low, high = (quality, high) if found <= max_bytes else (low, quality)
        if len(logs) >= _GUESSES:
            quality = (low + high) // 2
        elif high not in logs:
            quality = low + int((budget - logs[low]) / math.log(growth))
        elif low not in logs:
            quality = high - math.ceil((logs[high] - budget) / math.log(growth))
        else:
            share = (budget - logs[low]) / (logs[high] - logs[low])
            quality = low + int(share * (high - low))
    return None if low < 0 else low
