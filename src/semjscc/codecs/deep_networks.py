"""The networks of the codec `deep`: what they add to its linear path.

    encoder  image ÷8 ─► 1x1 w ─ block ×n ─ ÷2 ─► 1x1 2w ─► (+) ─ block ×m ─► 1x1 D
             heights ─► 1x1 2w ──────────────────────────────┘
    decoder  values, shares, heights ─► 1x1 2w ─ block ×m ─ ·2 ─► (+) ─ block ×n ─ ·2 ─► (+) ─ ...
             linear image ÷8 ─► 1x1 w ───────────────────────────┘                        │
             linear image ÷4 ─► 3x3 w/2 ──────────────────────────────────────────────────┘
             ... residual ─ ·4 ─►

÷s and ·s move squares of s x s pixels into channels and back. A block is that of ConvNeXt (Liu et
al. 2022, arXiv 2201.03545): a depthwise convolution, then a network at each position, which the
condition (SNR, depth, gain, doubt) scales and shifts. Nearly all work is done at an eighth and a
sixteenth of the image's side. All is convolution: nothing pools over the image, so that large
images run in tiles.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from semjscc.codecs.base import channels_last
from semjscc.codecs.tiles import in_tiles

KERNEL = 7
EXPANSION = 4
CONDITION = 32
"""Channels of the embedded condition."""
CONDITIONS = 4
"""SNR, depth, gain and doubt."""
SMALL = 0.1
"""Size of a block's first contribution beside what passes it by."""
SLOPE = 0.1
"""Of the leaky rectifier below zero."""


