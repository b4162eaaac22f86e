"""Codecs whose latent is a grid of channels, the same number at each position."""

from abc import abstractmethod
from fractions import Fraction
from typing import ClassVar

from torch import Tensor

from semjscc.channels.units import snr_from_noise
from semjscc.codecs.bandwidth import STRIDE, channel_uses, latent_size
from semjscc.codecs.base import Codec, Encoded, Side
from semjscc.codecs.symbols import from_symbols, to_symbols, weigh
from semjscc.images import pad_to_multiple


class GridCodec(Codec):
    """A codec with a latent of C channels at h x w = ⌈H/stride⌉ x ⌈W/stride⌉ positions.

    Numbers of the latent beyond 2k are not sent. Its decoder needs nothing besides the symbols.

    Attributes:
        depth: C, channels of the latent.
    """

    stride: ClassVar[int] = STRIDE
    depth: int

    def encode(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Encoded:
        """Map images to channel symbols, see `Codec.encode`."""
        self.check(snr_db, ratio)
        padded = pad_to_multiple(images, self.stride)
        k = channel_uses(images.shape[-2], images.shape[-1], ratio)
        return Encoded(to_symbols(self._latent(padded, snr_db, ratio), k))

    def decode(
        self,
        symbols: Tensor,
        noise_variance: Tensor,
        ratio: Fraction,
        size: tuple[int, int],
        side: Side | None = None,
    ) -> Tensor:
        """Estimate the images from equalised symbols, see `Codec.decode`."""
        del side
        self.check(None, ratio)
        positions = latent_size(*size, self.stride)
        latent = from_symbols(weigh(symbols, noise_variance), self.depth, *positions)
        decoded = self._image(latent, snr_from_noise(noise_variance), ratio)
        return decoded[..., : size[0], : size[1]].float()

    @abstractmethod
    def _latent(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        """(B, 3, H, W), sides divisible by the stride -> (B, C, h, w)."""

    @abstractmethod
    def _image(self, latent: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        """(B, C, h, w), zero where nothing was sent -> (B, 3, stride·h, stride·w)."""
