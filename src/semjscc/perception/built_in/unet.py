"""A small U-Net (Ronneberger et al. 2015, arXiv 1505.04597): a class for each pixel."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def stage(inputs: int, outputs: int) -> nn.Sequential:
    """Two 3 x 3 convolutions with batch normalisation."""
    layers: list[nn.Module] = []
    for width in (inputs, outputs):
        layers += [
            nn.Conv2d(width, outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
        ]
    return nn.Sequential(*layers)


def halved(x: Tensor) -> Tensor:
    """The largest of each 2 x 2 places: (B, C, H, W) -> (B, C, ⌈H/2⌉, ⌈W/2⌉)."""
    return F.max_pool2d(x, 2, ceil_mode=True)


def back_up(x: Tensor, seen: list[Tensor], ups: Iterable[nn.Module]) -> Tensor:
    """From coarse features to finer ones, with those that were seen on the way down beside them.

    Args:
        x: (B, C, h, w), the coarsest.
        seen: the others, the finest first; they are used up from the end.
        ups: a stage for each.
    """
    for up in ups:
        beside = seen.pop()
        x = F.interpolate(x, beside.shape[-2:], mode="bilinear", align_corners=False)
        x = up(torch.cat([x, beside], dim=1))
    return x


class UNet(nn.Module):
    """Features at 1/1 to 1/8 of the sides, and back up with those on the way beside them.

    image ─► stage0 (w) ─► stage1 (2w, /2) ─► stage2 (4w, /4) ─► stage3 (8w, /8)
                │              │                  │                   │
    head ◄── up0 ◄───────── up1 ◄───────────── up2 ◄──────────────────┘

    Args:
        classes: M.
        width: w.
    """

    def __init__(self, classes: int, width: int = 16) -> None:
        super().__init__()
        w = width
        self.stage0 = stage(3, w)
        self.stage1 = stage(w, 2 * w)
        self.stage2 = stage(2 * w, 4 * w)
        self.stage3 = stage(4 * w, 8 * w)
        self.up2 = stage(12 * w, 4 * w)
        self.up1 = stage(6 * w, 2 * w)
        self.up0 = stage(3 * w, w)
        self.head = nn.Conv2d(w, classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, M, H, W) logits."""
        seen = [self.stage0(images)]
        for deeper in (self.stage1, self.stage2, self.stage3):
            seen.append(deeper(halved(seen[-1])))
        x = back_up(seen.pop(), seen, (self.up2, self.up1, self.up0))
        return self.head(x)
