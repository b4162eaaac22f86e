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
from torch.nn import functional as F

from semjscc.channels.base import ChannelKnowledge
from semjscc.channels.equaliser import equalise
from semjscc.channels.power import normalise_power
from semjscc.channels.units import noise_variance
from semjscc.codecs.bandwidth import channel_uses, latent_size
from semjscc.images import pad_to_multiple
from semjscc.linear.allocation import amplitudes, estimate
from semjscc.linear.depths import sent, uniform_depths
from semjscc.linear.level import design_snr, from_words, to_words
from semjscc.linear.spectrum import variances
from semjscc.linear.symbols import from_complex, to_complex
from semjscc.linear.transform import BLOCK, COEFFICIENTS, analyse, synthesise
from semjscc.links.base import Control, Received, SymbolLink, Transmission, received_whole


class LinearLink(SymbolLink):
    """Linear coding with the fixed spectrum of photographs.

    Each block sends the same number of coefficients, some one more. Two numbers, of neighbouring
    blocks, are one symbol. The spectrum is part of the link, so that results know when it changes.
    """

    name = "linear"

    def __init__(self) -> None:
        self._spectrum = variances()

    @torch.inference_mode()
    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        """The same places and amplitudes for every image; its gain makes the power 1."""
        size = images.shape[-2], images.shape[-1]
        design_db = design_snr(torch.tensor(snr_db))
        room = self._room(size, ratio, float(design_db))
        blocks = analyse(pad_to_multiple(images, BLOCK), len(room.amplitudes))
        numbers = room.pack(room.amplitudes.to(blocks)[:, None, None] * blocks)
        gains = numbers.square().mean(dim=1).sqrt()
        words = to_words(gains, design_db.expand(len(images)).to(gains.device))
        control = [Control(self.name, *size, ratio, level=word) for word in words]
        return Transmission(normalise_power(to_complex(numbers)), control)

    @torch.inference_mode()
    def receive(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> Received:
        """The least-squares estimate of each coefficient, with its own symbol's noise."""
        images = self.estimate(symbols, knowledge, control)
        return received_whole(images, control, self.name)

    @torch.inference_mode()
    def estimate(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> Tensor:
        """What `receive` makes of it before clamping and rounding: (B, 3, H, W) float32."""
        size, ratio = (control[0].height, control[0].width), control[0].ratio
        gains, design_db = from_words([one.level or 0 for one in control])
        room = self._room(size, ratio, float(design_db[0]))
        equalised, variance = equalise(symbols, knowledge)
        noise = variance.expand(symbols.shape).repeat_interleave(2, dim=1)
        guesses = estimate(
            room.unpack(from_complex(equalised)),
            room.amplitudes.to(noise)[:, None, None],
            self._spectrum[: len(room.amplitudes)].to(noise)[:, None, None],
            room.unpack(noise),
        )
        images = synthesise(gains.to(guesses)[:, None, None, None] * guesses)
        return images[..., : size[0], : size[1]]

    def _room(self, size: tuple[int, int], ratio: Fraction, design_db: float) -> "Room":
        rows, columns = latent_size(*size, BLOCK)
        numbers = 2 * channel_uses(*size, ratio)
        depths = uniform_depths(min(numbers, COEFFICIENTS * rows * columns), rows, columns)
        places = sent(depths[None], int(depths.max()))[0]
        noise = noise_variance(torch.tensor(design_db))
        spectrum, counts = self._spectrum[: len(places)], places.sum(dim=(1, 2)).float()
        return Room(numbers, places, amplitudes(spectrum, numbers, noise, counts))


@dataclass(frozen=True)
class Room:
    """Which coefficients have room, and how strong; of a picture of gain 1 with mean power 1.

    Numbers stand coefficient by coefficient, each in all blocks row by row. Where there are more
    numbers than coefficients the last ones stay empty.

    Attributes:
        numbers: 2k, real numbers of the picture.
        places: (D, h, w) bool, those that are sent.
        amplitudes: (D,).
    """

    numbers: int
    places: Tensor
    amplitudes: Tensor

    def pack(self, coefficients: Tensor) -> Tensor:
        """Coefficients (B, D, h, w) -> numbers (B, 2k)."""
        packed = coefficients[:, self.places.to(coefficients.device)]
        return F.pad(packed, (0, self.numbers - packed.shape[1]))

    def unpack(self, numbers: Tensor) -> Tensor:
        """The inverse, zero where nothing is sent: (B, 2k) -> (B, D, h, w)."""
        coefficients = numbers.new_zeros(len(numbers), *self.places.shape)
        places = self.places.to(numbers.device)
        coefficients[:, places] = numbers[:, : int(places.sum())]
        return coefficients
