"""The contract of a neural codec: an encoder and a decoder around complex symbols."""

from abc import ABC, abstractmethod
from fractions import Fraction
from typing import ClassVar

import torch
from torch import Tensor, nn

from semjscc.channels.units import snr_from_noise
from semjscc.codecs.bandwidth import STRIDE, channel_uses, latent_size
from semjscc.codecs.symbols import from_symbols, to_symbols, weigh
from semjscc.errors import UserError
from semjscc.images import pad_to_multiple

SMALLEST_RATIO = Fraction(1, 384)
"""Of a codec that takes all ratios up to its largest."""


class Codec(nn.Module, ABC):
    """Images to symbols of power 1 and back; any image size from 16 pixels a side.

    Shapes: B images, H x W pixels, a latent of C channels at h x w = ⌈H/stride⌉ x ⌈W/stride⌉
    positions, k = `channel_uses` complex symbols; numbers of the latent beyond 2k are not sent. The
    encoder and the decoder are modules of their own, so that either can be shipped alone.

    Attributes:
        ratios: the bandwidth ratios that it was trained at, in rising order.
        snr_range_db: lowest and highest SNR that it was trained at.
        depth: C, channels of the latent.
    """

    name: ClassVar[str]
    stride: ClassVar[int] = STRIDE
    any_ratio: ClassVar[bool] = False
    """Whether it takes every ratio from 1/384 to its largest, or only those of ``ratios``."""
    ratios: tuple[Fraction, ...]
    snr_range_db: tuple[float, float]
    depth: int
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
        padded = pad_to_multiple(images, self.stride)
        k = channel_uses(images.shape[-2], images.shape[-1], ratio)
        return self._to_symbols(self._latent(padded, snr_db, ratio), k)

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
        latent = self._from_symbols(weigh(symbols, noise_variance), size)
        decoded = self._image(latent, snr_from_noise(noise_variance), ratio)
        return decoded[..., : size[0], : size[1]].float()

    def check(self, snr_db: Tensor | None, ratio: Fraction) -> None:
        """Refuse what the weights were not trained for.

        Raises:
            UserError: it says what there is.
        """
        del snr_db
        if self.any_ratio and not SMALLEST_RATIO <= ratio <= self.ratios[-1]:
            raise UserError(
                f"no {self.name} weights for ratio {ratio}; there are those for {SMALLEST_RATIO} "
                f"to {self.ratios[-1]}"
            )
        if not self.any_ratio and ratio not in self.ratios:
            known = ", ".join(str(known) for known in self.ratios)
            raise UserError(f"no {self.name} weights for ratio {ratio}; there are {known}")

    @abstractmethod
    def _latent(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        """(B, 3, H, W), sides divisible by the stride -> (B, C, h, w)."""

    @abstractmethod
    def _image(self, latent: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        """(B, C, h, w), zero where nothing was sent -> (B, 3, stride·h, stride·w)."""

    def _to_symbols(self, latent: Tensor, k: int) -> Tensor:
        """(B, C, h, w) -> (B, k) complex64 of power 1: in which order, and what is left out."""
        return to_symbols(latent, k)

    def _from_symbols(self, symbols: Tensor, size: tuple[int, int]) -> Tensor:
        """(B, k), of images of that size (H, W) -> (B, C, h, w), zero where nothing was sent."""
        return from_symbols(symbols, self.depth, *latent_size(*size, self.stride))


def channels_last(images: Tensor) -> Tensor:
    """The memory layout in which convolutions run fastest here."""
    return images.contiguous(memory_format=torch.channels_last)
