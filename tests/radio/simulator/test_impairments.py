"""Each impairment against its closed form."""

import math
from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import kstest

from semjscc.radio.simulator import impairments
from semjscc.randomness import generator

RATE = 1_000_000.0


def tone(hz: float, count: int) -> np.ndarray:
    return np.exp(2j * np.pi * hz / RATE * np.arange(count)).astype(np.complex64)


def spectrum(samples: np.ndarray) -> np.ndarray:
    """Power of each bin; a tone of amplitude 1 in a bin has 1."""
    return np.abs(np.fft.fft(samples) / len(samples)) ** 2


def power(samples: np.ndarray) -> float:
    return float(np.mean(np.abs(samples) ** 2))


@pytest.mark.parametrize(("snr_db", "signal"), [(-5.0, 1.0), (10.0, 1.0), (0.0, 4.0)])
def test_noise_is_white_gaussian_of_the_stated_power(snr_db: float, signal: float) -> None:
    silence = np.zeros(200_000, np.complex64)
    noise = impairments.add_noise(silence, snr_db, generator(0, "test", 0), signal)
    assert noise.dtype == np.complex64
    variance = signal * 10 ** (-snr_db / 10)
    # Half of it on each axis; 5 standard errors of a variance of 200 000 draws.
    for axis in (noise.real, noise.imag):
        assert np.var(axis) == pytest.approx(variance / 2, rel=5 * (2 / 200_000) ** 0.5)
        assert kstest(axis / math.sqrt(variance / 2), "norm").pvalue > 0.001
    # The periodogram of white noise is exponential in every bin.
    assert kstest(spectrum(noise) * len(noise) / variance, "expon").pvalue > 0.001


def test_es_n0_of_an_ofdm_carrier_is_the_one_that_was_asked_for() -> None:
    # 52 carriers out of 128: an orthonormal DFT keeps the noise of a sample as N0 of a carrier.
    random = np.random.default_rng(1)
    carriers = np.zeros((2000, 128), np.complex128)
    used = np.r_[1:27, 102:128]
    carriers[:, used] = random.choice([1, -1, 1j, -1j], (2000, 52)) * math.sqrt(128 / 52)
    samples = np.fft.ifft(carriers, norm="ortho").astype(np.complex64)
    assert power(samples) == pytest.approx(1, rel=1e-5)
    snr_db = impairments.sample_snr_db(7.0, RATE, 52 * RATE / 128)
    received = impairments.add_noise(samples.ravel(), snr_db, generator(0, "test", 0))
    error = np.fft.fft(received.reshape(2000, 128), norm="ortho") - carriers
    measured = (128 / 52) / np.mean(np.abs(error[:, used]) ** 2)
    assert 10 * math.log10(measured) == pytest.approx(7.0, abs=0.08)


@pytest.mark.parametrize("offset", [31_250.0, -250_000.0])
def test_frequency_offset_moves_the_spectrum(offset: float) -> None:
    moved = impairments.frequency_offset(tone(125_000, 4096), RATE, offset)
    assert moved.dtype == np.complex64
    place = round((125_000 + offset) / RATE * 4096) % 4096
    assert spectrum(moved)[place] == pytest.approx(1, rel=1e-4)


def test_frequency_offset_keeps_its_phase_for_hours() -> None:
    # One hour at 1 Msps and an offset of 1/3 kHz: the phase by exact arithmetic.
    start = 3_600_000_000
    moved = impairments.frequency_offset(np.ones(5, np.complex64), RATE, 333.25, start)
    turns = [Fraction(33325, 100) * (start + n) / 1_000_000 % 1 for n in range(5)]
    exact = np.exp(2j * np.pi * np.array([float(turn) for turn in turns]))
    np.testing.assert_allclose(moved, exact, atol=2e-5)


def test_phase_noise_has_the_coherence_of_its_linewidth() -> None:
    linewidth, lags = 100.0, np.array([100, 1000, 5000])
    phases = impairments.phase_walk(2_000_000, RATE, linewidth, generator(0, "test", 0))
    turned = impairments.phase_noise(np.ones(len(phases), np.complex64), phases)
    np.testing.assert_allclose(np.abs(turned), 1, atol=1e-6)
    for lag in lags:
        coherence = np.mean(turned[lag:] * turned[:-lag].conj())
        expected = math.exp(-math.pi * linewidth * lag / RATE)
        assert abs(coherence - expected) < 0.05 * (1 - expected) + 0.02


