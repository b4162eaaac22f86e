"""The contract of a neural codec: an encoder and a decoder around complex symbols."""

from abc import ABC, abstractmethod
from fractions import Fraction
from typing import ClassVar

import torch
from torch import Tensor, nn

from semjscc.channels.units import snr_from_noise
from semjscc.codecs.bandwidth import STRIDE, latent_depth, latent_size
from semjscc.codecs.symbols import from_symbols, to_symbols, weigh
from semjscc.errors import UserError
from semjscc.images import pad_to_multiple


class Codec(nn.Module, ABC):
    """Images to symbols of power 1 and back; any image size from 16 pixels a side.

    Shapes: B images, H x W pixels, C latent channels, k = C·⌈H/4⌉·⌈W/4⌉/2 complex symbols. The
    encoder and the decoder are modules of their own, so that either can be shipped alone.
    """

    name: ClassVar[str]
    ratios: tuple[Fraction, ...]
    snr_range_db: tuple[float, float]
    encoder: nn.Module
    decoder: nn.Module

    def encode(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        """Map images to channel symbols.

        Args:
            images: (B, 3, H, W), float32 in [0, 1].
            snr_db: (B,), the mean SNR that the sender believes in, in dB.
            ratio: the nominal bandwidth ratio.

        Returns:
            (B, k) complex64, mean power 1 for each image.

        Raises:
            UserError: the codec has no weights for this ratio or SNR.
        """
        self.check(snr_db, ratio)
        padded = pad_to_multiple(images, STRIDE)
        return to_symbols(self._latent(padded, snr_db, latent_depth(ratio)))

    def decode(
        self, symbols: Tensor, noise_variance: Tensor, ratio: Fraction, size: tuple[int, int]
    ) -> Tensor:
        """Estimate the images from equalised symbols.

        Args:
            symbols: (B, k) complex64.
            noise_variance: N0 of each image (B,) or each symbol (B, k), infinite where erased.
            ratio: the nominal bandwidth ratio.
            size: (height, width) of the images.

        Returns:
            (B, 3, H, W) float32, not yet clamped.

        Raises:
            UserError: the codec has no weights for this ratio.
        """
        self.check(None, ratio)
        depth = latent_depth(ratio)
        latent = from_symbols(weigh(symbols, noise_variance), depth, *latent_size(*size))
        decoded = self._image(latent, snr_from_noise(noise_variance), depth)
        return decoded[..., : size[0], : size[1]].float()

    def check(self, snr_db: Tensor | None, ratio: Fraction) -> None:
        """Refuse what the weights were not trained for.

        Raises:
            UserError: it says what there is.
        """
        del snr_db
        if ratio not in self.ratios:
            known = ", ".join(str(known) for known in self.ratios)
            raise UserError(f"no {self.name} weights for ratio {ratio}; there are {known}")

    @abstractmethod
    def _latent(self, images: Tensor, snr_db: Tensor, depth: int) -> Tensor:
        """(B, 3, H, W), sides divisible by 4 -> (B, depth, H/4, W/4)."""

    @abstractmethod
    def _image(self, latent: Tensor, snr_db: Tensor, depth: int) -> Tensor:
        """(B, depth, h, w) -> (B, 3, 4h, 4w)."""


def channels_last(images: Tensor) -> Tensor:
    """The memory layout in which convolutions run fastest here."""
    return images.contiguous(memory_format=torch.channels_last)
