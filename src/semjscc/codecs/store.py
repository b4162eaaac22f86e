"""Codecs built from plain descriptions, and loaded from checkpoints."""

from pathlib import Path
from typing import Any

from semjscc.blueprints import on_no_device
from semjscc.checkpoint import fill, load_weights
from semjscc.codecs.adaptive import Adaptive
from semjscc.codecs.base import Codec
from semjscc.codecs.deep import Deep
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.settings import build

CODECS: dict[str, type[Codec]] = {kind.name: kind for kind in (Adaptive, Deep, DeepJSCC)}
"""The built-in names: a checkpoint may name these and nothing else."""


def build_codec(name: str, options: dict[str, Any]) -> Codec:
    """A codec with fresh weights.

    Raises:
        UserError: no such codec, or options it does not take.
    """
    if not isinstance(name, str) or name not in CODECS:
        raise UserError(f"no codec '{printable(str(name))}'; there are {', '.join(CODECS)}")
    return build(CODECS[name], f"codec {name}", options)


def load_codec(path: Path) -> tuple[Codec, dict[str, Any]]:
    """Read a codec and its metadata from a checkpoint of ours.

    Raises:
        UserError: not a checkpoint, not a codec, or damaged.
    """
    weights, described = load_weights(path)
    if described.get("kind") != "codec":
        raise UserError(f"{path} holds no codec but a {printable(str(described.get('kind')))}")
    try:
        with on_no_device():
            codec = build_codec(described["codec"], described["options"])
    except KeyError as error:
        raise UserError(f"the description in {path} lacks {error}") from error
    fill(codec, weights, path)
    return codec.eval(), described
