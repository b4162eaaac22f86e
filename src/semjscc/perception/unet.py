"""A small U-Net (Ronneberger et al. 2015, arXiv 1505.04597): a class for each pixel."""

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
            seen.append(deeper(F.max_pool2d(seen[-1], 2, ceil_mode=True)))
        x = seen.pop()
        for up in (self.up2, self.up1, self.up0):
            beside = seen.pop()
            x = F.interpolate(x, beside.shape[-2:], mode="bilinear", align_corners=False)
            x = up(torch.cat([x, beside], dim=1))
        return self.head(x)
