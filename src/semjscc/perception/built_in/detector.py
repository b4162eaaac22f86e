"""A small detector without anchors (after Zhou et al. 2019, arXiv 1904.07850)."""

import math

import torch
from torch import Tensor, nn

from semjscc.perception.built_in.unet import back_up, halved, stage

_RARE = 0.01
"""Probability of each class at each place before any training: most places hold nothing."""


class Detector(nn.Module):
    """Features at 1/4 to 1/16 of the sides, back up to 1/4, and there a box and classes.

    image ─► stem (w, /2) ─► stage1 (2w, /4) ─► stage2 (4w, /8) ─► stage3 (8w, /16)
                                 │                  │                   │
    boxes, classes ◄── head ◄── up1 ◄───────────── up2 ◄────────────────┘

    Args:
        classes: M.
        width: w.
    """

    def __init__(self, classes: int, width: int = 16) -> None:
        super().__init__()
        w = width
        self.stem = stage(3, w)
        self.stage1 = stage(w, 2 * w)
        self.stage2 = stage(2 * w, 4 * w)
        self.stage3 = nn.Sequential(stage(4 * w, 8 * w), stage(8 * w, 8 * w))
        self.up2 = stage(12 * w, 4 * w)
        self.up1 = stage(6 * w, 4 * w)
        self.head = nn.Conv2d(4 * w, 4 + classes, 1)
        begin_rare(self.head)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, Q, 4 + M), Q = H/4 · W/4: see `semjscc.tasks.detection`."""
        seen = [self.stage1(halved(self.stem(halved(images))))]
        for deeper in (self.stage2, self.stage3):
            seen.append(deeper(halved(seen[-1])))
        x = back_up(seen.pop(), seen, (self.up2, self.up1))
        return boxes_of_places(self.head(x))


def begin_rare(head: nn.Conv2d) -> None:
    """Let the last layer of a detector begin with small boxes, and next to nothing in them."""
    with torch.no_grad():
        assert head.bias is not None
        head.bias[:4] = math.log(2)
        head.bias[4:] = math.log(_RARE / (1 - _RARE))


def boxes_of_places(found: Tensor) -> Tensor:
    """What each place says, as boxes and classes.

    Args:
        found: (B, 4 + M, h, w), the logarithms of how far its box reaches to the left, up, to the
            right and down, in places; and the logits of the classes.

    Returns:
        (B, h · w, 4 + M): see `semjscc.tasks.detection`.
    """
    rows, columns = found.shape[-2:]
    far = found[:, :4].clamp(max=math.log(max(rows, columns))).exp()
    down = (torch.arange(rows, device=far.device, dtype=far.dtype) + 0.5)[:, None]
    right = torch.arange(columns, device=far.device, dtype=far.dtype) + 0.5
    sides = [
        (right - far[:, 0]) / columns,
        (down - far[:, 1]) / rows,
        (right + far[:, 2]) / columns,
        (down + far[:, 3]) / rows,
    ]
    return torch.cat([torch.stack(sides, dim=1), found[:, 4:]], dim=1).flatten(2).mT
