"""Interpolation against tones, whose values between the samples are known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.radio.sampling.resampling import REACH, interpolation_taps, resample, resample_chunks

EDGE = 2 * REACH
"""Outputs at both ends that see the silence around the signal."""


def tone(frequency: float, places: np.ndarray) -> np.ndarray:
    """Frequency in cycles a sample."""
    return np.exp(2j * np.pi * frequency * places)


def noise(count: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(2 * count, np.float32).view(np.complex64)


@pytest.mark.parametrize("frequency", [0.0, 0.05, -0.21, 0.33, -0.4])
@pytest.mark.parametrize(("ppm", "delay"), [(0, 0.5), (40, 0), (-1234.5, 77.7), (10_000, 3.25)])
def test_tone_arrives_within_70_db(frequency: float, ppm: float, delay: float) -> None:
    sent = tone(frequency, np.arange(20_000)).astype(np.complex64)
    received = resample(sent, ppm, delay)
    assert received.dtype == np.complex64
    places = (np.arange(len(received)) - delay) * (1 + ppm * 1e-6)
    inside = slice(math.ceil(delay) + EDGE, -EDGE)
    error = np.abs(received - tone(frequency, places))[inside]
    assert 10 * np.log10(np.mean(error**2)) < -70


def test_faster_sender_is_heard_at_a_higher_frequency() -> None:
    sent = tone(0.1, np.arange(100_000)).astype(np.complex64)
    received = resample(sent, 100)[EDGE:-EDGE]
    turns = np.unwrap(np.angle(received.astype(np.complex128))) / (2 * np.pi)
    slope = (turns[-1] - turns[0]) / (len(turns) - 1)
    assert slope == pytest.approx(0.1 * (1 + 100e-6), abs=1e-8)


@pytest.mark.parametrize(
    ("count", "ppm", "delay", "length"),
    [
        (1000, 0, 0, 1000),
        (1000, 0, 2.5, 1003),
        (100_000, 50, 0, 99_996),
        (100_000, -50, 4, 100_010),
    ],
)
def test_length_is_that_of_the_signal_on_the_other_clock(
    count: int, ppm: float, delay: float, length: int
) -> None:
    assert len(resample(noise(count), ppm, delay)) == length


def test_whole_delay_moves_the_signal_and_nothing_else() -> None:
    sent = noise(500)
    received = resample(sent, 0, 40)
    np.testing.assert_allclose(received[40:], sent, atol=1e-6)
    np.testing.assert_array_equal(received[:24], 0)
    np.testing.assert_allclose(received[24:40], 0, atol=1e-6)


def test_nothing_to_do_returns_the_samples_themselves() -> None:
    sent = noise(10)
    assert next(resample_chunks([sent], 0)) is sent


def test_empty_signal_stays_empty() -> None:
    assert len(resample(np.zeros(0, np.complex64), 20)) == 0
    assert len(resample(np.zeros(0, np.complex64), 20, 100)) == 100


@settings(max_examples=25)
@given(
    cuts=st.lists(st.integers(0, 3000), max_size=8),
    ppm=st.sampled_from([0.0, 25.0, -9999.0]),
    delay=st.floats(0, 200),
)
def test_any_chunks_give_the_same_signal(cuts: list[int], ppm: float, delay: float) -> None:
    sent = noise(3000)
    chunks = np.split(sent, sorted(cuts))
    received = np.concatenate(list(resample_chunks(chunks, ppm, delay)))
    np.testing.assert_array_equal(received, resample(sent, ppm, delay))


def test_taps_at_a_sample_are_that_sample() -> None:
    before, after = interpolation_taps(np.array([0.0, 1.0]))
    np.testing.assert_allclose(before, np.eye(2 * REACH)[REACH - 1], atol=1e-15)
    np.testing.assert_allclose(after, np.eye(2 * REACH)[REACH], atol=1e-15)
