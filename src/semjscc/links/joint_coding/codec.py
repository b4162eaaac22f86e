"""The links of joint coding: a neural codec around the channel, and no channel at all."""

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Any

import torch
from torch import Tensor

from semjscc.allocation.sender import Allocation
from semjscc.allocation.tuning import tune
from semjscc.channels.base import ChannelKnowledge
from semjscc.channels.equaliser import equalise
from semjscc.channels.units import noise_variance
from semjscc.codecs.bandwidth import DEFAULT_RATIO
from semjscc.codecs.base import Codec, Side, check_described
from semjscc.codecs.deep import Deep
from semjscc.errors import UserError, kind_of, printable
from semjscc.images import quantise
from semjscc.linear.level import from_words, to_words
from semjscc.linear.planning.announcement import NO_BLOCK, Announcement
from semjscc.links.base import (
    Control,
    Link,
    Received,
    Situation,
    SymbolLink,
    Transmission,
    likely_received,
    received_whole,
)
from semjscc.links.catalogue import NONE
from semjscc.links.policies import check_divides
from semjscc.runtime.devices import device_of


class NoChannel(Link):
    """The images arrive as they were: the upper end of every comparison."""

    name = NONE

    def send(self, images: Tensor, situation: Situation) -> Received:
        """Only rounded to 8 bits."""
        del situation
        delivered = torch.ones(len(images), dtype=torch.bool)
        return Received(quantise(images), None, delivered, channel_uses=0, control_bits=0)


class CodecLink(SymbolLink):
    """A neural codec around the channel."""

    def __init__(
        self,
        name: str,
        codec: Codec,
        facts: dict[str, Any] | None = None,
        *,
        scheme: str | None = None,
        allocation: Allocation | None = None,
    ) -> None:
        """Raises a `UserError` where the codec has no ratios, or cannot divide its symbols so."""
        check_described(f"the codec {printable(codec.name)}", codec)
        if allocation is not None and not isinstance(codec, Deep):
            check_divides(name, codec.name, allocation.policy)
        self.name = name
        self.scheme = scheme or name
        self.codec = codec.eval()
        self._facts = facts or {}
        self._allocation = allocation

    @property
    def default_ratio(self) -> Fraction:
        """That of all links, or the nearest that there are weights for."""
        ratios = self.codec.ratios
        if self.codec.any_ratio:
            return min(DEFAULT_RATIO, ratios[-1])
        return min(ratios, key=lambda ratio: abs(math.log(ratio / DEFAULT_RATIO)))

    def facts(self) -> dict[str, Any]:
        """The model card that came with the weights."""
        own = self._allocation.facts() if self._allocation else {}
        return {"name": self.name, **self._facts, **own}

    @torch.inference_mode()
    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        """Encode for a believed SNR in dB, where the codec lies."""
        images = images.to(device_of(self.codec))
        height, width = images.shape[-2:]
        snrs_db = images.new_full((len(images),), snr_db)
        if self._allocation is None or not isinstance(self.codec, Deep):
            encoded = self.codec.encode(images, snrs_db, ratio)
        else:
            plain = CodecLink(self.name, self.codec)
            likely = partial(likely_received, plain, images, ratio, snr_db)
            weights, blind = self._allocation.weights(images, likely), self._allocation.policy.blind
            encoded = self.codec.encode(images, snrs_db, ratio, weights=weights, blind=blind)
        plain = Control(self.codec.name, height, width, ratio)
        told = controls(plain, encoded.side, len(images))
        return self._tuned(Transmission(encoded.symbols, told), images, snr_db)

    def _tuned(self, sent: Transmission, images: Tensor, snr_db: float) -> Transmission:
        """The same with the symbols of each image tuned, if the policy says so."""
        network, rows = None if self._allocation is None else self._allocation.tuned_to, []
        if network is None:
            return sent
        with torch.inference_mode(False):  # gradients will pass what is made here
            # One by one: a sum over a batch has other last bits, which many steps make large.
            for image, symbols, control in zip(images, sent.symbols, sent.control, strict=True):
                block = control.announced.block if control.announced else NO_BLOCK
                receiver = partial(self._reconstruct, control, snr_db)
                first = block.uses(len(symbols))
                rows.append(tune(network, image[None], symbols, first, snr_db, receiver))
        return Transmission(torch.stack(rows), sent.control)

    def _reconstruct(self, control: Control, snr_db: float, noisy: Tensor) -> Tensor:
        """What is made of one image's symbols (k,) before clamping; gradients pass."""
        size, side = (control.height, control.width), told_side([control], noisy.device)
        variance = noise_variance(torch.tensor([snr_db], device=noisy.device))
        return self.codec.decode(noisy[None], variance, control.ratio, size, side)

    @torch.inference_mode()
    def receive(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> Received:
        """Equalise and decode, where the codec lies."""
        symbols = symbols.to(device_of(self.codec))
        size, ratio = (control[0].height, control[0].width), control[0].ratio
        equalised, variance = equalise(symbols, knowledge)
        side = told_side(control, symbols.device)
        images = self.codec.decode(equalised, variance, ratio, size, side)
        check_decoded(self.codec.name, images, (len(symbols), 3, *size))
        return received_whole(images, control, self.codec.name)


def check_decoded(codec: str, images: object, shape: tuple[int, ...]) -> None:
    """Refuse what no image can be made of.

    Args:
        codec: its name, for the message.
        images: what it decoded.
        shape: (B, 3, H, W), which it must have.

    Raises:
        UserError: it is no such tensor, or has nan in it, which would become black.
    """
    said = f"codec {printable(codec)} gave"
    if not isinstance(images, Tensor) or images.is_complex():
        what = "complex numbers" if isinstance(images, Tensor) else kind_of(images)
        raise UserError(f"{said} {what}: its decode must give a tensor of real numbers")
    if tuple(images.shape) != shape:
        raise UserError(f"{said} images of shape {tuple(images.shape)}, not {shape}")
    if bool(images.amax().isnan()):  # one pass, for the largest is nan if any is
        raise UserError(f"{said} nan: its weights or its arithmetic are at fault")


def controls(plain: Control, side: Side | None, count: int) -> tuple[Control, ...]:
    """The records of a batch of images, with what their codec tells of each."""
    if side is None:
        return (plain,) * count
    words = to_words(side.gain, side.snr_db)
    announced = [told for told in side.told if isinstance(told, Announcement)]
    return tuple(
        replace(plain, level=word, announced=one)
        for word, one in zip(words, announced, strict=True)
    )


def told_side(records: Sequence[Control], device: torch.device) -> Side | None:
    """The inverse, to what the records can tell."""
    levels = [one.level for one in records if one.level is not None]
    announced = [one.announced for one in records if one.announced is not None]
    if not levels:
        return None
    gain, snr_db = from_words(levels)
    return Side(gain.to(device), snr_db.to(device), tuple(announced))
