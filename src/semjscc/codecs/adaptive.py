"""One network for every SNR and every bandwidth ratio: the codec that ships.

    encoder  conv5 w /2 ─ res ─◉─► conv3 2w /2 ─ res ─◉─► res ─◉─► conv3 16 ─(+)─► first C(R)
               └─────────────────── 4 x 4 blocks, 16 coefficients ───────────┘    channels
    decoder  16, zeros above C(R) ─► conv3 2w ─ res ─◉─► res ─◉─► conv3 ·2 w ─ res ─◉─► conv3 ·2 3
               └────────────────────────────── 4 x 4 blocks ──────────────────────────────────(+)─►

◉ is an attention feature module (ADJSCC, Xu et al. 2021, arXiv 2012.00533): it scales the channels
by what it sees in their mean over the whole image, in the SNR and, here, in the ratio. Between two
of them stand only convolutions, so that large images run in tiles with the same result. The path
below is linear; untrained, the codec is that path alone, a transform coder.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from semjscc.codecs.bandwidth import STRIDE, latent_depth, parse_ratio
from semjscc.codecs.base import channels_last
from semjscc.codecs.blocks import block_transform
from semjscc.codecs.grid import GridCodec
from semjscc.codecs.tiles import in_tiles

SLOPE = 0.1
"""Of the leaky rectifiers below zero."""

COEFFICIENT = 0.3
"""About the size of an image's block coefficients, which the channel carries at power 1."""


def _bend(x: Tensor) -> Tensor:
    """Leaky rectifier; a learned slope (PReLU) took a fifth of the training time on a CPU."""
    return F.leaky_relu(x, SLOPE)


class _Residual(nn.Module):
    """x + conv3(bend(conv3(x))), then the bend again."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return _bend(x + self.second(_bend(self.first(x))))


class Attention(nn.Module):
    """Attention feature module: channels scaled by their mean over the image and the condition.

    Args:
        width: channels C.
        conditions: length of the condition, here SNR and ratio.
    """

    def __init__(self, width: int, conditions: int = 2) -> None:
        super().__init__()
        middle = max(1, width // 4)
        self.squeeze = nn.Linear(width + conditions, middle)
        self.excite = nn.Linear(middle, width)
        # Begins as the identity: 2·sigmoid(0) = 1.
        nn.init.zeros_(self.excite.weight)
        nn.init.zeros_(self.excite.bias)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """(B, C, H, W) and (B, conditions) -> (B, C, H, W)."""
        seen = torch.cat([x.mean(dim=(2, 3)).float(), condition], dim=1)
        scale = 2 * torch.sigmoid(self.excite(F.relu(self.squeeze(seen))))
        return x * scale[:, :, None, None].to(x.dtype)


class _Half(nn.Module):
    """Encoder or decoder: a network and, beside it, the linear path it begins as.

    Args:
        segments: the network's convolutional parts, each but the last with an attention feature
            module after it.
        widths: channels after each segment but the last.
        scales: output side over input side of each segment.
        blocks: the linear path, from the same input to the same output.
    """

    def __init__(
        self,
        segments: Sequence[nn.Module],
        widths: Sequence[int],
        scales: Sequence[float],
        blocks: nn.Module,
    ) -> None:
        super().__init__()
        self.segments = nn.ModuleList(segments)
        self.attentions = nn.ModuleList(Attention(width) for width in widths)
        self._scales = tuple(scales)
        convolutions = [part for part in self.modules() if isinstance(part, nn.Conv2d)]
        for convolution in convolutions:
            nn.init.kaiming_normal_(convolution.weight, a=SLOPE)
        # The network begins by saying nothing, and each residual block as the identity.
        nn.init.zeros_(convolutions[-1].weight)
        for part in self.modules():
            if isinstance(part, _Residual):
                nn.init.zeros_(part.second.weight)
            elif isinstance(part, nn.Conv2d) and part.bias is not None:
                nn.init.zeros_(part.bias)
        self.blocks = blocks

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        linear = self.blocks(x)
        for index, (segment, scale) in enumerate(zip(self.segments, self._scales, strict=True)):
            x = in_tiles(segment, x, scale)
            if index < len(self.attentions):
                x = self.attentions[index](x, condition)
        return linear + x


def _analysis(depth: int) -> nn.Module:
    """(B, 3, H, W) -> (B, depth, H/4, W/4), each block's strongest coefficients."""
    blocks = nn.Conv2d(3, depth, STRIDE, STRIDE)
    with torch.no_grad():
        blocks.weight.copy_(block_transform(depth))
    nn.init.zeros_(blocks.bias)  # pyright: ignore[reportArgumentType]
    return blocks