def test_phase_noise_error_grows_as_the_walk_does() -> None:
    # EVM² after n samples is 2·(1 - exp(-π·linewidth·n/rate)), over many oscillators.
    count, linewidth = 50, 1000.0
    walks = np.stack(
        [
            impairments.phase_walk(count, RATE, linewidth, generator(seed, "test", 0))
            for seed in range(4000)
        ]
    )
    evm = np.mean(np.abs(np.exp(1j * walks) - 1) ** 2, axis=0)
    exact = 2 * (1 - np.exp(-math.pi * linewidth * np.arange(1, count + 1) / RATE))
    np.testing.assert_allclose(evm, exact, rtol=0.15)


def test_phase_walk_in_pieces_is_the_whole_walk() -> None:
    whole = impairments.phase_walk(100, RATE, 50.0, generator(3, "test", 0), 1.5)
    random = generator(3, "test", 0)
    first = impairments.phase_walk(33, RATE, 50.0, random, 1.5)
    second = impairments.phase_walk(67, RATE, 50.0, random, float(first[-1]))
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)


@pytest.mark.parametrize(("gain_db", "phase_deg"), [(1.0, 0.0), (0.0, 3.0), (-0.5, 5.0)])
def test_image_lies_below_the_signal_by_the_formula(gain_db: float, phase_deg: float) -> None:
    received = impairments.iq_imbalance(tone(125_000, 4096), gain_db, phase_deg)
    assert received.dtype == np.complex64
    bins = spectrum(received)
    measured = 10 * math.log10(bins[512] / bins[-512])
    assert measured == pytest.approx(impairments.image_rejection_db(gain_db, phase_deg), abs=0.01)


def test_imbalance_is_that_of_the_two_branches() -> None:
    # I = Re x, Q = g·Im(x·e^{-jθ}) + what the gain of the reference branch makes of it: with a
    # perfect phase Q is just g times as large.
    samples = np.array([1 + 2j, -3 + 0.5j], np.complex64)
    received = impairments.iq_imbalance(samples, 20 * math.log10(2), 0.0)
    np.testing.assert_allclose(received, samples.real + 2j * samples.imag, rtol=1e-6)
    turned = impairments.iq_imbalance(samples, 0.0, 90.0)
    np.testing.assert_allclose(turned, samples.real - 1j * samples.real, atol=1e-6)


def test_known_image_rejections() -> None:
    assert impairments.image_rejection_db(0, 0) == math.inf
    # 1 dB alone: ((g + 1)/(g - 1))²; 1° alone: cot²(θ/2).
    g = 10**0.05
    expected = 20 * math.log10((g + 1) / (g - 1))
    assert impairments.image_rejection_db(1, 0) == pytest.approx(expected)
    cotangent = -20 * math.log10(math.tan(math.radians(0.5)))
    assert impairments.image_rejection_db(0, 1) == pytest.approx(cotangent)


@pytest.mark.parametrize("level_db", [-3.0, 3.0, 6.0])
def test_clipping_limits_the_envelope_and_keeps_the_phase(level_db: float) -> None:
    random = np.random.default_rng(0)
    samples = random.standard_normal(400_000, np.float32).view(np.complex64)
    clipped = impairments.clip(samples, level_db, power=2.0)
    assert clipped.dtype == np.complex64
    limit = 2 * 10 ** (level_db / 10)
    assert np.max(np.abs(clipped) ** 2) == pytest.approx(limit, rel=1e-5)
    small = np.abs(samples) ** 2 < limit
    np.testing.assert_array_equal(clipped[small], samples[small])
    np.testing.assert_allclose(np.angle(clipped / samples), 0, atol=1e-5)
    # |x|² of Gaussian samples is exponential: E min(|x|², A) = P·(1 - e^{-A/P}).
    assert power(clipped) == pytest.approx(2 * (1 - math.exp(-limit / 2)), rel=0.01)


def test_clipping_leaves_silence_alone() -> None:
    np.testing.assert_array_equal(impairments.clip(np.zeros(3, np.complex64), 0.0), 0)


def test_gain_and_offset() -> None:
    samples = tone(125_000, 4096)
    assert power(impairments.gain(samples, -20.0)) == pytest.approx(0.01, rel=1e-4)
    shifted = impairments.dc_offset(samples, 0.3 - 0.4j)
    assert shifted.dtype == np.complex64
    assert spectrum(shifted)[0] == pytest.approx(0.25, rel=1e-4)
    assert spectrum(shifted)[512] == pytest.approx(1, rel=1e-4)
