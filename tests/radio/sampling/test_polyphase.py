"""Other sample rates against tones, whose values at every instant are known."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.errors import UserError
from semjscc.radio.sampling.polyphase import (
    ROOM,
    change_rate,
    change_rate_of_real,
    check_rate,
)

WANTED, BAND = 2e6, 812_500.0
RATES = [2.4e6, 2.048e6, 1e6, ROOM * BAND, 10e6, 3_200_400.0, 4_000_100.7]


def changed(samples: np.ndarray, rate: float, *cuts: int) -> np.ndarray:
    return np.concatenate(list(change_rate(np.split(samples, sorted(cuts)), rate, WANTED, BAND)))


def tone(hz: float, rate: float, count: int) -> np.ndarray:
    return np.exp(2j * np.pi * hz / rate * np.arange(count)).astype(np.complex64)


def noise(count: int) -> np.ndarray:
    values = np.random.default_rng(0).standard_normal(2 * count, np.float32).view(np.complex64)
    return values * np.float32(0.5**0.5)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("hz", [-BAND / 2, -1000.0, 0.0, 300e3])
def test_tones_of_the_signal_arrive_within_70_db(rate: float, hz: float) -> None:
    received = changed(tone(hz, rate, 20_000), rate, 7, 8, 9000)
    assert received.dtype == np.complex64
    assert len(received) == pytest.approx(20_000 * WANTED / rate, abs=1)
    error = np.abs(received - tone(hz, WANTED, len(received)))[200:-200]
    assert 20 * np.log10(error.max()) < -70


@pytest.mark.parametrize("rate", [4e6, 10e6])
@pytest.mark.parametrize("beyond", [0.01, 0.2, 1.0])
def test_what_would_fold_onto_the_signal_is_rejected(rate: float, beyond: float) -> None:
    # From 1.2 MHz on all is stopped; a tone at 2 MHz would fold onto 0 Hz.
    hz = 1.2e6 * (1 - beyond) + rate / 2 * beyond
    received = changed(tone(hz, rate, 50_000), rate)[200:-200]
    assert 20 * np.log10(np.abs(received).max()) < -78


@pytest.mark.parametrize("rate", [2.4e6, 1e6, 10e6])
def test_noise_keeps_its_density(rate: float) -> None:
    received = changed(noise(200_000), rate)
    density = np.abs(np.fft.fft(received)) ** 2 / len(received) / WANTED
    inside = np.abs(np.fft.fftfreq(len(received), 1 / WANTED)) < BAND / 2
    assert density[inside].mean() == pytest.approx(1 / rate, rel=0.02)


@settings(max_examples=25, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 9000), max_size=8),
    rate=st.sampled_from([2.4e6, 1e6, 10e6, 2_345_678.0]),
)
def test_any_chunks_give_the_same_signal(cuts: list[int], rate: float) -> None:
    sent = noise(9000)
    np.testing.assert_array_equal(changed(sent, rate, *cuts), changed(sent, rate))


def test_real_signals_stay_real() -> None:
    sound = np.cos(2 * np.pi * 1000 / 48_000 * np.arange(48_000)).astype(np.float32)
    received = np.concatenate(list(change_rate_of_real(iter([sound]), 48_000, "x")))
    assert received.dtype == np.float32
    expected = np.cos(2 * np.pi * 1000 / 8000 * np.arange(8000))
    np.testing.assert_allclose(received[100:-100], expected[100:-100], atol=1e-4)


def test_the_first_sample_stays_the_first() -> None:
    sent = np.zeros(3000, np.complex64)
    sent[1200] = 1
    received = changed(sent, 2.4e6)
    assert np.argmax(np.abs(received)) == 1000
    assert list(change_rate([], 2.4e6, WANTED, BAND)) == []
    assert len(changed(np.ones(1, np.complex64), 2.4e6)) == 1


def test_samples_come_out_as_they_go_in() -> None:
    piece, taken = noise(4096), 0

    def pieces():
        nonlocal taken
        while True:
            taken += 1
            yield piece

    stream = change_rate(pieces(), 2.4e6, WANTED, BAND)
    heard = sum(len(next(stream)) for _ in range(100))
    assert heard > 0.99 * 4096 * taken * WANTED / 2.4e6 - 100
    tracemalloc.start()
    for _ in range(100):
        next(stream)
    assert tracemalloc.get_traced_memory()[1] < 20 * piece.nbytes
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        (800e3, "x has 800000 samples a second, too few for it: record it with 893750 or more"),
        (3e9, r"x has 3e\+09 samples a second, too many for it: resample it to 2000000"),
    ],
)
def test_rates_that_do_not_do_are_one_line(rate: float, message: str) -> None:
    with pytest.raises(UserError, match=f"^{message}$"):
        check_rate(rate, WANTED, BAND, "x", "it")
    check_rate(ROOM * BAND, WANTED, BAND, "x", "it")
