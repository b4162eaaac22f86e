"""Rayleigh fading: a complex gain h ~ CN(0, 1) before the noise, known to the receiver alone."""

import math

from torch import Tensor

from semjscc.channels.awgn import awgn
from semjscc.channels.base import ChannelKnowledge, Ergodic, Outage, sender_knows
from semjscc.randomness import Draws


def rayleigh_arrives(snr_db: float, mean_snr_db: float) -> float:
    """The share of images whose own SNR, |h|² times the mean, reaches an SNR: exp(−SNR/mean)."""
    return math.exp(-(10 ** ((snr_db - mean_snr_db) / 10)))


def ergodic_snr(mean_snr_db: float) -> float:
    """The SNR in dB whose capacity is the ergodic capacity of Rayleigh fading at a mean SNR.

    E[log2(1 + |h|²·γ)] = log2(e)·exp(1/γ)·E1(1/γ) (Goldsmith 2005, section 4.2.4).
    """
    from scipy.special import exp1  # slow to import, and for separate coding alone

    inverse = 10 ** (-mean_snr_db / 10)
    # exp(x)·E1(x) tends to 1/(1 + x); the product itself overflows.
    nats = math.exp(inverse) * float(exp1(inverse)) if inverse < 100 else 1 / (1 + inverse)
    return 10 * math.log10(math.expm1(nats))


@sender_knows(Outage(rayleigh_arrives))
def block_rayleigh(symbols: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
    """One gain for all symbols of an image: y = h·x + n, E|h|² = 1.

    Args:
        symbols: (B, k) complex64.
        snr_db: the mean Es/N0 in dB; an image's own is |h|² times that.
        draws: where gain and noise come from, the same for every link and SNR.

    Returns:
        (B, k) complex64, and the gains (B,) with N0 for each image.
    """
    return _fade(symbols, draws.complex_normal("gain", 1)[:, 0], snr_db, draws)


@sender_knows(Ergodic(ergodic_snr))
def fast_rayleigh(symbols: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
    """A gain of its own for each symbol: as `block_rayleigh`, gains (B, k)."""
    return _fade(symbols, draws.complex_normal("gain", symbols.shape[1]), snr_db, draws)


def _fade(
    symbols: Tensor, gain: Tensor, snr_db: float, draws: Draws
) -> tuple[Tensor, ChannelKnowledge]:
    gain = gain.to(symbols.device)
    faded = symbols * (gain if gain.ndim == 2 else gain[:, None])
    received, knowledge = awgn(faded, snr_db, draws)
    return received, ChannelKnowledge(gain, knowledge.noise_variance)
