"""The parts of the simulator in their order, and any division into chunks."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.errors import UserError
from semjscc.radio.simulator.impairments import image_rejection_db
from semjscc.radio.simulator.simulator import Simulation, simulate, simulate_chunks

RATE = 1_000_000.0
EVERYTHING = Simulation(
    snr_db=12.0,
    bandwidth=400e3,
    cfo_hz=1234.5,
    sro_ppm=-33.0,
    delay_s=123.4e-6,
    gain_db=7.0,
    profile="two-ray",
    delay_spread_s=2e-6,
    doppler_hz=55.0,
    linewidth_hz=20.0,
    iq_gain_db=0.3,
    iq_phase_deg=2.0,
    dc_i=0.02,
    dc_q=-0.05,
    clip_db=4.0,
    seed=3,
)


def tone(hz: float, count: int = 10_000) -> np.ndarray:
    """Bins of 100 Hz."""
    return np.exp(2j * np.pi * hz / RATE * np.arange(count)).astype(np.complex64)


def noise(count: int) -> np.ndarray:
    values = np.random.default_rng(0).standard_normal(2 * count, np.float32).view(np.complex64)
    return values * np.float32(0.5**0.5)


def level_db(samples: np.ndarray, hz: float) -> float:
    """Power of the bin at a frequency over that of a tone of amplitude 1."""
    bins = np.abs(np.fft.fft(samples) / len(samples)) ** 2
    return 10 * math.log10(bins[round(hz / RATE * len(samples)) % len(samples)] + 1e-20)


def power_db(samples: np.ndarray) -> float:
    return 10 * math.log10(np.mean(np.abs(samples) ** 2))


def test_perfect_channel_changes_nothing() -> None:
    sent = noise(1000)
    np.testing.assert_array_equal(simulate(sent, RATE, Simulation()), sent)


@pytest.mark.parametrize("snr_db", [0.0, 20.0])
def test_snr_is_that_of_the_samples_or_of_the_bandwidth(snr_db: float) -> None:
    sent = tone(100e3, 200_000)
    whole = simulate(sent, RATE, Simulation(snr_db=snr_db)) - sent
    assert power_db(whole) == pytest.approx(-snr_db, abs=0.05)
    quarter = simulate(sent, RATE, Simulation(snr_db=snr_db, bandwidth=RATE / 4)) - sent
    assert power_db(quarter) == pytest.approx(-snr_db + 10 * math.log10(4), abs=0.05)


def test_noise_is_the_receivers_and_knows_nothing_of_multipath() -> None:
    faded = Simulation(snr_db=0.0, profile="two-ray", delay_spread_s=3e-6, seed=1)
    sent = np.zeros(20_000, np.complex64)
    received = simulate(sent, RATE, faded)[:20_000]
    np.testing.assert_array_equal(received, simulate(sent, RATE, Simulation(snr_db=0.0, seed=1)))


def test_gain_amplifies_signal_and_noise_alike() -> None:
    sent = noise(5000)
    quiet = simulate(sent, RATE, Simulation(snr_db=5.0))
    loud = simulate(sent, RATE, Simulation(snr_db=5.0, gain_db=20.0))
    np.testing.assert_allclose(loud, 10 * quiet, rtol=1e-5)


def test_mixer_mirrors_at_the_receivers_own_zero_frequency() -> None:
    radio = Simulation(cfo_hz=20e3, iq_gain_db=1.0, iq_phase_deg=4.0, dc_i=0.1)
    received = simulate(tone(100e3), RATE, radio)
    image = level_db(received, 120e3) - level_db(received, -120e3)
    assert image == pytest.approx(image_rejection_db(1.0, 4.0), abs=0.05)
    assert level_db(received, 0) == pytest.approx(-20, abs=0.05)
    assert level_db(received, 20e3) < -80
    assert level_db(received, -100e3) < -80


def test_amplifier_clips_before_the_channel() -> None:
    # Clipped afterwards, the sum of the rays could not exceed the limit.
    sent = 2 * noise(5000)
    radio = Simulation(clip_db=0.0, profile="two-ray", delay_spread_s=4e-6)
    assert np.abs(simulate(sent, RATE, radio)).max() > 1.1
    assert np.abs(simulate(sent, RATE, Simulation(clip_db=0.0))).max() == pytest.approx(1, abs=1e-5)


def test_power_scales_noise_offset_and_clipping() -> None:
    radio = replace(EVERYTHING, delay_s=0.0, profile="none", power=1.0)
    sent = noise(2000)
    scaled = simulate(4 * sent, RATE, replace(radio, power=16.0))
    np.testing.assert_allclose(scaled, 4 * simulate(sent, RATE, radio), atol=2e-4)


def test_delay_comes_before_the_signal_and_is_filled_with_noise() -> None:
    sent = noise(1000)
    silent = simulate(sent, RATE, Simulation(delay_s=500e-6))
    assert len(silent) == 1500
    np.testing.assert_allclose(silent[:500], 0, atol=1e-5)
    np.testing.assert_allclose(silent[500:], sent, atol=1e-5)
    noisy = simulate(sent, RATE, Simulation(delay_s=500e-6, snr_db=0.0))
    assert power_db(noisy[:500]) == pytest.approx(0, abs=0.5)


def test_oscillator_and_clock_offsets_of_one_crystal() -> None:
    received = simulate(tone(100e3, 100_000), RATE, Simulation(cfo_hz=5000.0, sro_ppm=100.0))
    turns = np.unwrap(np.angle(received[100:-100].astype(np.complex128))) / (2 * np.pi)
    slope = (turns[-1] - turns[0]) / (len(turns) - 1) * RATE
    assert slope == pytest.approx(100e3 * (1 + 100e-6) + 5000, abs=0.01)


def test_phase_noise_of_a_long_signal_goes_on_from_piece_to_piece() -> None:
    radio = Simulation(linewidth_hz=50.0)
    received = np.concatenate(
        list(simulate_chunks(np.split(np.ones(9000, np.complex64), 90), RATE, radio))
    )
    steps = np.angle(received[1:] / received[:-1])
    # Wiener steps of variance 2π·linewidth/rate, everywhere: none is a jump.
    assert np.abs(steps).max() < 6 * math.sqrt(2 * math.pi * 50 / RATE)
    assert np.std(steps) == pytest.approx(math.sqrt(2 * math.pi * 50 / RATE), rel=0.05)


@settings(max_examples=20)
@given(
    cuts=st.lists(st.integers(0, 5000), max_size=8),
    profile=st.sampled_from(["none", "two-ray"]),
    ppm=st.sampled_from([0.0, -33.0]),
)
def test_any_chunks_give_the_same_signal(cuts: list[int], profile: str, ppm: float) -> None:
    radio = replace(EVERYTHING, profile=profile, sro_ppm=ppm)
    sent = noise(5000)
    pieces = list(simulate_chunks(np.split(sent, sorted(cuts)), RATE, radio))
    received = np.concatenate(pieces)
    assert received.dtype == np.complex64
    np.testing.assert_allclose(received, simulate(sent, RATE, radio), atol=1e-5)


def test_everything_follows_from_the_seed() -> None:
    sent = noise(500)
    first = simulate(sent, RATE, EVERYTHING)
    np.testing.assert_array_equal(first, simulate(sent, RATE, EVERYTHING))
    assert np.abs(first - simulate(sent, RATE, replace(EVERYTHING, seed=4))).max() > 0.1


def test_empty_signal_is_no_error() -> None:
    assert len(simulate(np.zeros(0, np.complex64), RATE, Simulation(snr_db=0.0))) == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"snr_db": math.nan}, "snr_db lies between -100 and 100, not at nan"),
        ({"snr_db": 101.0}, "snr_db lies between"),
        ({"delay_s": -1.0}, "delay_s lies between 0 and 3600"),
        ({"cfo_hz": math.inf}, "cfo_hz lies between"),
        ({"bandwidth": 0.0}, "bandwidth lies between"),
        ({"profile": "hilly"}, "no multipath profile 'hilly'"),
    ],
)
def test_impossible_channel_is_refused(wrong: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Simulation(**wrong)


def test_what_the_sample_rate_does_not_allow_is_refused_at_once() -> None:
    with pytest.raises(UserError, match="leaves the band: stay below half"):
        simulate_chunks([], 8000.0, Simulation(cfo_hz=5000.0))
    with pytest.raises(UserError, match="take a shorter delay spread than 1 s"):
        simulate_chunks([], RATE, Simulation(profile="two-ray", delay_spread_s=1.0))
