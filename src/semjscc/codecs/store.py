"""Codecs built from plain descriptions, and loaded from checkpoints."""

from pathlib import Path
from typing import Any

from semjscc.blueprints import on_no_device
from semjscc.checkpoint import fill, load_weights
from semjscc.codecs.adaptive import Adaptive
from semjscc.codecs.base import Codec, check_described
from semjscc.codecs.deep import Deep
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.parts.named import find_part, make_part
from semjscc.settings.options import build

CODECS: dict[str, type[Codec]] = {kind.name: kind for kind in (Adaptive, Deep, DeepJSCC)}
"""The built-in names: a checkpoint alone may name these and nothing else."""


def build_codec(name: str, options: dict[str, Any]) -> Codec:
    """A codec with fresh weights.

    Raises:
        UserError: no such codec, or options it does not take.
    """
    if not isinstance(name, str) or name not in CODECS:
        raise UserError(f"no codec '{printable(str(name))}'; there are {', '.join(CODECS)}")
    return build(CODECS[name], f"codec {name}", options)


def make_codec(name: str, options: dict[str, Any]) -> Codec:
    """A built-in codec by name, or ``my.module:Class`` called with the options; fresh weights.

    Only for names in the user's own words: they are code that will run.

    Raises:
        UserError: it cannot be found, is no codec, or does not take the options.
    """
    if ":" not in name:
        return build_codec(name, options)
    said = f"the codec {printable(name)}"
    # No other callable: a stranger's checkpoint could hope to see it named, and hand it options.
    if not isinstance(find_part(name, "codec"), type):
        raise UserError(f"{said} is no class: it must be one of GridCodec or Codec")
    codec = make_part(name, "codec", Codec, options)
    check_described(said, codec)
    setattr(codec, "name", name)  # noqa: B010 - a ClassVar of ours, which the user names
    return codec


def load_codec(path: Path, own_class: str | None = None) -> tuple[Codec, dict[str, Any]]:
    """Read a codec and its metadata from a checkpoint of ours.

    Args:
        path: the checkpoint.
        own_class: ``my.module:Class``, which the user says is behind a codec of their own. A
            checkpoint alone never makes code run.

    Raises:
        UserError: not a checkpoint, not a codec, of another class, or damaged.
    """
    weights, described = load_weights(path)
    if described.get("kind") != "codec":
        raise UserError(f"{path} holds no codec but a {printable(str(described.get('kind')))}")
    try:
        codec = _codec(described["codec"], described["options"], own_class, path)
    except KeyError as error:
        raise UserError(f"the description in {path} lacks {error}") from error
    fill(codec, weights, path)
    return codec.eval(), described


def _codec(name: object, options: Any, own_class: str | None, path: Path) -> Codec:
    said = printable(str(name))
    if own_class is not None and own_class == name:
        return make_codec(own_class, options)
    if own_class is not None:
        raise UserError(f"{path} holds no {printable(own_class)} but the codec {said}")
    if isinstance(name, str) and ":" in name:
        raise UserError(
            f"{path} needs the codec {said}, which is code of its own: if it is yours, name it "
            f"before an @: {said}@{path}"
        )
    with on_no_device():
        return build_codec(name, options)  # pyright: ignore[reportArgumentType]
