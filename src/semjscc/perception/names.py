"""Names of networks that others trained; told apart without importing torch."""

from pathlib import Path

from semjscc.errors import UserError, printable
from semjscc.paths import user_path

EFFICIENTNET = "efficientnet-lite0"
MOBILENET = "mobilenet-v2"
"""Whose weights the user has: ``mobilenet-v2=PATH``."""


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
