"""Three small classifiers of different architecture, for images of any size from 16 x 16, by name.

A codec is trained with `ResNet`; `PlainConv` has a say when choices are made on val; `DenseNet`
is opened only for published numbers, to show whether a codec fools one network or serves any.
Shapes: B images, H x W pixels, M classes; all take (B, 3, H, W) float32 and return (B, M) logits.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.perception.built_in.detector import Detector
from semjscc.perception.built_in.efficient import EfficientDetector, EfficientUNet
from semjscc.perception.built_in.unet import UNet
from semjscc.settings.options import build


def _conv(inputs: int, outputs: int, *, kernel: int = 3, halve: bool = False) -> nn.Sequential:
    """Convolution, maximum pool where the side is to be halved, batch normalisation."""
    convolution = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
    pool = [nn.MaxPool2d(2)] if halve else []
    return nn.Sequential(convolution, *pool, nn.BatchNorm2d(outputs))


class _Residual(nn.Module):
    """Two 3 x 3 convolutions beside a shortcut (He 2016)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _conv(width, width)
        self.second = _conv(width, width)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.second(F.relu(self.first(x))))


class ResNet(nn.Module):
    """A residual network with a global *average* pool (network A), after Page's ResNet-9 (2018).

    image ─► stem (w, H) ─► stage1 (2w, H/2) ─► stage2 (4w, H/4) ─► stage3 (8w, H/8) ─► mean ─► head

    Each stage convolves before it halves, then adds a residual block. The average at the end lets
    every position of the last features count in the gradient; a maximum would let one position
    speak for its channel and make importance sparse.
    """

    def __init__(self, classes: int, width: int = 24) -> None:
        super().__init__()
        w = width

        def stage(inputs: int, outputs: int) -> nn.Sequential:
            return nn.Sequential(
                nn.Sequential(_conv(inputs, outputs, halve=True), nn.ReLU()), _Residual(outputs)
            )

        self.stem = nn.Sequential(_conv(3, w), nn.ReLU())
        self.stage1 = stage(w, 2 * w)
        self.stage2 = stage(2 * w, 4 * w)
        self.stage3 = stage(4 * w, 8 * w)
        self.head = nn.Linear(8 * w, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, M) logits."""
        x = self.stage3(self.stage2(self.stage1(self.stem(images))))
        return self.head(x.mean(dim=(2, 3)))


class PlainConv(nn.Module):
    """Convolutions and maximum pools in a row, without shortcuts, in the manner of VGG (B)."""

    def __init__(self, classes: int, width: int = 32) -> None:
        super().__init__()
        w = width
        widths = [
            (3, w),
            (w, 2 * w),
            (2 * w, 2 * w),
            (2 * w, 4 * w),
            (4 * w, 4 * w),
            (4 * w, 8 * w),
        ]
        convolutions = [nn.Sequential(_conv(i, o), nn.ReLU()) for i, o in widths]
        pool = nn.MaxPool2d(2)
        self.stem = nn.Sequential(convolutions[0], pool)
        self.stage1 = nn.Sequential(convolutions[1], convolutions[2], pool)
        self.stage2 = nn.Sequential(convolutions[3], convolutions[4], pool)
        self.stage3 = convolutions[5]
        self.head = nn.Linear(8 * w, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, M) logits."""
        x = self.stage3(self.stage2(self.stage1(self.stem(images))))
        return self.head(x.mean(dim=(2, 3)))


class _Dense(nn.Module):
    """Each 3 x 3 convolution sees all that came before it and appends ``growth`` channels."""

    def __init__(self, inputs: int, growth: int, depth: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(_conv(inputs + i * growth, growth) for i in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = torch.cat([x, F.relu(layer(x))], dim=1)
        return x


class DenseNet(nn.Module):
    """Dense blocks with halving transitions between them (Huang 2017; network C)."""

    def __init__(self, classes: int, width: int = 32) -> None:
        super().__init__()
        w = width

        def transition(inputs: int, outputs: int) -> nn.Sequential:
            return nn.Sequential(_conv(inputs, outputs, kernel=1), nn.ReLU(), nn.AvgPool2d(2))

        self.stem = nn.Sequential(_conv(3, w), nn.ReLU(), nn.AvgPool2d(2))
        self.stage1 = nn.Sequential(_Dense(w, w, 3), transition(4 * w, 2 * w))
        self.stage2 = nn.Sequential(_Dense(2 * w, 2 * w, 3), transition(8 * w, 4 * w))
        self.stage3 = _Dense(4 * w, 2 * w, 2)
        self.head = nn.Linear(8 * w, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, M) logits."""
        x = self.stage3(self.stage2(self.stage1(self.stem(images))))
        return self.head(x.mean(dim=(2, 3)))


CLASSIFIERS: dict[str, Callable[..., nn.Module]] = {
    "resnet": ResNet,
    "plainconv": PlainConv,
    "densenet": DenseNet,
}
NETWORKS = CLASSIFIERS | {
    "unet": UNet,
    "detector": Detector,
    "efficientnet-unet": EfficientUNet,
    "efficientnet-detector": EfficientDetector,
}
"""The built-in names: a checkpoint may name these and nothing else."""


def build_network(name: str, classes: int, options: dict[str, Any]) -> nn.Module:
    """A built-in network by its name.

    Raises:
        UserError: no such network, or options it does not take.
    """
    if name not in NETWORKS:
        raise UserError(
            f"no built-in network '{printable(str(name))}'; there are {', '.join(NETWORKS)}"
        )
    return build(NETWORKS[name], f"network {name}", options, classes=classes)
