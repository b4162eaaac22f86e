"""AWGN of which a part never arrives, as the receiver knows: a lost tail, or lost packets.

`Cut` ends a transmission early, and shows what a prefix of it is worth. `Bursts` loses packets of
neighbouring symbols. An erased symbol is 0 and has infinite noise.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from semjscc.channels.awgn import awgn
from semjscc.channels.base import ChannelKnowledge
from semjscc.randomness import Draws

PACKET = 64
"""Symbols of a packet; the last one of an image may be shorter."""


@dataclass(frozen=True)
class Cut:
    """AWGN, and the transmission ends after a share of its symbols.

    Attributes:
        share: of the k symbols, above 0 and at most 1; rounded up, so that one arrives.
    """

    share: Fraction

    def __call__(
        self, symbols: Tensor, snr_db: float, draws: Draws
    ) -> tuple[Tensor, ChannelKnowledge]:
        """As `awgn` with the same noise: (B, k) complex64, gain (B,) and N0 (B, k)."""
        lost = torch.arange(symbols.shape[1]) >= math.ceil(self.share * symbols.shape[1])
        return _erased(symbols, snr_db, draws, lost.expand(symbols.shape))


@dataclass(frozen=True)
class Bursts:
    """AWGN, and packets of `PACKET` neighbouring symbols are lost, each on its own.

    Attributes:
        probability: of a packet to be lost, from 0 to 1.
    """

    probability: Fraction

    def __call__(
        self, symbols: Tensor, snr_db: float, draws: Draws
    ) -> tuple[Tensor, ChannelKnowledge]:
        """As `awgn` with the same noise: (B, k) complex64, gain (B,) and N0 (B, k).

        An image loses the same packets on every link and at every SNR, and with a higher
        probability those and others.
        """
        count = math.ceil(symbols.shape[1] / PACKET)
        # |x|² of CN(0, 1) is exponential, so that this is uniform from 0 to 1.
        drawn = torch.exp(-draws.complex_normal("packets", count).abs().square())
        lost = (drawn < float(self.probability)).repeat_interleave(PACKET, dim=1)
        return _erased(symbols, snr_db, draws, lost[:, : symbols.shape[1]])


def _erased(
    symbols: Tensor, snr_db: float, draws: Draws, lost: Tensor
) -> tuple[Tensor, ChannelKnowledge]:
    """What AWGN makes of symbols (B, k), some of them lost (B, k)."""
    received, knowledge = awgn(symbols, snr_db, draws)
    lost = lost.to(symbols.device)
    variance = torch.where(lost, math.inf, knowledge.noise_variance[:, None])
    return received.masked_fill(lost, 0), ChannelKnowledge(knowledge.gain, variance)
