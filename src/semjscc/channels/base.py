"""A channel is a function of symbols, mean SNR and draws; what a receiver knows of it."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

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
