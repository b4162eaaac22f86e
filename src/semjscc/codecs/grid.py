"""Codecs whose latent is a grid of channels, the same number at each position."""

from abc import abstractmethod
from fractions import Fraction

from torch import Tensor

from semjscc.channels.units import snr_from_noise
from semjscc.codecs.bandwidth import STRIDE, channel_uses, latent_size
from semjscc.codecs.base import Codec, Encoded, Side
from semjscc.codecs.symbols import from_symbols, to_symbols, weigh
from semjscc.errors import UserError, kind_of
from semjscc.images import pad_to_multiple


class GridCodec(Codec):
    """A codec with a latent of C channels at h x w = ⌈H/stride⌉ x ⌈W/stride⌉ positions.

    Numbers of the latent beyond 2k are not sent. Its decoder needs nothing besides the symbols.

    Attributes:
        stride: pixels a side for which the latent has one position; of the class, or set by its
            constructor.
        depth: C, channels of the latent, an even number: `latent_depth(ratio, stride)` of the
            largest ratio is enough.
    """

    stride: int = STRIDE
    depth: int

    def encode(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Encoded:
        """Map images to channel symbols, see `Codec.encode`."""
        self.check(snr_db, ratio)
        padded = pad_to_multiple(images, self.stride)
        k = channel_uses(images.shape[-2], images.shape[-1], ratio)
        latent = self._latent(padded, snr_db, ratio)
        self._check_latent(latent, (images.shape[-2], images.shape[-1]), k)
        return Encoded(to_symbols(latent, k))

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
        _check_real(decoded, f"{self.name}: _image")
        wanted = (len(symbols), 3, *(side * self.stride for side in positions))
        if tuple(decoded.shape) != wanted:
            raise UserError(f"{self.name}: _image gives {tuple(decoded.shape)}, not {wanted}")
        return decoded[..., : size[0], : size[1]].float()

    def _check_latent(self, latent: Tensor, size: tuple[int, int], k: int) -> None:
        """Refuse what a class of the user's own may get wrong.

        Raises:
            UserError: the latent has another shape than the stride and the depth say, or fewer
                numbers than the k symbols of images of a size (H, W) hold.
        """
        _check_real(latent, f"{self.name}: _latent")
        rows, columns = latent_size(*size, self.stride)
        if tuple(latent.shape[1:]) != (self.depth, rows, columns):
            raise UserError(
                f"{self.name}: _latent gives {tuple(latent.shape[1:])} for an image, not "
                f"{(self.depth, rows, columns)}, its depth and ⌈side/{self.stride}⌉"
            )
        if self.depth % 2 or self.depth // 2 * rows * columns < k:
            raise UserError(
                f"{self.name}: a latent of {self.depth} channels does not hold the symbols: it has "
                "an even number of them, see latent_depth(ratio, stride)"
            )

    @abstractmethod
    def _latent(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        """(B, 3, H, W), sides divisible by the stride -> (B, C, h, w)."""

    @abstractmethod
    def _image(self, latent: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        """(B, C, h, w), zero where nothing was sent -> (B, 3, stride·h, stride·w)."""


def _check_real(values: object, said: str) -> None:
    """Refuse what is no tensor of real numbers.

    Raises:
        UserError: it is none; ``said`` is the message's beginning.
    """
    if not isinstance(values, Tensor):
        raise UserError(f"{said} gives {kind_of(values)}: it must be a tensor")
    if values.is_complex():
        raise UserError(
            f"{said} gives complex numbers: they must be real, of which two become one symbol"
        )
