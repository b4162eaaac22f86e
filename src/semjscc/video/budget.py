"""Ratio and frame rate by so many symbols a second.

A frame of H x W pixels takes k = ⌊R·3·H·W⌋ complex symbols, so that S symbols a second at f frames
leave k <= S/f. Where even the smallest ratio needs more, frames are left out: one every k/S seconds
is sent.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from semjscc.codecs.bandwidth import (
    LARGEST_RATIO,
    SMALLEST_RATIO,
    channel_uses,
    largest_ratio,
)
from semjscc.video.frames import Frame


class Budget(NamedTuple):
    """What symbols a second come to.

    Attributes:
        ratio: of each frame.
        interval: seconds from one frame that is sent to the next, at least.
    """

    ratio: Fraction
    interval: Fraction


class Range(NamedTuple):
    """The ratios that a link takes.

    Attributes:
        smallest, largest: it takes none beyond them.
        only: those that it takes, rising; None where it takes all between these two.
    """

    smallest: Fraction = SMALLEST_RATIO
    largest: Fraction = LARGEST_RATIO
    only: tuple[Fraction, ...] | None = None


def common_range(ranges: Sequence[Range]) -> Range | None:
    """The ratios that all links take; None where there are none."""
    smallest = max(one.smallest for one in ranges)
    largest = min(one.largest for one in ranges)
    lists = [set(one.only) for one in ranges if one.only is not None]
    if not lists:
        return Range(smallest, largest) if smallest <= largest else None
    only = sorted(one for one in set.intersection(*lists) if smallest <= one <= largest)
    return Range(only[0], only[-1], tuple(only)) if only else None


def fit_budget(
    symbols_per_second: Fraction, rate: Fraction, size: tuple[int, int], ratios: Range
) -> Budget:
    """The largest ratio at which all frames are sent, or the smallest and fewer frames.

    Args:
        symbols_per_second: complex symbols that there are, S.
        rate: frames a second of the clip, f.
        size: height and width in pixels.
        ratios: to choose from.
    """
    k = int(symbols_per_second / rate)
    if ratios.only is not None:
        fitting = [one for one in ratios.only if channel_uses(*size, one) <= k]
        ratio = fitting[-1] if fitting else ratios.smallest
    else:
        found = largest_ratio(*size, k)
        ratio = min(max(found or ratios.smallest, ratios.smallest), ratios.largest)
    return Budget(ratio, channel_uses(*size, ratio) / symbols_per_second)


def send_at_intervals(
    frames: Iterable[Frame], interval: Fraction, rate: Fraction
) -> Iterator[Frame]:
    """The frames that are sent, one every ``interval`` seconds, each the nearest to its time.

    This is the virtual scheduling algorithm of ITU-T I.371: a frame may come half a frame early,
    and one frame late without those behind it being late. Of evenly spaced frames the m-th that is
    sent is the one of number ⌈m·interval·rate - 1/2⌉, or all where they come no closer than that.

    Args:
        frames: in order of their times.
        interval: in seconds.
        rate: frames a second of the clip, the mean.
    """
    early, late = 1 / (2 * rate), 1 / rate
    due: Fraction | None = None
    for frame in frames:
        if due is None or frame.time >= due - early:
            due = (frame.time if due is None else max(due, frame.time - late)) + interval
            yield frame
