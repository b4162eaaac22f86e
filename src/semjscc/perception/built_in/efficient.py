"""A segmenter and a detector on the features of EfficientNet-Lite0, which ImageNet taught.

The first 11 of its 16 blocks make features at 1/2 to 1/16 of the sides; what comes after them is
for whole images. Few training images teach the way back up, and go on with the features, where a
recipe says ``start: efficientnet-lite0``. Package and weights: the extra ``imagenet``.

    image ─► stage0 (16, /2) ─► stage1 (24, /4) ─► stage2 (40, /8) ─► stage3 (112, /16)
                  │                  │                  │                  │
    head ◄─── up0 (w) ◄───────── up1 (2w) ◄───────── up2 (4w) ◄────────────┘
"""

from collections import OrderedDict

from torch import Tensor, nn
from torch.nn import functional as F

from semjscc.errors import UserError
from semjscc.images import pad_to_multiple
from semjscc.perception.built_in.detector import begin_rare, boxes_of_places
from semjscc.perception.built_in.imagenet import PREPROCESS
from semjscc.perception.built_in.unet import back_up, stage
from semjscc.perception.names import EFFICIENTNET, efficientnet_missing

_BLOCKS = {"stage0": (0, 1), "stage1": (1, 3), "stage2": (3, 5), "stage3": (5, 11)}
"""Which blocks of EfficientNet-Lite0 are behind each name, without the last."""
_WIDTHS = (16, 24, 40, 112)


class EfficientFeatures(nn.Module):
    """The features alone, and the way back up to 1/4.

    Args:
        width: w, of what is beside the features on the way up.

    Raises:
        UserError: the extra is not installed.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        if (line := efficientnet_missing()) is not None:
            raise UserError(line)
        from efficientnet_lite_pytorch import EfficientNet

        for name, blocks in _stages(EfficientNet.from_name(EFFICIENTNET)).items():
            self.add_module(name, blocks)
        w = width
        self.up2 = stage(_WIDTHS[3] + _WIDTHS[2], 4 * w)
        self.up1 = stage(4 * w + _WIDTHS[1], 2 * w)

    def begin_with(self, imagenet: nn.Module) -> None:
        """Take the features of a trained EfficientNet-Lite0."""
        for name, blocks in _stages(imagenet).items():
            self.get_submodule(name).load_state_dict(blocks.state_dict())

    def pyramid(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Features at 1/2 (B, 16, h, w), and those back up at 1/4 (B, 2w, h/2, w/2).

        Their size is that of the images padded to a multiple of 16.
        """
        x, seen = (pad_to_multiple(images, 16) - PREPROCESS.mean[0]) / PREPROCESS.std[0], []
        for name in _BLOCKS:
            x = self.get_submodule(name)(x)
            seen.append(x)
        finest, *rest = seen
        return finest, back_up(rest.pop(), rest, (self.up2, self.up1))


class EfficientUNet(EfficientFeatures):
    """A class for each pixel, from features at 1/2.

    Args:
        classes: M.
        width: w.
    """

    def __init__(self, classes: int, width: int = 24) -> None:
        super().__init__(width)
        self.up0 = stage(2 * width + _WIDTHS[0], width)
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, M, H, W) logits."""
        finest, x = self.pyramid(images)
        logits = self.head(back_up(x, [finest], (self.up0,)))
        whole = F.interpolate(logits, scale_factor=2, mode="bilinear", align_corners=False)
        return whole[..., : images.shape[-2], : images.shape[-1]]


class EfficientDetector(EfficientFeatures):
    """A box and classes for each place at 1/4, as of `Detector` (``detector.py``).

    Args:
        classes: M.
        width: w.
    """

    def __init__(self, classes: int, width: int = 24) -> None:
        super().__init__(width)
        self.head = nn.Conv2d(2 * width, 4 + classes, 1)
        begin_rare(self.head)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, Q, 4 + M), Q = H/4 · W/4: see `semjscc.tasks.detection`."""
        found = self.head(self.pyramid(images)[1])
        rows, columns = (-(-side // 4) for side in images.shape[-2:])
        return boxes_of_places(found[..., :rows, :columns])


def _stages(network: nn.Module) -> dict[str, nn.Sequential]:
    """Its first blocks by the names that they have here."""
    blocks = network.get_submodule("_blocks")
    assert isinstance(blocks, nn.ModuleList)
    found = {
        name: nn.Sequential(OrderedDict((str(at), blocks[at]) for at in range(first, last)))
        for name, (first, last) in _BLOCKS.items()
    }
    stem = [("stem", network.get_submodule("_conv_stem")), ("norm", network.get_submodule("_bn0"))]
    begins = [*stem, ("relu", nn.ReLU6()), *found["stage0"].named_children()]
    found["stage0"] = nn.Sequential(OrderedDict(begins))
    return found
