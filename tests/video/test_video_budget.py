"""Symbols a second: what ratio and which frames they leave."""

from fractions import Fraction
from itertools import pairwise
from math import ceil

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.codecs.bandwidth import LARGEST_RATIO, SMALLEST_RATIO, channel_uses, largest_ratio
from semjscc.video.budget import Range, common_range, fit_budget, send_at_intervals
from semjscc.video.frames import Frame

PIXELS = np.zeros((1, 1, 3), np.uint8)
RATES = st.sampled_from([Fraction(1), Fraction(7, 2), Fraction(24000, 1001), Fraction(25)])
BUDGETS = st.integers(1, 10**8).map(Fraction)
SIZES = st.tuples(st.integers(16, 2000), st.integers(16, 2000))
ONE, TWO, THREE = Fraction(1, 48), Fraction(1, 24), Fraction(1, 6)


few = settings(max_examples=30)


def at(times: list[Fraction]) -> list[Frame]:
    return [Frame(number, time, PIXELS) for number, time in enumerate(times)]


@few
@given(BUDGETS, RATES, SIZES)
def test_no_larger_ratio_would_fit_and_no_frame_is_left_out_in_vain(
    symbols: Fraction, rate: Fraction, size: tuple[int, int]
) -> None:
    ratio, interval = fit_budget(symbols, rate, size, Range())
    k = channel_uses(*size, ratio)
    assert SMALLEST_RATIO <= ratio <= LARGEST_RATIO
    assert k / interval == symbols
    if k > symbols / rate:  # frames are left out
        assert ratio == SMALLEST_RATIO
        assert interval > 1 / rate
    else:
        assert ratio == largest_ratio(*size, int(symbols / rate))
        assert interval <= 1 / rate


@few
@given(BUDGETS, RATES, SIZES)
def test_of_some_ratios_the_largest_that_fits_is_taken(
    symbols: Fraction, rate: Fraction, size: tuple[int, int]
) -> None:
    ratio, _ = fit_budget(symbols, rate, size, Range(ONE, THREE, (ONE, TWO, THREE)))
    fits = {one: channel_uses(*size, one) * rate <= symbols for one in (ONE, TWO, THREE)}
    assert ratio == max([one for one, does in fits.items() if does], default=ONE)


def test_links_share_the_ratios_that_all_of_them_take() -> None:
    some, others = Range(ONE, TWO, (ONE, TWO)), Range(TWO, THREE, (TWO, THREE))
    assert common_range([Range(), Range(largest=TWO)]) == Range(SMALLEST_RATIO, TWO)
    assert common_range([some, Range()]) == some
    assert common_range([some, others]) == Range(TWO, TWO, (TWO,))
    assert common_range([Range(ONE, ONE, (ONE,)), others]) is None
    assert common_range([Range(largest=ONE), Range(smallest=TWO)]) is None


@few
@given(RATES, st.integers(100, 2000), st.integers(1, 60))
def test_of_even_frames_those_nearest_to_their_time_are_sent(
    rate: Fraction, hundredths: int, count: int
) -> None:
    every = Fraction(hundredths, 100)
    frames = at([number / rate for number in range(count)])
    sent = [frame.number for frame in send_at_intervals(frames, every / rate, rate)]
    closed = [ceil(number * every - Fraction(1, 2)) for number in range(count + 1)]
    assert sent == [number for number in closed if number < count]


@few
@given(RATES, st.integers(50, 100), st.lists(st.integers(-25, 25), min_size=2, max_size=20))
def test_a_clock_that_trembles_costs_no_frame(
    rate: Fraction, hundredths: int, shifts: list[int]
) -> None:
    """As that of containers does which count milliseconds: here by a quarter of a frame."""
    times = [(number + Fraction(shift, 100)) / rate for number, shift in enumerate(shifts)]
    sent = list(send_at_intervals(at(times), Fraction(hundredths, 100) / rate, rate))
    assert [frame.time for frame in sent] == times


@few
@given(RATES, st.lists(st.integers(0, 200), max_size=20), st.integers(100, 10**5))
def test_in_no_stretch_of_time_more_is_sent_than_there_are_symbols(
    rate: Fraction, gaps: list[int], symbols: int
) -> None:
    """Whatever the rhythm: k symbols more, and those of one and a half frames, at most."""
    times = [Fraction(sum(gaps[:end]), 100) for end in range(len(gaps) + 1)]
    k = 400
    sent = [one.time for one in send_at_intervals(at(times), Fraction(k, symbols), rate)]
    slack = symbols * Fraction(3, 2) / rate
    for first, start in enumerate(sent):
        for last, end in enumerate(sent[first:], first):
            assert k * (last - first + 1) <= symbols * (end - start) + k + slack
    assert sent[0] == times[0]
    assert all(one <= other for one, other in pairwise(sent))