class Block(nn.Module):
    """x + network(scale·norm(depthwise(x)) + shift).

    Args:
        width: channels C.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, KERNEL, padding=KERNEL // 2, groups=width)
        self.condition = nn.Linear(CONDITION, 2 * width)
        self.widen = nn.Linear(width, EXPANSION * width)
        self.narrow = nn.Linear(EXPANSION * width, width)
        nn.init.zeros_(self.condition.weight)
        nn.init.zeros_(self.condition.bias)
        nn.init.normal_(self.narrow.weight, std=SMALL / math.sqrt(EXPANSION * width))
        nn.init.zeros_(self.narrow.bias)

    def forward(self, joined: Tensor) -> Tensor:
        """(B, C + 32, h, w), features and then condition -> (B, C, h, w)."""
        width = self.depthwise.in_channels
        x, condition = joined[:, :width], joined[:, width:].permute(0, 2, 3, 1)
        y = self.depthwise(x).permute(0, 2, 3, 1)
        y = F.layer_norm(y, y.shape[-1:])
        scale, shift = self.condition(condition).chunk(2, dim=-1)
        y = torch.addcmul(shift, y, 1 + scale)
        y = self.narrow(F.gelu(self.widen(y), approximate="tanh"))
        return x + y.permute(0, 3, 1, 2)


class Residual(nn.Module):
    """x + conv3(bend(conv3(x))): at a quarter of the side, where a wide network costs too much."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.normal_(self.second.weight, std=SMALL / math.sqrt(9 * width))
        nn.init.zeros_(self.second.bias)  # pyright: ignore[reportArgumentType]

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) -> the same."""
        return x + self.second(F.leaky_relu(self.first(x), SLOPE))


class Encoder(nn.Module):
    """What is added to the linear path's coefficients.

    Args:
        width: channels at an eighth of the image's side; a sixteenth has twice as many.
        blocks: at an eighth and at a sixteenth.
        depth: D, coefficients of a block.
    """

    def __init__(self, width: int, blocks: Sequence[int], depth: int) -> None:
        super().__init__()
        eighth, sixteenth = blocks
        self.condition = _embedding(CONDITIONS)
        self.enter = nn.Conv2d(3 * 8**2, width, 1)
        self.eighth = _stage(width, eighth)
        self.shrink = nn.Conv2d(4 * width, 2 * width, 1)
        self.see_heights = nn.Conv2d(depth, 2 * width, 1)
        self.sixteenth = _stage(2 * width, sixteenth)
        self.leave = _silent(nn.Conv2d(2 * width, depth, 1))

    def forward(self, images: Tensor, heights: Tensor, situation: Tensor) -> Tensor:
        """What is to be sent, and how.

        Args:
            images: (B, 3, 16h, 16w), of gain 1 about 0.
            heights: (B, D, h, w), of each coefficient above the water.
            situation: (B, 4, h, w).

        Returns:
            (B, D, h, w), in units of what the channel is expected to do to each coefficient.
        """
        condition = self.condition(situation)
        x = self.enter(channels_last(F.pixel_unshuffle(images, 8)))
        x = _run(self.eighth, x, condition)
        x = self.shrink(F.pixel_unshuffle(x, 2)) + self.see_heights(channels_last(heights))
        return self.leave(_run(self.sixteenth, x, condition))


class Decoder(nn.Module):
    """What is added to the linear path's image.

    Args:
        width: channels at an eighth of the image's side; a sixteenth has twice as many, a quarter
            half as many.
        blocks: at a quarter, an eighth and a sixteenth.
        depth: D, coefficients of a block.
    """

    def __init__(self, width: int, blocks: Sequence[int], depth: int) -> None:
        super().__init__()
        quarter, eighth, sixteenth = blocks
        self.condition = _embedding(CONDITIONS)
        self.enter = nn.Conv2d(3 * depth, 2 * width, 1)
        self.sixteenth = _stage(2 * width, sixteenth)
        self.grow_to_eighth = nn.Conv2d(2 * width, 4 * width, 1)
        self.see_eighth = nn.Conv2d(3 * 8**2, width, 1)
        self.eighth = _stage(width, eighth)
        self.grow_to_quarter = nn.Conv2d(width, 2 * width, 1)
        self.see_quarter = nn.Conv2d(3 * 4**2, width // 2, 3, padding=1)
        self.quarter = nn.ModuleList(Residual(width // 2) for _ in range(quarter))
        self.leave = _silent(nn.Conv2d(width // 2, 3 * 4**2, 3, padding=1))

    def forward(
        self, values: Tensor, shares: Tensor, heights: Tensor, linear: Tensor, situation: Tensor
    ) -> Tensor:
        """What was received, and what the linear path made of it.

        Args:
            values: (B, D, h, w), estimated coefficients in standard deviations; 0 if none came.
            shares: (B, D, h, w), how much of each one's energy came.
            heights: (B, D, h, w), of each coefficient above the water.
            linear: (B, 3, 16h, 16w), of gain 1 about 0.
            situation: (B, 4, h, w).

        Returns:
            (B, 3, 16h, 16w), in units of the error that the linear path is expected to have.
        """
        condition = self.condition(situation)
        # One after the other: beside a large image all of them together would be much memory.
        first, second, third = self.enter.weight.chunk(3, dim=1)
        x = F.conv2d(channels_last(values), first, self.enter.bias)
        x = x + F.conv2d(channels_last(shares), second) + F.conv2d(channels_last(heights), third)
        x = _run(self.sixteenth, x, condition)
        x = F.pixel_shuffle(self.grow_to_eighth(x), 2)
        x = x + self.see_eighth(channels_last(F.pixel_unshuffle(linear, 8)))
        x = _run(self.eighth, x, condition)
        x = F.pixel_shuffle(self.grow_to_quarter(x), 2)
        seen = channels_last(F.pixel_unshuffle(linear, 4))
        x = x + in_tiles(self.see_quarter, seen)
        for block in self.quarter:
            x = in_tiles(block, x)
        return F.pixel_shuffle(in_tiles(self.leave, x), 4)


def _run(stage: nn.ModuleList, x: Tensor, condition: Tensor) -> Tensor:
    """The blocks of a stage in a row, each told the condition of its patch."""
    times = x.shape[-1] // condition.shape[-1]
    condition = condition.repeat_interleave(times, dim=2).repeat_interleave(times, dim=3)
    for block in stage:
        x = in_tiles(block, channels_last(torch.cat([x, condition], dim=1)))
    return x


def _stage(width: int, blocks: int) -> nn.ModuleList:
    return nn.ModuleList(Block(width) for _ in range(blocks))


def _embedding(inputs: int) -> nn.Module:
    """(B, inputs, h, w) -> (B, 32, h, w), at each patch for itself."""
    return nn.Sequential(
        nn.Conv2d(inputs, CONDITION, 1), nn.GELU(), nn.Conv2d(CONDITION, CONDITION, 1), nn.GELU()
    )


def _silent(convolution: nn.Conv2d) -> nn.Conv2d:
    """It begins by saying nothing."""
    nn.init.zeros_(convolution.weight)
    nn.init.zeros_(convolution.bias)  # pyright: ignore[reportArgumentType]
    return convolution
