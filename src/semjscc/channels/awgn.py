"""Channels as functions of symbols, SNR and draws; additive white Gaussian noise."""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from semjscc.channels.units import noise_variance
from semjscc.randomness import Draws


@dataclass(frozen=True)
class ChannelKnowledge:
    """What the receiver knows of the channel (``csi=rx``).

    Attributes:
        gain: complex gain h, (B,) or (B, k), complex64.
        noise_variance: N0, (B,) or (B, k), float32; infinite for an erased symbol.
    """

    gain: Tensor
    noise_variance: Tensor


class Channel(Protocol):
    """A channel: symbols (B, k) complex64 in, received ones and what is known of them out."""

    def __call__(
        self, symbols: Tensor, snr_db: float, draws: Draws
    ) -> tuple[Tensor, ChannelKnowledge]:
        """Pass the symbols at a mean SNR in dB; the noise follows from ``draws``."""
        ...


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


CHANNELS: dict[str, Channel] = {"awgn": awgn}
"""The channels by the names the command line takes."""
