"""The files of an ONNX model, without torch: what stands beside it, and a print of its bytes."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from semjscc.errors import UserError, printable
from semjscc.perception.onnx.settings import OnnxSettings
from semjscc.settings.reading import read_settings

SETTINGS = ".yaml"
"""Ending of the file beside a model that says what it expects."""
_LOCATION = re.compile(rb"\x0a\x08location\x12([\x01-\x7f])")
"""How a tensor names the file of its values (protobuf): the key, then the length of a text."""


def read_onnx_settings(file: Path) -> OnnxSettings:
    """What stands beside a model in the YAML file of its name.

    Raises:
        UserError: there is none, or something in it is wrong.
    """
    beside = file.with_suffix(SETTINGS)
    if not beside.is_file():
        raise UserError(
            f"{printable(str(file))} needs {printable(beside.name)} beside it, which says what the "
            "model expects of an image: task, classes, and more where it needs more"
        )
    return read_settings(OnnxSettings, "description", beside)


def content_print(file: Path) -> str:
    """32 hexadecimal digits over a model and the files beside it that hold its weights.

    Raises:
        UserError: one of them cannot be read, is not there, or lies elsewhere.
    """
    try:
        content = file.read_bytes()
        digest = hashlib.blake2b(content, digest_size=16)
        for other in _files_of_weights(file, content):
            with other.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "blake2b").digest())
    except OSError as error:
        place = printable(str(error.filename or file))
        raise UserError(f"{place} cannot be read: {error.strerror or error}") from error
    return digest.hexdigest()


def _files_of_weights(file: Path, content: bytes) -> Iterator[Path]:
    """Those that a model names."""
    places = {(match.end(), match[1][0]) for match in _LOCATION.finditer(content)}
    home = file.resolve().parent
    for name in sorted({content[start : start + length] for start, length in places}):
        said = name.decode("utf-8", "replace")
        other = (home / said).resolve()
        if not other.is_relative_to(home) or not other.is_file():
            raise UserError(
                f"{printable(str(file))} has weights in {printable(said)}, which must lie beside it"
            )
        yield other
