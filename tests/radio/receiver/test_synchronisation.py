"""The search: what it finds, how exactly, and that noise and a steady carrier are nothing."""

import numpy as np
import pytest

from semjscc.radio.receiver.synchronisation import (
    COHERENT_FALSE_ALARM_RATE,
    FALSE_ALARM_RATE,
    _freedom,
    _similarity,
    find_bursts,
    margin,
)
from semjscc.radio.waveform.profiles import Profile, sample_noise_variance
from semjscc.radio.waveform.sequences import preamble
from waveforms import BOTH, normal


def recording(
    profile: Profile, at: int, snr_db: float, cfo_carriers: float, seed: int
) -> np.ndarray:
    """Noise with a preamble that begins at position ``at`` of 2500."""
    rng = np.random.default_rng(seed)
    lead = margin(profile)
    samples = normal(rng, 2 * lead + 2 * profile.preamble + 2500)
    samples *= sample_noise_variance(profile, snr_db) ** 0.5
    time = np.arange(profile.preamble)
    turn = np.exp(2j * np.pi * cfo_carriers / profile.size * time + 1j * seed)
    samples[lead + at : lead + at + profile.preamble] += preamble(profile) * turn
    return samples


@BOTH
@pytest.mark.parametrize("cfo_carriers", [-4.0, -1.0, 0.0, 0.49, 2.97, 4.0])
def test_time_and_frequency(profile: Profile, cfo_carriers: float) -> None:
    samples = recording(profile, 801, 10.0, cfo_carriers, 1)
    (found,) = find_bursts(samples, 2500, profile)
    assert found.start == 801
    assert found.frequency * profile.size == pytest.approx(cfo_carriers, abs=3e-3)


@BOTH
def test_detection_at_minus_five_db(profile: Profile) -> None:
    # 99 % are found; two misses or more in 12 have a probability of 0.6 %.
    rng = np.random.default_rng(3)
    hits = 0
    for seed in range(12):
        at, offset = int(rng.integers(0, 2000)), rng.uniform(-4, 4)
        found = list(find_bursts(recording(profile, at, -5.0, offset, seed), 2500, profile))
        hits += any(
            abs(sync.start - at) <= 2 and abs(sync.frequency * profile.size - offset) < 0.02
            for sync in found
        )
    assert hits >= 11


@BOTH
def test_a_noiseless_burst_in_silence_is_found_once(profile: Profile) -> None:
    samples = recording(profile, 1200, 300.0, 1.5, 0)
    assert [sync.start for sync in find_bursts(samples, 2500, profile)] == [1200]


@BOTH
@pytest.mark.parametrize("carrier", [0.0, 1.0, 30.0])
def test_noise_and_a_steady_carrier_are_nothing(profile: Profile, carrier: float) -> None:
    samples = normal(np.random.default_rng(5), 150_000)
    time = np.arange(len(samples))
    samples += carrier * np.exp(2j * np.pi * 6.3 / profile.size * time) * (time > 40_000)
    assert list(find_bursts(samples, 140_000, profile)) == []


@BOTH
def test_the_false_alarm_rate_is_the_one_asked_for(profile: Profile) -> None:
    # |correlation|² of white noise is exponential with mean 1 over the degrees of freedom.
    band = normal(np.random.default_rng(6), 400_000)
    share = _freedom(profile, 1) / profile.period
    spectrum = np.fft.fft(band)
    spectrum[np.abs(np.fft.fftfreq(len(band))) > share / 2] = 0
    metric = _similarity(np.fft.ifft(spectrum), profile.period) * _freedom(profile, 23)
    for level in (1.0, 3.0):
        assert np.mean(metric > level) == pytest.approx(np.exp(-level), rel=0.25)
    assert np.mean(metric > 6.0) < 1.5 * np.exp(-6.0)
    assert pytest.approx(1e-14) == FALSE_ALARM_RATE * COHERENT_FALSE_ALARM_RATE
