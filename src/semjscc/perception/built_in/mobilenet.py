"""MobileNetV2 with ImageNet weights that the user has: a judge for codecs made with others.

The network of Sandler et al. 2018 (arXiv 1801.04381, table 2) at width 1.0, 3.5 million weights,
for the 1000 classes of ImageNet. Its parameters are named as in torchvision, so that a safetensors
file of torchvision's weights fits, in any floating-point format. Weights do not ship with semjscc:
the user names the file, as in ``--perception mobilenet-v2=weights.safetensors``.
"""

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from semjscc.blueprints import on_no_device
from semjscc.checkpoint import fill
from semjscc.errors import UserError
from semjscc.images import to_uint8
from semjscc.perception.base import Perception, Preprocess
from semjscc.perception.built_in.imagenet import CLASSES, class_names
from semjscc.perception.names import MOBILENET

LAYERS = ("features.3", "features.6", "features.13", "features.17")
"""The last block at each of 1/4, 1/8, 1/16 and 1/32 of the sides."""

_STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
"""Expansion, output channels, blocks, stride of the first block: t, c, n, s in the paper."""
_STEM, _LAST = 32, 1280


class ReferencePreprocess(Preprocess):
    """What torchvision's weights are evaluated with.

    The short side becomes 256 pixels, bilinear with antialiasing and in 8 bits; then the central
    224 x 224 are cut out. Gradients are those of the same without rounding.
    """

    def __call__(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] -> (B, 3, 224, 224), normalised."""
        height, width = images.shape[-2:]
        short = min(height, width)
        size = [int(_SHORT * side / short) for side in (height, width)]
        exact = _resized(to_uint8(images), size).to(images) / 255
        if images.requires_grad:
            smooth = _resized(images, size)
            exact = smooth + (exact - smooth).detach()
        top, left = (round((side - _SIDE) / 2) for side in size)
        return super().__call__(exact[..., top : top + _SIDE, left : left + _SIDE])

    def seen(self, height: int, width: int) -> tuple[int, int]:
        """See `Preprocess.seen`: a margin is cut off."""
        side = round(min(height, width) * _SIDE / _SHORT)
        return side, side


def _resized(images: Tensor, size: list[int]) -> Tensor:
    return F.interpolate(images, size, mode="bilinear", antialias=True)


_SHORT, _SIDE = 256, 224
PREPROCESS = ReferencePreprocess(_SIDE, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))


class _Filter(nn.Sequential):
    """Convolution, batch normalisation, ReLU6."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1
    ) -> None:
        convolution = nn.Conv2d(
            inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False
        )
        super().__init__(convolution, nn.BatchNorm2d(outputs), nn.ReLU6())


class _Block(nn.Module):
    """Expand by 1 x 1, filter each channel by 3 x 3, project by 1 x 1; a shortcut where it fits."""

    def __init__(self, inputs: int, outputs: int, expansion: int, stride: int) -> None:
        super().__init__()
        inner = expansion * inputs
        self.conv = nn.Sequential(
            *([_Filter(inputs, inner)] if expansion > 1 else []),
            _Filter(inner, inner, 3, stride, groups=inner),
            nn.Conv2d(inner, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv(x) if self.shortcut else self.conv(x)


class MobileNetV2(nn.Module):
    """(B, 3, H, W) -> (B, M) logits; the features are at 1/32 of the sides at last."""

    def __init__(self, classes: int = CLASSES) -> None:
        super().__init__()
        blocks: list[nn.Module] = [_Filter(3, _STEM, 3, 2)]
        width = _STEM
        for expansion, outputs, count, first_stride in _STAGES:
            for place in range(count):
                stride = first_stride if place == 0 else 1
                blocks.append(_Block(width, outputs, expansion, stride))
                width = outputs
        self.features = nn.Sequential(*blocks, _Filter(width, _LAST))
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(_LAST, classes))

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W), preprocessed -> (B, M) logits."""
        return self.classifier(self.features(images).mean(dim=(2, 3)))


def load_mobilenet(path: Path) -> Perception:
    """The network with the weights in a safetensors file.

    Args:
        path: weights named as in torchvision; ``num_batches_tracked`` may be left out.

    Raises:
        UserError: not the weights of this network, or the class names are missing.
    """
    names = class_names()
    try:
        weights = {name: tensor.float() for name, tensor in load_file(path).items()}
    except (SafetensorError, OSError, ValueError) as error:
        raise UserError(f"{path} is not a readable safetensors file: {error}") from error
    with on_no_device():
        network = MobileNetV2(len(names))
    counters = [name for name in network.state_dict() if name.endswith("num_batches_tracked")]
    fill(network, weights | dict.fromkeys(counters, torch.tensor(0)), path)
    network = network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
    return Perception(
        network, layers=LAYERS, class_names=names, preprocess=PREPROCESS, name=MOBILENET
    )
