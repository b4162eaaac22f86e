"""Encoder and decoder of a codec as networks of real numbers, which ONNX can hold.

What is complex, and what follows from the number of symbols, is the runner's: see `runner`.
"""

from copy import deepcopy
from fractions import Fraction

import torch
from torch import Tensor, nn

from semjscc.codecs.adaptive import Adaptive
from semjscc.codecs.bandwidth import SMALLEST_RATIO
from semjscc.codecs.base import Codec
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.errors import UserError, printable
from semjscc.export.convolutions import without_transposed
from semjscc.export.ends import End, Ends

Exportable = Adaptive | DeepJSCC
"""The codecs that can be exported."""


def exportable(codec: Codec) -> Exportable:
    """The codec, if its networks alone decide what it sends.

    Raises:
        UserError: it is of another kind.
    """
    if not isinstance(codec, Adaptive | DeepJSCC):
        raise UserError(f"the codec {printable(codec.name)} cannot be exported")
    return codec


class _Fixed(nn.Module):
    """An end of `DeepJSCC`, for which SNR and ratio are what they are."""

    def __init__(self, end: nn.Module) -> None:
        super().__init__()
        self.end = end

    def forward(self, x: Tensor, snr_db: Tensor, ratio: Tensor) -> Tensor:
        del snr_db, ratio
        return self.end(x)


class _Conditioned(nn.Module):
    """An end of `Adaptive`, with what the codec computes outside its networks.

    Args:
        codec: whose end it is.
        end: the encoder or the decoder.
        before: what is added to the input.
        after: what is added to the output.
    """

    def __init__(self, codec: Adaptive, end: nn.Module, before: float, after: float) -> None:
        super().__init__()
        self.end, self._before, self._after = end, before, after
        self._low, self._high = codec.snr_range_db
        self._smallest, self._largest = float(codec.ratios[0]), float(codec.ratios[-1])

    def forward(self, x: Tensor, snr_db: Tensor, ratio: Tensor) -> Tensor:
        middle, span = (self._low + self._high) / 2, self._high - self._low
        snr = (snr_db.clamp(self._low, self._high) - middle) / span * 2
        share = ratio.clamp(min=self._smallest) / self._largest
        condition = torch.stack([snr, share.log2() / 2 + 0.75], dim=1)
        x = x + self._before if self._before else x
        made = self.end(x, condition)
        return made + self._after if self._after else made


def ends_of(codec: Exportable) -> Ends:
    """Copies of a codec's two ends, in eval mode, without transposed convolutions.

    The encoder takes images (B, 3, H, W) in [0, 1], sides divisible by the stride, and gives the
    latent (B, C, h, w); the decoder takes that, zero where nothing was sent, and gives images, not
    clamped. Both take snr_db (B,) and ratio (B,).
    """
    encoder, decoder = (
        without_transposed(deepcopy(end)).float() for end in (codec.encoder, codec.decoder)
    )
    if isinstance(codec, Adaptive):
        encoder = _Conditioned(codec, encoder, before=-0.5, after=0)
        decoder = _Conditioned(codec, decoder, before=0, after=0.5)
    else:
        encoder, decoder = _Fixed(encoder), _Fixed(decoder)
    return Ends(
        _end(encoder, ("image", "latent"), 3, codec.stride),
        _end(decoder, ("latent", "image"), codec.depth, 1),
    )


def _end(network: nn.Module, names: tuple[str, str], channels: int, scale: int) -> End:
    taken, made = names
    one, two = (
        {
            taken: torch.rand(count, channels, scale * rows, scale * columns),
            "snr_db": torch.linspace(-9.0, 25.0, count),
            "ratio": torch.linspace(0.01, 0.08, count),
        }
        for count, rows, columns in ((1, 10, 12), (2, 7, 5))
    )
    return End(network.eval(), one, two, made, any_size=True)


def range_of_ratios(codec: Exportable) -> tuple[Fraction, Fraction]:
    """The smallest and the largest bandwidth ratio; where they are one there is no other."""
    first, last = codec.ratios[0], codec.ratios[-1]
    return (min(SMALLEST_RATIO, first) if codec.any_ratio else first), last


def metadata_of(codec: Exportable) -> dict[str, str]:
    """What the ONNX files say of themselves, which the runner reads."""
    return {
        "codec": codec.name,
        "stride": str(codec.stride),
        "depth": str(codec.depth),
        "ratios": " ".join(map(str, range_of_ratios(codec))),
        "snr_range_db": " ".join(f"{snr:g}" for snr in codec.snr_range_db),
    }
