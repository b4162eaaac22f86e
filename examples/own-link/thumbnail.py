"""A transmission scheme of one's own: a small grey picture, its pixels sent as they are.

    semjscc evaluate --data signs --links djscc,thumbnail:Thumbnail --ratio 1/48 --snr 0,10
        --limit 200 --out out

A link is one class, called without arguments.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.channels import ChannelKnowledge
from semjscc.channels.equaliser import equalise
from semjscc.channels.power import normalise_power
from semjscc.codecs.bandwidth import channel_uses
from semjscc.codecs.symbols import weigh
from semjscc.images import quantise
from semjscc.links import Control, Received, SymbolLink, Transmission


@dataclass(frozen=True)
class Scaled(Control):
    """What the receiver must be told besides the symbols: by how much they were scaled."""

    scale: float

    def to_bits(self) -> int:
        """The scale as a half-precision number."""
        return super().to_bits() + 16


class Thumbnail(SymbolLink):
    """2k grey pixels as the I and Q of k symbols."""

    name = "thumbnail"

    def transmit(self, images: Tensor, ratio: Fraction, snr_db: float) -> Transmission:
        """Shrink until 2k pixels are left; any SNR is served alike."""
        del snr_db
        height, width = images.shape[-2:]
        k = channel_uses(height, width, ratio)
        grey = F.adaptive_avg_pool2d(images.mean(dim=1, keepdim=True), _small(height, width, k))
        pixels = F.pad(grey.flatten(1) - 0.5, (0, 2 * k - grey[0].numel()))
        plain = torch.view_as_complex(pixels.unflatten(1, (k, 2)))
        scales = plain.abs().square().mean(dim=1).sqrt().half().tolist()
        control = [Scaled(self.name, height, width, ratio, scale) for scale in scales]
        return Transmission(normalise_power(plain), control)

    def receive(
        self, symbols: Tensor, knowledge: ChannelKnowledge, control: Sequence[Control]
    ) -> Received:
        """Undo the scale and enlarge."""
        height, width, k = control[0].height, control[0].width, symbols.shape[1]
        told = [one.scale for one in control if isinstance(one, Scaled)]
        plain = weigh(*equalise(symbols, knowledge)) * torch.tensor(told)[:, None]
        rows, columns = _small(height, width, k)
        pixels = torch.view_as_real(plain).flatten(1)[:, : rows * columns] + 0.5
        small = pixels.view(-1, 1, rows, columns).expand(-1, 3, -1, -1)
        images = quantise(F.interpolate(small, (height, width), mode="bicubic"))
        arrived = torch.ones(len(images), dtype=torch.bool)
        return Received(images, None, arrived, k, control[0].to_bits())


def _small(height: int, width: int, k: int) -> tuple[int, int]:
    """The largest size of the image's shape with at most 2k pixels."""
    shrink = (2 * k / (height * width)) ** 0.5
    return int(height * shrink), int(width * shrink)
