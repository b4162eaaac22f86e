"""What drifts over a burst: carrier phase, and the two ends' sample clocks.

Shapes: S rows, K carriers. Row s and carrier c turn by a + b·s + c·(d + e·s): b is what is left of
the frequency offset, e the difference of the clocks.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semjscc.radio.waveform.profiles import Profile

_STEPS = 8
_TURNS = 4096
SYNC_INFORMATION = 5800.0
"""What synchronisation knows of the frequency, as a sum of squared rows of known elements: its
measured standard deviation is that of 4 pilots over 26 rows, whatever the SNR."""
MOST_TURN = 0.1
"""Radians a row that synchronisation may have left; its standard deviation at −5 dB is 0.02."""
_CORRELATED_ROWS = 8.0
"""Over which phase noise is taken to be alike."""


@dataclass(frozen=True)
class Drift:
    """The plane of phases over a burst, radians: ``a + b·s + c·(d + e·s)``."""

    a: float = 0.0
    b: float = 0.0
    d: float = 0.0
    e: float = 0.0

    def turn(self, profile: Profile, rows: NDArray[np.int64]) -> NDArray[np.complex128]:
        """exp(j·phase) at (rows, K)."""
        carriers = profile.carrier_numbers
        phase = self.a + self.b * rows[:, None] + carriers * (self.d + self.e * rows[:, None])
        return np.exp(1j * phase)

    def clock_ppm(self, profile: Profile) -> float:
        """How much faster the sender's sample clock runs than the receiver's, in 10⁻⁶.

        Of a faster sender every row arrives earlier than the receiver looks: e is positive.
        """
        return self.e * profile.size / (2 * np.pi * profile.symbol) * 1e6

    def frequency(self, profile: Profile) -> float:
        """What is left of the frequency offset, cycles per sample."""
        return self.b / (2 * np.pi * profile.symbol)


def fit_drift(
    profile: Profile,
    agreement: NDArray[np.complexfloating],
    rows: NDArray[np.int64],
    *,
    clocks: bool = True,
) -> Drift:
    """The plane that fits best.

    The frequency by a Fourier transform over the rows, then all four by Gauss-Newton on the most
    likely phase.

    Args:
        profile: the waveform.
        agreement: (M, K), received · conj(expected); 0 where nothing is known.
        rows: (M,).
        clocks: whether to look for a difference of the clocks, which takes a long burst. Without,
            what synchronisation says of the frequency counts beside what the rows say.
    """
    line = np.zeros(max(_TURNS, int(rows[-1]) + 1), np.complex128)
    line[rows] = agreement.sum(axis=1)
    turns = 2 * np.pi * np.fft.fftfreq(len(line))
    spectrum = np.abs(np.fft.fft(line)) * (np.abs(turns) <= MOST_TURN)
    turn = float(turns[int(np.argmax(spectrum))])
    middle, reach = rows.mean(), max(float(np.ptp(rows)), 1.0)
    across = profile.carrier_numbers / profile.carrier_numbers[-1]
    time = (rows - middle) / reach
    known = np.abs(agreement) > 0
    basis = [np.ones_like(agreement, float), np.broadcast_to(time[:, None], agreement.shape)]
    if clocks:
        basis += [
            np.broadcast_to(across, agreement.shape),
            time[:, None] * across,
        ]
    basis = np.stack([plane[known] for plane in basis], axis=1)
    values = agreement[known]
    found = np.zeros(basis.shape[1])
    found[1] = turn * reach if clocks else 0.0
    found[0] = float(np.angle(np.sum(values * np.exp(-1j * basis @ found))))
    for _ in range(_STEPS):
        error = values * np.exp(-1j * basis @ found)
        weight = float(np.mean(error.real))
        if weight <= 0:
            break
        normal, slope = weight * basis.T @ basis, basis.T @ error.imag
        if not clocks:
            believed = weight * SYNC_INFORMATION / reach**2
            normal[1, 1] += believed
            slope[1] -= believed * found[1]
        found += np.linalg.lstsq(normal, slope, rcond=None)[0]
    a, b, d, e = (*found, 0.0, 0.0)[:4]
    last = float(profile.carrier_numbers[-1])
    b, e = b / reach, e / reach / last
    return Drift(a - b * middle, b, d / last - e * middle, e)


def common_phase(agreement: NDArray[np.complexfloating]) -> NDArray[np.float64]:
    """Phase noise of each row, smoothed: LMMSE over the rows with the variance that is found.

    Args:
        agreement: (S,), received · conj(expected) summed over a row's pilots.

    Returns:
        (S,) radians; zero where neighbouring rows have nothing in common.
    """
    count = len(agreement)
    mean = float(np.mean(agreement.real))
    if count < 2 * _CORRELATED_ROWS or mean <= 0:
        return np.zeros(count)
    measured = agreement.imag / mean
    variance = float(np.mean(measured**2))
    alike = float(np.mean(measured[1:] * measured[:-1]))
    # Of white noise, the product of neighbours is off zero by so much.
    if alike < 2 * variance / count**0.5:
        return np.zeros(count)
    apart = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    covariance = alike * np.exp((1 - apart) / _CORRELATED_ROWS)
    noise = max(variance - covariance[0, 0], 1e-3 * variance)
    return covariance @ np.linalg.solve(covariance + noise * np.eye(count), measured)
