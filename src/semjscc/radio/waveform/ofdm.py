"""Carriers to samples and back: OFDM with a cyclic prefix.

Shapes: S OFDM symbols, K carriers in use, N = ``size`` samples without the prefix.

NumPy, not Sionna's modulator and demodulator: those take a whole resource grid with its guard
carriers, and the receiver here reads rows one burst at a time, a part of them before it knows how
many there are.
"""

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from semjscc.radio.waveform.profiles import Profile


def modulate(profile: Profile, grid: NDArray[np.complexfloating]) -> NDArray[np.complex128]:
    """Carriers to samples.

    Args:
        profile: the waveform.
        grid: (S, K), of mean power 1.

    Returns:
        (S·(N + prefix),) samples of mean power 1.
    """
    spectrum = np.zeros((len(grid), profile.size), np.complex128)
    spectrum[:, profile.carrier_numbers] = grid  # numbers below 0 count from the end
    samples = np.asarray(scipy.fft.ifft(spectrum, norm="ortho"))
    samples *= (profile.size / len(profile.carriers)) ** 0.5
    return np.concatenate([samples[:, -profile.guard :], samples], axis=1).ravel()


def demodulate(profile: Profile, samples: NDArray[np.complexfloating]) -> NDArray[np.complex128]:
    """Samples to carriers, the inverse of `modulate` without noise and echoes.

    The window opens half a prefix early, so that a path may come before or after the one that
    timing found; the phase slope that this makes is taken back.

    Args:
        profile: the waveform.
        samples: (S·(N + prefix),), beginning with the first symbol's prefix.

    Returns:
        (S, K).
    """
    rows = np.asarray(samples).reshape(-1, profile.symbol)
    early = profile.guard // 2
    windows = rows[:, profile.guard - early : profile.symbol - early]
    spectrum = np.asarray(scipy.fft.fft(windows.astype(np.complex128), norm="ortho"))
    numbers = profile.carrier_numbers
    slope = np.exp(2j * np.pi * numbers * early / profile.size)
    return spectrum[:, numbers] * slope * (len(numbers) / profile.size) ** 0.5
