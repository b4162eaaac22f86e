"""ONNX models as receivers: they judge what arrives, and no gradient passes through them."""

from pathlib import Path

import torch

from semjscc.errors import UserError, printable
from semjscc.perception.base import INPUT_LAYER, Perception
from semjscc.perception.onnx.files import SETTINGS, read_onnx_settings
from semjscc.perception.onnx.network import OnnxNetwork
from semjscc.perception.onnx.settings import OnnxSettings
from semjscc.perception.processing import ProcessorPreprocess
from semjscc.tasks import Classification, task_named

_SIDE = 224
"""Of the image that a model is tried with which takes any."""
_MODES = {"nearest": "nearest-exact", "bilinear": "bilinear", "bicubic": "bicubic"}


def load_onnx(file: Path) -> Perception:
    """A model with the settings that stand beside it.

    Raises:
        UserError: it cannot be run, something in its settings is wrong, or one does not go with
            the other.
    """
    settings = read_onnx_settings(file)
    network = OnnxNetwork(file, settings)
    try:
        preprocess = _preprocess(settings, _size(settings, network.input_size))
    except ValueError as error:
        raise UserError(f"{printable(str(file))}: {error}") from error
    perception = Perception(
        network,
        layers=(INPUT_LAYER,),
        class_names=settings.class_names,
        preprocess=preprocess,
        task=task_named(settings.task, settings.task_options),
        name=printable(file.name),
    )
    # What does not fit its settings shows at once, and in one line.
    height, width = preprocess.size if isinstance(preprocess.size, tuple) else (_SIDE, _SIDE)
    with torch.inference_mode():
        perception(torch.zeros(1, 3, height, width))
    return perception


def _size(
    settings: OnnxSettings, taken: tuple[int | None, int | None]
) -> int | tuple[int, int] | None:
    """What comes in, by the settings and by the model, whose sides are None where it takes any.

    Raises:
        ValueError: they do not agree.
    """
    height, width = taken
    said = settings.size
    if said is None:
        if height is None or width is None:
            return None
        return height if height == width else (height, width)
    sides = said if isinstance(said, tuple) else (said, said)
    if any(side is not None and side != own for side, own in zip(taken, sides, strict=True)):
        raise ValueError(
            f"it takes {_side(height)} x {_side(width)} numbers (height, width), and {SETTINGS} "
            f"beside it says size {sides[0]} x {sides[1]}, layout {settings.layout}"
        )
    return said


def _side(side: int | None) -> str:
    return "any" if side is None else str(side)


def _preprocess(settings: OnnxSettings, size: int | tuple[int, int] | None) -> ProcessorPreprocess:
    """What is done to images so that they come in with this size."""
    sides = (size, size) if isinstance(size, int) else size
    cut = settings.task == Classification.name and sides is not None
    cut = cut and (isinstance(size, int) or settings.resize is not None)
    short = settings.resize or size
    r, g, b = (value / settings.scale for value in settings.mean)
    mean = (r, g, b)
    r, g, b = (value / settings.scale for value in settings.std)
    return ProcessorPreprocess(
        size=sides,
        mean=mean,
        std=(r, g, b),
        resized=short if cut else sides,
        crop=sides if cut else None,
        mode=_MODES[settings.resample],
        bgr=settings.channels == "BGR",
    )
