"""What the channel did to every carrier of every row, and how to take it back.

Shapes: M known rows (all carriers known), S rows wanted, K carriers.

    least squares at known rows ─► LMMSE across carriers ─► LMMSE across rows ─► H (S, K)

LMMSE needs to know how alike neighbours are. Rather than being told, it tries a few delay and
Doppler spreads and takes the most likely: over a flat and still channel hardly any noise is left
in the estimate, and over a wild one nothing is smoothed away. NumPy, not Sionna's
`LMMSEInterpolator`, which takes one fixed covariance and one fixed pilot pattern.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from semjscc.radio.waveform.profiles import Profile

DELAY_SHARES = (1 / 64, 1 / 8, 1 / 4, 1 / 2, 1.0)
"""Widths of the delay profile that are tried, in parts of the prefix."""
DOPPLER_TURNS = (0.0, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Doppler spreads (standard deviation of a Gaussian) that are tried, in turns over 128 rows."""
_ROWS = 128
SPREAD_PENALTY = 4.0
"""Log-likelihood that any but the narrowest delay profile has to gain: in two rows at −5 dB noise
alone now and then looks like echoes."""
DELAY_PENALTY = 5.0
"""The same for a mean delay other than 0."""
DOPPLER_PENALTY = 2.0
"""The same for a channel that moves: two rows, whose difference is taken for noise, cannot tell."""
LEAST_SIGNAL = 0.1
"""Of what is received; a burst of −10 dB is hardly ever found."""
LEAST_NOISE = 1e-7
"""Of a channel's power."""


def noise_from_neighbours(known: NDArray[np.complexfloating], at: NDArray[np.int64]) -> float:
    """Noise variance of one element, from differences of known rows next to each other.

    The channel hardly changes from one row to the next, and what does change is noise to the
    payload too: clipping, phase noise, and what timing left.

    Args:
        known: (M, K) least-squares estimates.
        at: (M,) their rows, rising.
    """
    following = np.flatnonzero(np.diff(at) == 1)
    difference = known[following + 1] - known[following]
    return float(np.mean(np.abs(difference) ** 2) / 2)


def estimate_channel(
    profile: Profile,
    known: NDArray[np.complexfloating],
    at: NDArray[np.int64],
    wanted: NDArray[np.int64],
    noise: float,
) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """The channel at wanted rows.

    Args:
        profile: the waveform.
        known: (M, K) received over sent, of rows whose symbols are known and of modulus 1.
        at: (M,) their places.
        wanted: (S,) places.
        noise: variance of each element of ``known``.

    Returns:
        (S, K) and (S,), the estimate and the variance of its error.
    """
    total = float(np.mean(np.abs(known) ** 2))
    # Two rows alone may say that there is nothing but noise: what was found is not that weak. And
    # without any noise there is no inverse.
    noise = float(np.clip(noise, LEAST_NOISE * total, (1 - LEAST_SIGNAL) * total))
    power = total - noise
    covariances = [power * alike for alike in _carrier_covariances(profile)]
    across, likelihood = _likeliest(covariances, known.T, noise, SPREAD_PENALTY)
    late = _mean_delay(profile, known)
    moved, better = _likeliest(covariances, (known * late.conj()).T, noise, SPREAD_PENALTY)
    # The mean delay is itself full of noise where the channel is: it has to explain much.
    if better > likelihood + DELAY_PENALTY:
        across, known = moved, known * late.conj()
    else:
        late = np.ones(len(late), np.complex128)
    gain = np.linalg.solve(across + noise * np.eye(len(across)), across).T  # (K, K)
    smooth = known @ gain.T
    # What is left of the noise, and of the channel where the guess is short of it.
    left = float(np.trace(across - gain @ across).real) / len(across)
    pairs = [power * _row_covariance(at, at, turns) for turns in DOPPLER_TURNS]
    along, _ = _likeliest(pairs, known, noise, DOPPLER_PENALTY)
    turns = DOPPLER_TURNS[next(i for i, pair in enumerate(pairs) if pair is along)]
    cross = power * _row_covariance(wanted, at, turns)
    weights = np.linalg.solve(along + left * np.eye(len(at)), cross.T).T  # (S, M)
    error = power - np.sum(weights * cross, axis=1)
    return (weights @ smooth) * late, np.clip(error, 0, power)


def equalise(
    received: NDArray[np.complexfloating],
    channel: NDArray[np.complexfloating],
    noise: NDArray[np.floating],
) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Unbiased LMMSE equaliser: with one tap, that is the received value over the channel.

    Args:
        received: (S, K).
        channel: (S, K).
        noise: (S, K), of the received value; the channel's error belongs to it.

    Returns:
        (S, K) symbols and their noise variance, infinite where the channel is nothing.
    """
    strength = np.abs(channel) ** 2
    heard = strength > 1e-9 * max(float(strength.mean()), 1e-290)
    safe = np.where(heard, channel, 1)
    return (
        np.where(heard, received / safe, 0),
        np.where(heard, noise / np.where(heard, strength, 1), np.inf),
    )


def _likeliest(
    covariances: Sequence[NDArray[np.float64]],
    samples: NDArray[np.complexfloating],
    noise: float,
    penalty: float = 0.0,
) -> tuple[NDArray[np.float64], float]:
    """Of covariances (n, n) the one that makes noisy samples (n, m) likeliest, and how likely.

    All but the first have to be likelier by ``penalty``, a log-likelihood.
    """
    sampled = (samples @ samples.conj().T).real / samples.shape[1]
    best, most = covariances[0], -float("inf")
    for covariance in covariances:
        total = covariance + noise * np.eye(len(covariance))
        likelihood = -np.linalg.slogdet(total)[1] - np.trace(np.linalg.solve(total, sampled))
        likelihood = float(likelihood) * samples.shape[1]
        if covariance is not covariances[0]:
            likelihood -= penalty
        if likelihood > most:
            best, most = covariance, likelihood
    return best, most


def _mean_delay(profile: Profile, known: NDArray[np.complexfloating]) -> NDArray[np.complex128]:
    """The turn of each carrier (K,) by the channel's mean delay, around which its profile lies."""
    neighbours = np.flatnonzero(np.diff(profile.carrier_numbers) == 1)
    turn = np.angle(np.sum(known[:, neighbours + 1] * known[:, neighbours].conj()))
    return np.exp(1j * turn * profile.carrier_numbers)


def _carrier_covariances(profile: Profile) -> list[NDArray[np.float64]]:
    """(K, K) each, of delay profiles that are flat from −w/2 to w/2."""
    numbers = profile.carrier_numbers
    apart = (numbers[:, None] - numbers) * profile.prefix / profile.fft
    return [np.sinc(apart * share) for share in DELAY_SHARES]


def _row_covariance(
    rows: NDArray[np.int64], others: NDArray[np.int64], turns: float
) -> NDArray[np.float64]:
    """(rows, others) of a Gaussian Doppler spectrum (ITU-R F.1487)."""
    apart = (rows[:, None] - others) * turns / _ROWS
    return np.exp(-2 * (np.pi * apart) ** 2)
