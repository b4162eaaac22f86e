"""Real audio around 1500 Hz against tones and the standard definition of the analytic signal."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.radio.sampling.passband import AUDIO_RATE, CENTRE_HZ, to_baseband, to_passband

COUNT = 8000
INSIDE = slice(200, -200)


def tone(hz: float) -> np.ndarray:
    return np.exp(2j * np.pi * hz / AUDIO_RATE * np.arange(COUNT)).astype(np.complex64)


def noise(count: int) -> np.ndarray:
    values = np.random.default_rng(0).standard_normal(2 * count, np.float32).view(np.complex64)
    return values * np.float32(0.5**0.5)


def passband(samples: np.ndarray) -> np.ndarray:
    return np.concatenate(list(to_passband([samples])))


def baseband(samples: np.ndarray) -> np.ndarray:
    return np.concatenate(list(to_baseband([samples])))


@pytest.mark.parametrize("hz", [-1300, -999, 0, 50, 1300])
def test_tone_becomes_a_cosine_at_its_place_in_the_voice_band(hz: float) -> None:
    real = passband(tone(hz))
    assert real.dtype == np.float32
    time = np.arange(COUNT) / AUDIO_RATE
    exact = math.sqrt(2) * np.cos(2 * np.pi * (CENTRE_HZ + hz) * time)
    np.testing.assert_allclose(real[INSIDE], exact[INSIDE], atol=1e-3)


@pytest.mark.parametrize("hz", [-1300, -200, 0, 775, 1300])
def test_tone_comes_back(hz: float) -> None:
    back = baseband(passband(tone(hz)))
    assert back.dtype == np.complex64
    assert len(back) == COUNT
    np.testing.assert_allclose(back[INSIDE], tone(hz)[INSIDE], atol=2e-3)


@pytest.mark.parametrize("hz", [0.0, 3000.0, 3999.0])
def test_what_lies_beyond_the_voice_band_is_rejected_by_78_db(hz: float) -> None:
    real = np.cos(2 * np.pi * hz / AUDIO_RATE * np.arange(COUNT)).astype(np.float32)
    level = np.mean(np.abs(baseband(real)[INSIDE]) ** 2) / np.mean(real[INSIDE] ** 2)
    # A real tone of power 1 is complex baseband of power 1, except at 0 Hz, where it is 2.
    assert 10 * math.log10(level) < -78 + 3 * (hz == 0)


def test_noise_keeps_its_density_on_the_way_through_a_sound_card() -> None:
    # Folded at 0 Hz it would double: a loss of 3 dB that the simulation would not know of.
    sent = noise(200_000)
    back = baseband(passband(sent))
    density = np.abs(np.fft.fft(back)) ** 2 / len(sent)
    frequencies = np.fft.fftfreq(len(sent), 1 / AUDIO_RATE)
    assert np.mean(density[np.abs(frequencies) < 1300]) == pytest.approx(1, abs=0.02)


def test_white_noise_of_a_sound_card_has_twice_its_power_density() -> None:
    # A real signal of power 1 has 1/4000 a hertz on one side, complex baseband 2/8000.
    real = np.random.default_rng(1).standard_normal(200_000, np.float32)
    density = np.abs(np.fft.fft(baseband(real))) ** 2 / len(real)
    frequencies = np.fft.fftfreq(len(real), 1 / AUDIO_RATE)
    assert np.mean(density[np.abs(frequencies) < 1200]) == pytest.approx(2, abs=0.04)


def test_power_stays() -> None:
    sent = tone(300) + tone(-700)
    assert np.mean(passband(sent)[INSIDE] ** 2) == pytest.approx(2, rel=0.01)


@settings(max_examples=20)
@given(cuts=st.lists(st.integers(0, 1000), max_size=6), count=st.sampled_from([0, 1, 100, 1000]))
def test_any_chunks_give_the_same_signal(cuts: list[int], count: int) -> None:
    sent = noise(count)
    real = np.concatenate([*to_passband(np.split(sent, sorted(cuts))), np.zeros(0, np.float32)])
    assert len(real) == count
    np.testing.assert_allclose(real, np.concatenate([*to_passband([sent]), real[:0]]), atol=1e-5)
    back = np.concatenate([*to_baseband(np.split(real, sorted(cuts))), sent[:0]])
    assert len(back) == count
    np.testing.assert_allclose(back, np.concatenate([*to_baseband([real]), sent[:0]]), atol=1e-5)
