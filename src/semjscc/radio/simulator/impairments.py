"""What radios do to a waveform: pure functions of complex baseband samples.

Shapes: N samples, complex64. Random ones take a NumPy generator and draw from it in order, and
those that depend on time take the first sample's number: a long signal may pass in pieces.
Fractional delay and the sample-rate offset are in `semjscc.radio.sampling.resampling`.
"""

import math

import numpy as np
from numpy.typing import NDArray

from semjscc.radio.sampling.resampling import Samples


def sample_snr_db(es_n0_db: float, rate: float, bandwidth: float) -> float:
    """Es/N0 -> SNR of the samples, in dB.

    White noise fills the whole sample rate, the signal of the same power only its bandwidth:
    SNR = Es/N0 · bandwidth/rate. For OFDM the bandwidth is occupied carriers · carrier spacing,
    and Es/N0 is that of a carrier at mean power; the cyclic prefix changes neither.

    Args:
        es_n0_db: energy of a symbol over the noise power density, in dB.
        rate: samples a second.
        bandwidth: symbols a second that the signal could carry without prefix, in Hz.
    """
    return es_n0_db + 10 * math.log10(bandwidth / rate)


def add_noise(
    samples: Samples, snr_db: float, random: np.random.Generator, power: float = 1.0
) -> Samples:
    """Add white noise CN(0, N0), N0 = power/SNR, variance N0/2 per real dimension.

    Args:
        samples: (N,).
        snr_db: SNR of one sample; see `sample_snr_db` for Es/N0.
        random: where the noise comes from.
        power: mean |x|² of the signal while it is on. It is stated, not measured, because the
            silence between frames is not signal.
    """
    scale = math.sqrt(power * 10 ** (-snr_db / 10) / 2)
    noise = random.standard_normal(2 * len(samples), dtype=np.float32).view(np.complex64)
    return samples + (np.float32(scale) * noise).astype(np.complex64, copy=False)


def frequency_offset(samples: Samples, rate: float, offset_hz: float, start: int = 0) -> Samples:
    """Turn sample n by 2π·offset_hz·(start + n)/rate: the carrier frequency offset."""
    # The whole turns go before the cosine, so that hours of signal keep their phase.
    turns = np.arange(start, start + len(samples), dtype=np.float64) * (offset_hz / rate) % 1.0
    return _turn(samples, 2 * np.pi * turns)


def phase_walk(
    count: int, rate: float, linewidth: float, random: np.random.Generator, before: float = 0.0
) -> NDArray[np.float64]:
    """The phase of a free-running oscillator, a Wiener process.

    Its spectrum is a Lorentzian: E exp(j(φ(t + τ) - φ(t))) = exp(-π·linewidth·|τ|)
    (Demir et al., "Phase noise in oscillators", 2000).

    Args:
        count: samples N.
        rate: samples a second.
        linewidth: full width of the carrier's line at half its height, in Hz.
        random: where the steps come from.
        before: the phase of the sample before the first.

    Returns:
        (N,) in radians.
    """
    steps = random.standard_normal(count) * math.sqrt(2 * math.pi * linewidth / rate)
    # Summed from `before` on, not added to it, so that pieces give the very same numbers.
    return np.cumsum(np.concatenate([[before], steps]))[1:]


def phase_noise(samples: Samples, phases: NDArray[np.float64]) -> Samples:
    """Turn each sample (N,) by its phase (N,) in radians, as `phase_walk` makes them."""
    return _turn(samples, phases)


def gain(samples: Samples, gain_db: float) -> Samples:
    """Multiply the power by ``gain_db``."""
    return samples * np.float32(10 ** (gain_db / 20))


def iq_imbalance(samples: Samples, gain_db: float, phase_deg: float) -> Samples:
    """A receiver mixer whose quadrature branch has another gain and is not at 90°.

    y = μ·x + ν·x*, μ = (1 + g·e^{-jθ})/2, ν = (1 - g·e^{jθ})/2 (Valkama, Renfors and Koivunen,
    2001); the mirror image lies |μ|²/|ν|² below the signal.

    Args:
        samples: (N,).
        gain_db: g, amplitude of the quadrature branch over the in-phase one.
        phase_deg: θ, by how much the branches miss 90°.
    """
    branch = 10 ** (gain_db / 20) * np.exp(1j * math.radians(phase_deg))
    direct, image = (1 + branch.conjugate()) / 2, (1 - branch) / 2
    mixed = np.complex64(direct) * samples + np.complex64(image) * samples.conj()
    return mixed.astype(np.complex64, copy=False)


def image_rejection_db(gain_db: float, phase_deg: float) -> float:
    """|μ|²/|ν|² of `iq_imbalance` in dB, infinite for a perfect mixer."""
    g, cosine = 10 ** (gain_db / 20), math.cos(math.radians(phase_deg))
    image = 1 - 2 * g * cosine + g**2
    return math.inf if image <= 0 else 10 * math.log10((1 + 2 * g * cosine + g**2) / image)


def dc_offset(samples: Samples, offset: complex) -> Samples:
    """Add a constant, as the leak of a local oscillator does."""
    return samples + np.complex64(offset)


def clip(samples: Samples, level_db: float, power: float = 1.0) -> Samples:
    """Limit the envelope and keep the phase: a soft limiter, the ideal saturated amplifier.

    Args:
        samples: (N,).
        level_db: the largest |x|² over ``power``, in dB.
        power: mean |x|² of the signal while it is on.
    """
    limit = np.float32(math.sqrt(power * 10 ** (level_db / 10)))
    envelope = np.abs(samples)
    return np.where(envelope > limit, samples * (limit / np.maximum(envelope, limit)), samples)


def _turn(samples: Samples, phases: NDArray[np.float64]) -> Samples:
    return samples * np.exp(1j * phases).astype(np.complex64)
