"""What a link is: a transmitter and a receiver with the channel between them.

Shapes: B images of H x W pixels, k complex symbols, M classes.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import torch
from torch import Tensor

from semjscc.channels.awgn import awgn
from semjscc.channels.base import Channel, ChannelKnowledge
from semjscc.channels.passing import as_tensor, through_channel
from semjscc.channels.units import noise_variance
from semjscc.codecs.bandwidth import DEFAULT_RATIO, DENOMINATORS, NUMERATORS, channel_uses
from semjscc.errors import UserError, kind_of, printable
from semjscc.images import quantise
from semjscc.linear.level import LEVEL_BITS
from semjscc.linear.planning.announcement import ANNOUNCED_BITS, Announcement
from semjscc.links.check_sent import check_control, check_symbols
from semjscc.randomness import Draws

CODEC_ID_BITS = 8
SIDE_BITS = 15
NUMERATOR_BITS, DENOMINATOR_BITS = (NUMERATORS - 1).bit_length(), (DENOMINATORS - 1).bit_length()
RATIO_BITS = NUMERATOR_BITS + DENOMINATOR_BITS
_REHEARSAL_SEED = 2302_02287


@dataclass(frozen=True)
class Control:
    """What the receiver must be told of one image besides the symbols.

    In symbol simulation it arrives without error, and its size stands in every result.

    Attributes:
        codec: its name, or that of the scheme.
        height: of the image, in pixels.
        width: likewise.
        ratio: the nominal bandwidth ratio.
        level: the picture's, see `semjscc.linear.level`; None where the receiver needs none.
        announced: of the plan, see `semjscc.linear.planning.announcement`; None without one.
        in_order: whether the symbols that are worth most come first, see
            `semjscc.links.joint_coding.progressive`; told by the codec's number.
    """

    codec: str
    height: int
    width: int
    ratio: Fraction
    level: int | None = field(default=None, kw_only=True)
    announced: Announcement | None = field(default=None, kw_only=True)
    in_order: bool = field(default=False, kw_only=True)

    def to_bits(self) -> int:
        """Its length: codec, height, width and ratio, and what else there is, in fixed fields."""
        level = 0 if self.level is None else LEVEL_BITS
        announced = 0 if self.announced is None else ANNOUNCED_BITS
        return CODEC_ID_BITS + 2 * SIDE_BITS + RATIO_BITS + level + announced


@dataclass(frozen=True)
class Transmission:
    """What the transmitter hands to the channel.

    Attributes:
        symbols: (B, k) complex64 of mean power 1.
        control: one record for each image.
    """

    symbols: Tensor
    control: Sequence[Control]


@dataclass(frozen=True)
class Received:
    """What the receiver makes of it.

    Attributes:
        images: (B, 3, H, W) float32, clamped and rounded to 8 bits, or None.
        outputs: (B, M), a task result that came without an image, or None.
        delivered: (B,) bool, False where a decoder knows that it failed.
        channel_uses: complex symbols spent on each image.
        control_bits: side information of each image.
        payload_bits: (B,) int64, what a digital link carried for each image; None for others.
        codec: the name of the codec or source coder at work, None where there is none.
        notes: of each image, in what way it arrived in part only, None where it did not; None where
            the link knows no such way.
        repeated: (B,) int64, symbols that were sent once more since the receiver asked for them,
            beside ``channel_uses``; None for a link that does not ask.
    """

    images: Tensor | None
    outputs: Tensor | None
    delivered: Tensor
    channel_uses: int
    control_bits: int
    payload_bits: Tensor | None = None
    codec: str | None = None
    notes: Sequence[str | None] | None = None
    repeated: Tensor | None = None

    @property
    def note(self) -> str | None:
        """That of the first image."""
        return self.notes[0] if self.notes else None


def received_whole(
    images: Tensor,
    control: Sequence[Control],
    codec: str,
    notes: Sequence[str | None] | None = None,
) -> Received:
    """Of decoded images (B, 3, H, W), which always arrive in some quality."""
    first = control[0]
    return Received(
        quantise(images),
        None,
        torch.ones(len(images), dtype=torch.bool),
        channel_uses=channel_uses(first.height, first.width, first.ratio),
        control_bits=first.to_bits(),
        codec=codec,
        notes=notes,
    )


@dataclass(frozen=True)
class Situation:
    """The channel that a batch of images meets.

    Attributes:
        channel: AWGN or another.
        snr_db: the true mean SNR, Es/N0 in dB.
        ratio: the nominal bandwidth ratio.
        draws: where the noise comes from.
        assumed_snr_db: what both ends believe the SNR to be; the truth where it is None.
    """

    channel: Channel
    snr_db: float
    ratio: Fraction
    draws: Draws
    assumed_snr_db: float | None = None

    @property
    def believed_snr_db(self) -> float:
        """The SNR that sender and receiver reckon with."""
        return self.snr_db if self.assumed_snr_db is None else self.assumed_snr_db

    def pass_symbols(self, symbols: Tensor) -> tuple[Tensor, ChannelKnowledge]:
        """Send symbols (B, k) through; the receiver's noise variance follows its belief."""
        received, knowledge = through_channel(self.channel, symbols, self.snr_db, self.draws)
        if self.assumed_snr_db is not None:
            shift = torch.tensor(self.assumed_snr_db - self.snr_db)
            believed = knowledge.noise_variance * noise_variance(shift)
            knowledge = ChannelKnowledge(knowledge.gain, believed)
        return received, knowledge


