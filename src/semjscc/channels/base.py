"""A channel is a function of symbols, mean SNR and draws; what its two ends know of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from semjscc.randomness import Draws

_LEAST_NOISE = 1e-4


@dataclass(frozen=True)
class ChannelKnowledge:
    """What the receiver knows of the channel (``csi=rx``).

    Attributes:
        gain: complex gain h, (B,) or (B, k), complex64.
        noise_variance: N0, (B,) or (B, k), float32; infinite for an erased symbol.
    """

    gain: Tensor
    noise_variance: Tensor


def undisturbed(images: int) -> ChannelKnowledge:
    """Of symbols that have met no channel, as a sender reads back its own: no code is in doubt."""
    gain = torch.ones(images, dtype=torch.complex64)
    return ChannelKnowledge(gain, torch.full((images,), _LEAST_NOISE))


class Channel(Protocol):
    """A channel: symbols (B, k) complex64 in, received ones and what is known of them out."""

    def __call__(
        self, symbols: Tensor, snr_db: float, draws: Draws
    ) -> tuple[Tensor, ChannelKnowledge]:
        """Pass the symbols at a mean SNR in dB; the noise follows from ``draws``."""
        ...


@dataclass(frozen=True)
class Ergodic:
    """What a sender knows of a channel of which every image meets so much that it gets the mean.

    Attributes:
        snr_db: from the mean SNR in dB to that of the AWGN channel with the same mean rate.
    """

    snr_db: Callable[[float], float]


@dataclass(frozen=True)
class Outage:
    """What a sender knows of a channel of which every image meets a piece, good or bad.

    Attributes:
        arrives: from an SNR in dB, and the mean SNR in dB, to the share of images whose piece
            carries as much as an AWGN channel of that SNR.
    """

    arrives: Callable[[float, float], float]


AnyChannel = TypeVar("AnyChannel", bound=Channel)


def sender_knows(known: Ergodic | Outage) -> Callable[[AnyChannel], AnyChannel]:
    """Say what a sender may know of the channel that is defined below."""

    def say(channel: AnyChannel) -> AnyChannel:
        # With its owner: `functools.wraps` copies it to channels of which it may not be true.
        setattr(channel, _SAID, (channel, known))
        return channel

    return say


def said_of(channel: Channel) -> Ergodic | Outage | None:
    """What a channel says of itself to a sender; None where it says nothing."""
    owner, known = getattr(channel, _SAID, (None, None))
    return known if owner is channel else None


_SAID = "_sender_knows"
