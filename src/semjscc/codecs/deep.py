"""A codec for photographs: patches of 16 x 16, all SNRs, any ratio from 1/384 to 1/6.

    image ─► 16 x 16 DCT ─► water-filling ──────(+)─► first numbers of each patch ─► symbols
      └────► network ────────────────────────────┘
    symbols ─► latent ─► linear estimate ─► inverse DCT ──(+)─► image'
                 └─────────────► network ◄────────┘ └──────┘

The linear path is the link `linear`: the strongest coefficients of each block, with the power that
suits their variance in photographs. Beside it stand networks that begin by saying nothing, so that
an untrained codec is `linear`. Everything is done on an image of gain 1; the gain travels beside
the symbols, with the SNR that the sender reckoned with.

Each patch has a depth of its own: how many of its numbers are sent. The first of them matter most.
"""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.channels.units import noise_variance
from semjscc.codecs.bandwidth import channel_uses, latent_depth, latent_size, parse_ratio
from semjscc.codecs.base import Codec, Encoded, Side
from semjscc.codecs.deep_networks import Decoder, Encoder
from semjscc.codecs.depths import sent, uniform_depths
from semjscc.codecs.symbols import normalise_power
from semjscc.images import pad_to_multiple
from semjscc.linear.allocation import amplitudes, estimate
from semjscc.linear.level import design_snr
from semjscc.linear.spectrum import gain, mean_colour, variances
from semjscc.linear.transform import BLOCK, analyse, synthesise

RATIOS = ("1/384", "1/192", "1/96", "1/48", "1/24", "1/12", "1/6")
SNR_RANGE_DB = (-5, 20)
SMALLEST_GAIN = 2.0**-7
"""Of a picture of one colour: about a grey level of contrast."""


class Deep(Codec):
    """One network for SNRs from −5 to 20 dB and all ratios up to the largest of ``ratios``.

    Args:
        ratios: bandwidth ratios to train at, as text; the largest decides the latent depth D.
        width: channels at an eighth of the image's side; a sixteenth has twice as many.
        encoder_blocks: at an eighth and at a sixteenth.
        decoder_blocks: at a quarter, an eighth and a sixteenth.
    """

    name: ClassVar[str] = "deep"
    any_ratio: ClassVar[bool] = True

    def __init__(
        self,
        ratios: Sequence[str] = RATIOS,
        width: int = 96,
        encoder_blocks: Sequence[int] = (2, 3),
        decoder_blocks: Sequence[int] = (1, 2, 4),
    ) -> None:
        super().__init__()
        self.ratios = tuple(sorted(parse_ratio(ratio) for ratio in ratios))
        self.snr_range_db = (float(SNR_RANGE_DB[0]), float(SNR_RANGE_DB[1]))
        self.depth = latent_depth(self.ratios[-1], BLOCK)
        self.encoder = Encoder(width, encoder_blocks, self.depth)
        self.decoder = Decoder(width, decoder_blocks, self.depth)

    def encode(
        self, images: Tensor, snr_db: Tensor, ratio: Fraction, depths: Tensor | None = None
    ) -> Encoded:
        """As `Codec.encode`.

        Args:
            images: (B, 3, H, W), float32 in [0, 1].
            snr_db: (B,), the mean SNR that the sender believes in, in dB.
            ratio: the nominal bandwidth ratio.
            depths: (B, h, w) int64 numbers that each patch sends, 2k in all; None for all alike.
        """
        self.check(snr_db, ratio)
        told, depths = depths, self._depths(images.shape, ratio) if depths is None else depths
        design = design_snr(snr_db.clamp(*self.snr_range_db))
        padded = pad_to_multiple(images, BLOCK)
        coefficients = analyse(padded)
        level = picture_gain(coefficients)
        linear = self._amplitudes(design, depths) * _scale(coefficients[:, : self.depth], 1 / level)
        centred = _scale(padded - mean_colour().to(padded)[:, None, None], 1 / level)
        latent = linear + self.encoder(centred, _situation(depths, design, level))
        numbers = latent[sent(depths, self.depth)].reshape(len(images), -1, 2).float()
        symbols = normalise_power(torch.view_as_complex(numbers))
        # What the receiver must multiply by: half of the power is in each of a symbol's numbers.
        power = numbers.square().mean(dim=(1, 2)).clamp(min=1e-12)
        return Encoded(symbols, Side(level * power.sqrt(), design, told))

    def decode(
        self,
        symbols: Tensor,
        noise_variance: Tensor,
        ratio: Fraction,
        size: tuple[int, int],
        side: Side | None = None,
    ) -> Tensor:
        """As `Codec.decode`.

        Raises:
            ValueError: without the side information that `encode` gave.
        """
        if side is None:
            raise ValueError("deep needs the side information of its encoder")
        self.check(None, ratio)
        depths = side.depths
        if depths is None:
            depths = self._depths((len(symbols), 3, *size), ratio)
        mask = sent(depths, self.depth)
        # Numbers of power 1, so that each has the noise N0.
        numbers = 2**0.5 * torch.view_as_real(torch.where(_erased(noise_variance), 0, symbols))
        zero = numbers.new_zeros(mask.shape)
        latent = zero.masked_scatter(mask, numbers)
        noise = _columns(noise_variance).expand(symbols.shape)
        noise = (zero + torch.inf).masked_scatter(mask, noise[..., None].expand(numbers.shape))
        amplitude = self._amplitudes(side.snr_db, depths)
        spectrum = variances().to(latent)[: self.depth, None, None]
        guess = synthesise(estimate(latent, amplitude, spectrum, noise))
        colour = mean_colour().to(guess)[:, None, None]
        weights = 1 / (1 + noise)
        situation = _situation(depths, _mean_snr(noise_variance), side.gain)
        added = self.decoder(latent * weights, weights, guess - colour, situation)
        decoded = _scale(guess - colour + added, side.gain) + colour
        return decoded[..., : size[0], : size[1]].float()

    def _depths(self, shape: Sequence[int], ratio: Fraction) -> Tensor:
        """All patches alike, for images of a shape (B, 3, H, W): (B, h, w)."""
        count, _, height, width = shape
        numbers = 2 * channel_uses(height, width, ratio)
        return uniform_depths(numbers, *latent_size(height, width, BLOCK)).expand(count, -1, -1)

    def _amplitudes(self, design_db: Tensor, depths: Tensor) -> Tensor:
        """The linear path's factors: (B,) whole dB and (B, h, w) -> (B, D, h, w)."""
        table = _amplitude_table(self.depth).to(design_db.device)
        row = (design_db - SNR_RANGE_DB[0]).long()
        return table[row[:, None, None], depths].permute(0, 3, 1, 2)