class Link(ABC):
    """A transmission scheme."""

    name: str

    @abstractmethod
    def send(self, images: Tensor, situation: Situation) -> Received:
        """Images (B, 3, H, W), float32 in [0, 1], through the channel and back."""

    @property
    def default_ratio(self) -> Fraction:
        """The bandwidth ratio to take where the user names none: the same for all that have it."""
        return DEFAULT_RATIO

    def facts(self) -> dict[str, Any]:
        """What results and tables say of the link, as plain data."""
        return {"name": self.name}


class SymbolLink(Link):
    """A link whose two ends can stand apart, with any channel, or the modem, between them."""

    @abstractmethod
    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        """Images to symbols.

        Args:
            images: (B, 3, H, W), float32 in [0, 1].
            ratio: the nominal bandwidth ratio.
            snr_db: the mean SNR that the sender believes in, in dB.
        """

    @abstractmethod
    def receive(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> Received:
        """Symbols (B, k) as they left the channel to images; one size and ratio a call."""

    def sender_snr_db(self, situation: Situation, size: tuple[int, int]) -> float:
        """The SNR in dB that the sender codes for, with images of a size (H, W)."""
        del size
        return situation.believed_snr_db

    def send(self, images: Tensor, situation: Situation) -> Received:
        """Transmit, pass the channel, receive.

        Raises:
            UserError: as of `sent_by`.
        """
        size = images.shape[-2], images.shape[-1]
        sent = sent_by(self, images, situation.ratio, self.sender_snr_db(situation, size))
        symbols, knowledge = situation.pass_symbols(sent.symbols)
        return self.receive(symbols, knowledge, sent.control)


def sent_by(link: SymbolLink, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
    """What a link's `transmit` makes of images, in complex64.

    Raises:
        UserError: the symbols are not as many, or not of the power, that all links have, or the
            control records not as many as the images.
    """
    said, sent = f"link {printable(link.name)}", link.transmit(images, ratio, snr_db)
    if not isinstance(sent, Transmission):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise UserError(f"{said}: its transmit must give a Transmission, not {kind_of(sent)}")
    symbols = as_tensor(sent.symbols, f"{said} sends symbols", images)
    uses = channel_uses(images.shape[-2], images.shape[-1], ratio)
    check_symbols(link.name, symbols, len(images), uses)
    check_control(link.name, sent.control, Control, len(images))
    return replace(sent, symbols=symbols.to(torch.complex64))


def likely_received(link: SymbolLink, images: Tensor, ratio: Fraction, snr_db: float) -> Tensor:
    """What a receiver is likely to get, as a sender finds out by itself.

    Args:
        link: both ends.
        images: (B, 3, H, W), float32 in [0, 1].
        ratio: the nominal bandwidth ratio.
        snr_db: the mean SNR that the sender believes in, in dB; the noise is white, and the
            sender's own.

    Returns:
        (B, 3, H, W).
    """
    received = link.send(images, Situation(awgn, snr_db, ratio, senders_draws(len(images)))).images
    assert received is not None
    return received


def senders_draws(images: int) -> Draws:
    """Noise of the sender's own, the same for each image, which no evaluation's image meets."""
    return Draws(_REHEARSAL_SEED, [0] * images)
