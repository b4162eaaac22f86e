"""Channel estimation: its error against what it says, still, echoing and fading channels."""

from collections.abc import Callable

import numpy as np
import pytest

from semjscc.radio.receiver.equaliser import equalise, estimate_channel, noise_from_neighbours
from semjscc.radio.waveform.profiles import AUDIO, SDR, Profile
from waveforms import BOTH, normal

ROWS = np.arange(18)


def flat(profile: Profile) -> np.ndarray:
    return np.full((len(ROWS), len(profile.carriers)), 0.6 - 0.8j)


def echoes(profile: Profile) -> np.ndarray:
    """Two paths, three tenths of a prefix apart."""
    turn = 2 * np.pi * profile.carrier_numbers * 0.3 * profile.prefix / profile.fft
    return np.tile(0.8 + 0.6 * np.exp(-1j * turn), (len(ROWS), 1))


@BOTH
@pytest.mark.parametrize(("channel", "most"), [(flat, 0.02), (echoes, 0.05)])
@pytest.mark.parametrize("noise", [1.0, 0.01])
def test_the_error_is_small_and_known(
    profile: Profile, channel: Callable[[Profile], np.ndarray], most: float, noise: float
) -> None:
    true = channel(profile)
    errors, claimed = [], []
    for seed in range(20):
        drawn = normal(np.random.default_rng(seed), true.size).reshape(true.shape)
        known = true + noise**0.5 * drawn
        estimate, variance = estimate_channel(profile, known, ROWS, np.array([5, 12]), noise)
        errors.append(np.mean(np.abs(estimate - true[:2]) ** 2))
        claimed.append(np.mean(variance))
    # A mean over 18 rows of 52 carriers leaves 0.001 of a flat channel's noise.
    assert np.mean(errors) < most * noise
    assert np.mean(claimed) == pytest.approx(np.mean(errors), abs=0.03 * noise)


def test_fading_is_followed_and_not_averaged_away() -> None:
    # One turn in 60 rows: 0.7 Hz at 24 ms a row, known every fifth.
    rows = np.arange(0, 121, 5)
    turn = np.exp(2j * np.pi * np.arange(121) / 60)[:, None] * np.ones(len(AUDIO.carriers))
    drawn = normal(np.random.default_rng(1), turn[rows].size).reshape(turn[rows].shape)
    estimate, _ = estimate_channel(AUDIO, turn[rows] + 0.1 * drawn, rows, np.arange(121), 0.01)
    assert np.mean(np.abs(estimate - turn) ** 2) < 0.002


def test_noise_in_two_rows_is_hardly_ever_taken_for_echoes() -> None:
    random, noise, rows, trials = np.random.default_rng(0), 10**0.5, np.arange(2), 1000
    mistaken = 0
    for _ in range(trials):
        drawn = normal(random, 2 * len(SDR.carriers)).reshape(2, -1)
        known = 1 + noise**0.5 * drawn
        guessed = noise_from_neighbours(known, rows)
        estimate, _ = estimate_channel(SDR, known, rows, rows[:1], guessed)
        # A flat channel's estimate may be off, but alike for all carriers.
        mistaken += np.std(estimate) > 0.25
    assert mistaken <= 0.004 * trials


def test_echoes_are_seen_in_two_rows_at_five_db() -> None:
    rows, noise = np.arange(2), 10**-0.5
    true = echoes(SDR)[:2]
    errors, flat_errors = [], []
    for seed in range(100):
        drawn = normal(np.random.default_rng(seed), true.size).reshape(true.shape)
        known = true + noise**0.5 * drawn
        guessed = noise_from_neighbours(known, rows)
        estimate, _ = estimate_channel(SDR, known, rows, rows[:1], guessed)
        errors.append(np.mean(np.abs(estimate - true[:1]) ** 2))
        flat_errors.append(np.mean(np.abs(known.mean() - true[:1]) ** 2))
    # Two rows leave half of the noise on each carrier, and the paths lie within a few delays; one
    # gain for all carriers would leave the weaker path.
    assert np.mean(errors) < 0.25 * noise
    assert np.mean(errors) < 0.5 * np.mean(flat_errors)


def test_noise_is_measured_without_bias() -> None:
    drawn = normal(np.random.default_rng(2), 18 * 52 * 20).reshape(-1, 18, 52)
    measured = [noise_from_neighbours(echoes(SDR) + 0.3 * each, ROWS) for each in drawn]
    assert np.mean(measured) == pytest.approx(0.09, rel=0.03)


def test_the_equaliser_is_unbiased_and_says_its_noise() -> None:
    channel = np.array([[2j, 0.5, 0.0]])
    symbols, noise = equalise(np.array([[2j, 1.0, 3.0]]), channel, np.full((1, 3), 0.1))
    np.testing.assert_allclose(symbols, [[1, 2, 0]])
    np.testing.assert_allclose(noise, [[0.025, 0.4, np.inf]])