def _synthesis(depth: int) -> nn.Module:
    """(B, depth, h, w) -> (B, 3, 4h, 4w), the way back from coefficients of power 1."""
    blocks = nn.ConvTranspose2d(depth, 3, STRIDE, STRIDE)
    with torch.no_grad():
        blocks.weight.copy_(COEFFICIENT * block_transform(depth))
    nn.init.zeros_(blocks.bias)  # pyright: ignore[reportArgumentType]
    return blocks


def _widen(inputs: int, outputs: int, kernel: int) -> nn.Sequential:
    """Convolution to four times the channels, shuffled to twice the side."""
    return nn.Sequential(
        nn.Conv2d(inputs, 4 * outputs, kernel, padding=kernel // 2), nn.PixelShuffle(2)
    )


class Adaptive(GridCodec):
    """One network for SNRs from −5 to 20 dB and for all ratios up to the largest of ``ratios``.

    Below the smallest of them it sends less of what it would send there.

    Args:
        ratios: bandwidth ratios to train at; the largest decides the latent depth.
        width: channels at half the image's side; a quarter has twice as many.
    """

    name: ClassVar[str] = "adaptive"
    any_ratio: ClassVar[bool] = True

    def __init__(
        self, ratios: tuple[str | float, ...] = ("1/48", "1/24", "1/12", "1/6"), width: int = 48
    ) -> None:
        super().__init__()
        self.ratios = tuple(sorted(parse_ratio(ratio) for ratio in ratios))
        self.snr_range_db = (-5.0, 20.0)
        self.depth = latent_depth(self.ratios[-1])
        w = width
        self.encoder = _Half(
            [
                nn.Sequential(nn.Conv2d(3, w, 5, 2, 2), nn.LeakyReLU(SLOPE), _Residual(w)),
                nn.Sequential(nn.Conv2d(w, 2 * w, 3, 2, 1), nn.LeakyReLU(SLOPE), _Residual(2 * w)),
                _Residual(2 * w),
                nn.Conv2d(2 * w, self.depth, 3, padding=1),
            ],
            widths=(w, 2 * w, 2 * w),
            scales=(0.5, 0.5, 1, 1),
            blocks=_analysis(self.depth),
        )
        self.decoder = _Half(
            [
                nn.Sequential(
                    nn.Conv2d(self.depth, 2 * w, 3, padding=1),
                    nn.LeakyReLU(SLOPE),
                    _Residual(2 * w),
                ),
                _Residual(2 * w),
                nn.Sequential(_widen(2 * w, w, 3), nn.LeakyReLU(SLOPE), _Residual(w)),
                _widen(w, 3, 3),
            ],
            widths=(2 * w, 2 * w, w),
            scales=(1, 1, 2, 2),
            blocks=_synthesis(self.depth),
        )

    def _condition(self, snr_db: Tensor, ratio: Fraction) -> Tensor:
        """(B,) dB and the ratio -> (B, 2), both of about unit range."""
        # Clamped to what was trained: 30 dB is treated like 20.
        low, high = self.snr_range_db
        snr = (snr_db.float().clamp(low, high) - (low + high) / 2) / (high - low) * 2
        share = max(ratio, self.ratios[0]) / self.ratios[-1]
        return torch.stack([snr, torch.full_like(snr, math.log2(share) / 2 + 0.75)], dim=1)

    def _latent(self, images: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        return self.encoder(channels_last(images - 0.5), self._condition(snr_db, ratio))

    def _image(self, latent: Tensor, snr_db: Tensor, ratio: Fraction) -> Tensor:
        return self.decoder(channels_last(latent), self._condition(snr_db, ratio)) + 0.5
