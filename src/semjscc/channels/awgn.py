"""Additive white Gaussian noise."""

import torch
from torch import Tensor

from semjscc.channels.base import ChannelKnowledge, Ergodic, sender_knows
from semjscc.channels.units import noise_variance
from semjscc.randomness import Draws


@sender_knows(Ergodic(lambda snr_db: snr_db))
def awgn(symbols: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
    """Y = x + n with n ~ CN(0, N0), N0 = 10^(-SNR/10), against symbols of mean power 1.

    The noise does not look at the symbols' actual power: that is the sender's promise.

    Args:
        symbols: (B, k) complex64.
        snr_db: Es/N0 in dB.
        draws: where the noise comes from; the same image sees the same noise, scaled, at any SNR.

    Returns:
        (B, k) complex64, and gain 1 with N0 for each image.

    Raises:
        ValueError: the draws are not for as many images.
    """
    if len(draws.indices) != len(symbols):
        raise ValueError(f"{len(symbols)} images need as many draws, not {len(draws.indices)}")
    variance = noise_variance(torch.tensor(snr_db))
    noise = draws.complex_normal("noise", symbols.shape[1]).to(symbols.device)
    knowledge = ChannelKnowledge(
        gain=torch.ones(len(symbols), dtype=symbols.dtype, device=symbols.device),
        noise_variance=variance.expand(len(symbols)).to(symbols.device),
    )
    return symbols + variance.sqrt() * noise, knowledge
