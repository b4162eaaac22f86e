"""OFDM against a discrete Fourier transform written out, and the noise it lets through."""

import numpy as np
import pytest

from semjscc.radio.waveform.ofdm import demodulate, modulate
from semjscc.radio.waveform.profiles import AUDIO, SDR, Profile, sample_noise_variance
from waveforms import BOTH, normal


def test_the_grids_are_those_of_the_design() -> None:
    assert (SDR.sample_rate / SDR.oversampling, SDR.fft, SDR.prefix) == (1e6, 64, 16)
    assert (SDR.data_carriers, len(SDR.pilots), 0 in SDR.carriers) == (48, 4, False)
    assert (AUDIO.sample_rate, AUDIO.centre_hz, AUDIO.spacing_hz) == (8000, 1500, 50)
    assert (AUDIO.data_carriers, AUDIO.guard / AUDIO.sample_rate) == (40, 4e-3)
    # A real signal must not reach 0 Hz.
    assert AUDIO.centre_hz + min(AUDIO.carriers) * AUDIO.spacing_hz == 500


@BOTH
def test_a_carrier_is_a_tone_with_its_end_in_front(profile: Profile) -> None:
    for place, number in ((0, profile.carriers[0]), (30, profile.carriers[30])):
        grid = np.zeros((1, len(profile.carriers)), complex)
        grid[0, place] = 1j
        time = np.arange(-profile.guard, profile.size)
        tone = 1j * np.exp(2j * np.pi * number * time / profile.size)
        expected = tone / len(profile.carriers) ** 0.5
        np.testing.assert_allclose(modulate(profile, grid), expected, atol=1e-12)


@BOTH
def test_samples_have_the_carriers_mean_power(profile: Profile) -> None:
    grid = normal(np.random.default_rng(0), 50 * len(profile.carriers)).reshape(50, -1)
    without_prefix = modulate(profile, grid).reshape(50, -1)[:, profile.guard :]
    assert np.mean(np.abs(without_prefix) ** 2) == pytest.approx(np.mean(np.abs(grid) ** 2))


@BOTH
@pytest.mark.parametrize("share", [-0.5, 0.0, 0.4])
def test_carriers_come_back_at_any_timing_within_half_a_prefix(
    profile: Profile, share: float
) -> None:
    late = int(share * profile.guard)
    grid = normal(np.random.default_rng(1), 3 * len(profile.carriers)).reshape(3, -1)
    samples = np.roll(modulate(profile, grid), late)
    slope = np.exp(-2j * np.pi * profile.carrier_numbers * late / profile.size)
    middle = demodulate(profile, samples)[1]
    np.testing.assert_allclose(middle, grid[1] * slope, atol=1e-10)


@BOTH
def test_noise_on_a_carrier_is_what_es_over_n0_says(profile: Profile) -> None:
    variance = sample_noise_variance(profile, 7.0)
    noise = variance**0.5 * normal(np.random.default_rng(2), 400 * profile.symbol)
    measured = np.mean(np.abs(demodulate(profile, noise)) ** 2)
    # 16,000 values and more: a standard deviation of 0.8 %.
    assert measured == pytest.approx(10**-0.7, rel=0.03)
