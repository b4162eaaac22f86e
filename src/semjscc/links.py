"""Transmission schemes: a transmitter and a receiver with the channel between them.

Evaluation, reports and the command line know only `Link`; a new scheme is one new link. Shapes:
B images of H x W pixels, k complex symbols, M classes.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from semjscc.channels.awgn import Channel, ChannelKnowledge
from semjscc.channels.units import noise_variance
from semjscc.checkpoint import WEIGHTS, locate, read_metadata
from semjscc.codecs.bandwidth import channel_uses
from semjscc.codecs.base import Codec
from semjscc.codecs.store import load_codec
from semjscc.errors import UserError
from semjscc.images import quantise
from semjscc.randomness import Draws

CODEC_ID_BITS = 8
SIDE_BITS = 16
RATIO_BITS = 8


@dataclass(frozen=True)
class Control:
    """What the receiver must be told of one image besides the symbols.

    In symbol simulation it arrives without error, and its size stands in every result.
    """

    codec: str
    height: int
    width: int
    ratio: Fraction

    def to_bits(self) -> int:
        """Its length: codec, height, width and ratio in fixed fields."""
        return CODEC_ID_BITS + 2 * SIDE_BITS + RATIO_BITS


@dataclass(frozen=True)
class Transmission:
    """What the transmitter hands to the channel.

    Attributes:
        symbols: (B, k) complex64 of mean power 1.
        control: one record for each image.
    """

    symbols: Tensor
    control: tuple[Control, ...]


@dataclass(frozen=True)
class Received:
    """What the receiver makes of it.

    Attributes:
        images: (B, 3, H, W) float32, clamped and rounded to 8 bits, or None.
        outputs: (B, M), a task result that came without an image, or None.
        delivered: (B,) bool, False where a decoder knows that it failed.
        channel_uses: complex symbols spent on each image.
        control_bits: side information of each image.
    """

    images: Tensor | None
    outputs: Tensor | None
    delivered: Tensor
    channel_uses: int
    control_bits: int


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
        received, knowledge = self.channel(symbols, self.snr_db, self.draws)
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
        """The bandwidth ratio to take where the user names none."""
        return Fraction(1, 24)

    def facts(self) -> dict[str, Any]:
        """What results and tables say of the link, as plain data."""
        return {"name": self.name}


class NoChannel(Link):
    """The images arrive as they were: the upper end of every comparison."""

    name = "none"

    def send(self, images: Tensor, situation: Situation) -> Received:
        """Only rounded to 8 bits."""
        del situation
        delivered = torch.ones(len(images), dtype=torch.bool)
        return Received(quantise(images), None, delivered, channel_uses=0, control_bits=0)


class CodecLink(Link):
    """A neural codec around the channel."""

    def __init__(self, name: str, codec: Codec, facts: dict[str, Any] | None = None) -> None:
        self.name = name
        self.codec = codec.eval()
        self._facts = facts or {}

    @property
    def default_ratio(self) -> Fraction:
        """The smallest there are weights for."""
        return min(self.codec.ratios)

    def facts(self) -> dict[str, Any]:
        """The model card that came with the weights."""
        return {"name": self.name, **self._facts}

    @torch.inference_mode()
    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        """Encode for a believed SNR in dB."""
        height, width = images.shape[-2:]
        symbols = self.codec.encode(images, images.new_full((len(images),), snr_db), ratio)
        control = Control(self.codec.name, height, width, ratio)
        return Transmission(symbols, (control,) * len(images))

    @torch.inference_mode()
    def receive(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: tuple[Control, ...]
    ) -> Received:
        """Equalise with y·h*/|h|², noise N0/|h|², and decode; one size and ratio a call."""
        size, ratio = (control[0].height, control[0].width), control[0].ratio
        gain, variance = _columns(knowledge.gain), _columns(knowledge.noise_variance)
        strength = gain.abs().square()
        images = self.codec.decode(
            symbols * gain.conj() / strength, variance / strength, ratio, size
        )
        return Received(
            quantise(images),
            None,
            torch.ones(len(images), dtype=torch.bool),
            channel_uses=channel_uses(*size, ratio),
            control_bits=control[0].to_bits(),
        )

    def send(self, images: Tensor, situation: Situation) -> Received:
        """Transmit, pass the channel, receive."""
        sent = self.transmit(images, situation.ratio, situation.believed_snr_db)
        symbols, knowledge = situation.pass_symbols(sent.symbols)
        return self.receive(symbols, knowledge, sent.control)


def _columns(values: Tensor) -> Tensor:
    """One value for each image (B,) as (B, 1), one for each symbol (B, k) as it is."""
    return values[:, None] if values.ndim == 1 else values


def shipped_schemes(family: str) -> list[str]:
    """Names of the schemes that have weights in a family, such as ``signs``."""
    return sorted(
        file.stem.removeprefix(f"{family}-")
        for file in WEIGHTS.glob(f"{family}-*.safetensors")
        if read_metadata(file)["kind"] == "codec"
    )


def open_link(name: str, family: str) -> Link:
    """A link by the name of its scheme, or from a checkpoint.

    Args:
        name: ``none``, a scheme with weights in the family (``djscc``, ``semantic``), or the path
            of a checkpoint or a run's folder.
        family: which shipped weights to use.

    Raises:
        UserError: there is no such link.
    """
    if name == NoChannel.name:
        return NoChannel()
    if name in shipped_schemes(family):
        return CodecLink(name, *load_codec(WEIGHTS / f"{family}-{name}.safetensors"))
    if Path(name).exists():
        codec, facts = load_codec(locate(name))
        return CodecLink(name, codec, facts)
    known = ", ".join([NoChannel.name, *shipped_schemes(family)])
    raise UserError(f"no link '{name}' for {family}: there are {known}, or a checkpoint's path")
