"""`linear`: the strongest coefficients of each block, as they are, each with the power it deserves.

    image ─► 16 x 16 blocks ─► first d of 768 coefficients ─► · amplitude ─► power 1 ─► channel ─┐
    image' ◄─ blocks ◄─ · gain ◄─ linear estimate of least squared error ◄───────────────────────┘

Nothing is trained and nothing is coded: it is SoftCast (Jakubczak and Katabi 2011, doi
10.1145/2030613.2030648) with one spectrum for all photographs in place of side information, and
small blocks with water-filling (Lee and Petersen 1976) in place of a whole picture's transform. The
picture gets better with the SNR at every SNR, whatever the sender believes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from semjscc.channels.base import ChannelKnowledge
from semjscc.channels.units import noise_variance
from semjscc.codecs.bandwidth import channel_uses
from semjscc.codecs.symbols import normalise_power
from semjscc.images import pad_to_multiple, quantise
from semjscc.linear.allocation import amplitudes, estimate
from semjscc.linear.numbers import Share
from semjscc.linear.scale import (
    GAIN_BITS,
    SNR_BITS,
    gain_index,
    gain_value,
    snr_index,
    snr_value,
)
from semjscc.linear.spectrum import variances
from semjscc.linear.transform import BLOCK, analyse, synthesise
from semjscc.links.base import Control, Received, SymbolLink, Transmission, equalise

LINEAR = "linear"


@dataclass(frozen=True)
class LinearControl(Control):
    """What the receiver must be told of an image that went through linear coding.

    Attributes:
        gain: how strong the picture is, on the scale of `semjscc.linear.scale`.
        snr: what the sender believed the SNR to be, on the scale there.
    """

    gain: int
    snr: int

    def to_bits(self) -> int:
        """Its length, all fields fixed."""
        return super().to_bits() + GAIN_BITS + SNR_BITS


class LinearLink(SymbolLink):
    """Linear coding with the fixed spectrum of photographs."""

    name = LINEAR

    @torch.inference_mode()
    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        """The same places and amplitudes for every image; its gain makes the power 1."""
        size = images.shape[-2], images.shape[-1]
        share, told = _share(size, ratio), snr_index(snr_db)
        sent = _amplitudes(share, told).to(images)
        blocks = analyse(pad_to_multiple(images, BLOCK), share.depth)
        numbers = share.pack(sent[:, None, None] * blocks)
        gains = gain_index(numbers.square().mean(dim=1).sqrt())
        controls = [LinearControl(self.name, *size, ratio, gain, told) for gain in gains.tolist()]
        return Transmission(normalise_power(to_complex(numbers)), controls)

    @torch.inference_mode()
    def receive(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> Received:
        """The least-squares estimate of each coefficient, with its own symbol's noise."""
        told = [one for one in control if isinstance(one, LinearControl)]
        size = told[0].height, told[0].width
        share = _share(size, told[0].ratio)
        equalised, variance = equalise(symbols, knowledge)
        variance = variance.expand(symbols.shape).repeat_interleave(2, dim=1)
        sent = _amplitudes(share, told[0].snr).to(variance)[:, None, None]
        spectrum = variances()[: share.depth].to(variance)[:, None, None]
        guesses = estimate(
            share.unpack(from_complex(equalised)), sent, spectrum, share.unpack(variance)
        )
        gains = gain_value(torch.tensor([one.gain for one in told])).to(guesses)
        images = synthesise(gains[:, None, None, None] * guesses)[..., : size[0], : size[1]]
        return Received(
            quantise(images),
            None,
            torch.ones(len(images), dtype=torch.bool),
            channel_uses=symbols.shape[1],
            control_bits=told[0].to_bits(),
            codec=self.name,
        )


def _share(size: tuple[int, int], ratio: Fraction) -> Share:
    rows, columns = (-(-side // BLOCK) for side in size)
    return Share(2 * channel_uses(*size, ratio), rows, columns)


def _amplitudes(share: Share, snr: int) -> Tensor:
    """For a picture of gain 1, whose numbers then have mean power 1: (D,)."""
    noise = noise_variance(torch.tensor(snr_value(snr)))
    return amplitudes(variances()[: share.depth], share.numbers, noise, share.counts())


def to_complex(numbers: Tensor) -> Tensor:
    """Neighbouring numbers (B, 2k) of mean power 1 as complex symbols (B, k) of mean power 1."""
    return torch.view_as_complex(numbers.float().unflatten(1, (-1, 2)).contiguous()) * 0.5**0.5


def from_complex(symbols: Tensor) -> Tensor:
    """The inverse of `to_complex`; noise of N0 a symbol becomes noise of N0 a number."""
    return torch.view_as_real(symbols).flatten(1) * 2**0.5
