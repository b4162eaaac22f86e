"""Rayleigh fading: a complex gain h ~ CN(0, 1) before the noise, known to the receiver alone."""

from torch import Tensor

from semjscc.channels.awgn import awgn
from semjscc.channels.base import ChannelKnowledge
from semjscc.randomness import Draws


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
