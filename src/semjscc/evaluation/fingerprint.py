"""What decides a record, in 32 hexadecimal digits: so that it need not be measured twice.

Weights and images go in by content, whatever their files are called; so do the tables that
separate coding rests on and the versions of its coders. The code goes in by `FORMAT` and the
package's version alone.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import nn

import semjscc
from semjscc import checkpoint, separation
from semjscc.data.base import ImageSet
from semjscc.links import Link
from semjscc.links.source import SourceStage
from semjscc.perception.base import Perception
from semjscc.separation.sources import CODERS, usable_coders

FORMAT = 2
"""Counted up when equal inputs give other records than before."""


def point_fingerprint(context: str, link: str, point: Mapping[str, Any]) -> str:
    """Of one point of a grid.

    Args:
        context: of data and perception network, see `context_fingerprint`.
        link: see `link_fingerprint`.
        point: channel, ratio, SNR, belief, seed and draws as plain data.
    """
    parts = [FORMAT, semjscc.__version__, context, link, json.dumps(point, sort_keys=True)]
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()


def context_fingerprint(data: ImageSet, perception: Perception) -> str:
    """Of the images, their labels, and the network that judges."""
    about = data.name, data.split, data.fingerprint, len(data), data.class_names
    return _digest([*map(repr, about), *_parts(perception)])


def link_fingerprint(link: Link) -> str:
    """Of a link with all it holds: weights, source coder and its tables, design SNR."""
    return _digest(_parts(link))


def _digest(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


def _parts(thing: Any, within: tuple[int, ...] = ()) -> Iterator[str]:
    """All that matters of an object, in a fixed order; ``within`` are the objects around it."""
    yield type(thing).__qualname__
    if id(thing) in within:
        return
    within = (*within, id(thing))
    if isinstance(thing, nn.Module):
        yield repr(thing)
        for name, tensor in thing.state_dict().items():
            yield f"{name} {_tensor(tensor)}"
        plain = {k: v for k, v in _vars(thing).items() if not k.startswith("_")}
        yield from _parts(plain, within)
    elif isinstance(thing, SourceStage):
        yield from _parts({k: v for k, v in vars(thing).items() if k != "_cache"}, within)
        yield from _source_coding(thing.family)
    elif isinstance(thing, Mapping):
        for key in sorted(thing, key=str):
            yield str(key)
            yield from _parts(thing[key], within)
    elif isinstance(thing, torch.Tensor):
        yield _tensor(thing)
    elif isinstance(thing, str | int | float | bool | None | Fraction | torch.dtype):
        yield repr(thing)
    elif isinstance(thing, Sequence | set | frozenset):
        for one in thing if isinstance(thing, Sequence) else sorted(thing, key=repr):
            yield from _parts(one, within)
    elif is_dataclass(thing) and not isinstance(thing, type):
        for part in fields(thing):
            yield part.name
            yield from _parts(getattr(thing, part.name), within)
    elif callable(thing) and hasattr(thing, "__qualname__"):
        yield f"{thing.__module__}.{thing.__qualname__}"
    else:
        yield from _parts(_vars(thing), within)


def _vars(thing: Any) -> dict[str, Any]:
    """What an object holds, without what is merely said about its weights."""
    held = getattr(thing, "__dict__", {})
    return {name: value for name, value in held.items() if name.lstrip("_") != "facts"}


def _tensor(tensor: torch.Tensor) -> str:
    plain = tensor.detach().cpu().contiguous()
    raw = plain.view(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
    shape = f"{plain.dtype} {tuple(plain.shape)}"
    return f"{shape} {hashlib.blake2b(raw, digest_size=16).hexdigest()}"


@cache
def _source_coding(family: str) -> tuple[str, ...]:
    """The data files behind separate coding, and the coders of this machine."""
    folder = Path(separation.__file__).parent
    files = [*sorted(folder.rglob("*.json")), checkpoint.WEIGHTS / f"{family}-mean.png"]
    contents = [
        f"{file.name} {hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest()}"
        for file in files
        if file.is_file()
    ]
    return *contents, *(f"{name} {CODERS[name].version()}" for name in usable_coders())