@cache
def _amplitude_table(depth: int) -> Tensor:
    """(SNRs, D + 1, D): what each number of a patch is multiplied by, at an SNR and a depth.

    A patch of depth d has power d, so that each number has power 1 in the mean, and noise N0.
    """
    with torch.inference_mode(False):  # kept, and also used where gradients pass
        snr_db = torch.arange(SNR_RANGE_DB[0], SNR_RANGE_DB[1] + 1.0)
        depths = torch.arange(1, depth + 1)
        spectrum = variances()[:depth] * (torch.arange(depth) < depths[:, None])
        noise = noise_variance(snr_db)[:, None]
        table = amplitudes(spectrum.expand(len(snr_db), -1, -1), depths.float(), noise)
        return F.pad(table, (0, 0, 1, 0))


def picture_gain(coefficients: Tensor) -> Tensor:
    """The gain of each picture, never quite zero: (B, 768, h, w) -> (B,)."""
    energies = coefficients.square().mean(dim=(2, 3))
    return gain(energies, variances().to(energies)).clamp(min=SMALLEST_GAIN)


def _situation(depths: Tensor, snr_db: Tensor, level: Tensor) -> Tensor:
    """What the networks are told of each patch, all of about unit range: (B, 3, h, w)."""
    low, high = SNR_RANGE_DB
    snr = (snr_db.clamp(low, high) - (low + high) / 2) / (high - low) * 2
    told = [snr[:, None, None].expand(depths.shape), (depths + 0.5).log2() / 3 - 1.5]
    return torch.stack([*told, level.log()[:, None, None].expand(depths.shape)], dim=1)


def _mean_snr(noise: Tensor) -> Tensor:
    """The mean SNR in dB of the symbols that arrived: (B,) or (B, k) -> (B,)."""
    noise = _columns(noise)
    ratios = torch.where(_erased(noise), 0.0, 1 / noise)
    arrived = (~torch.isinf(noise)).sum(dim=1).clamp(min=1)
    return 10 * torch.log10((ratios.sum(dim=1) / arrived).clamp(min=1e-10))


def _scale(values: Tensor, factors: Tensor) -> Tensor:
    """(B, ...) times one factor for each image (B,)."""
    return values * factors.reshape(-1, *[1] * (values.ndim - 1))


def _columns(noise: Tensor) -> Tensor:
    """One value for each image (B,) as (B, 1), one for each symbol (B, k) as it is."""
    return noise[:, None] if noise.ndim == 1 else noise


def _erased(noise: Tensor) -> Tensor:
    return torch.isinf(_columns(noise))
