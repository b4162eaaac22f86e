"""All that matters of an object, as lines of text: for fingerprints.

Ours are described by what they hold. What is not ours may hold and do anything: there the source of
its class or function goes in too, with what it can see: attributes of any name, arguments that are
bound to it, and the values of its module that it uses. Of a library of models its version counts
instead: its parts follow from what they hold.
"""

import hashlib
import pickle
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from fractions import Fraction
from functools import cache, partial
from importlib.metadata import version
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from semjscc import checkpoint, separation
from semjscc.links.source import SourceStage
from semjscc.own_code import code_behind, is_own
from semjscc.separation.sources import CODERS, usable_coders

_PLAIN = str | int | float | complex | bool | None | Fraction | torch.dtype | torch.device
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
_LIBRARIES = ("transformers",)
"""Whose code is too large to look at."""


class Unknown(Exception):  # noqa: N818 - a signal, not an error
    """What decides the result cannot be told."""


def contents(thing: Any) -> Iterator[str]:
    """Lines in a fixed order.

    Raises:
        Unknown: something that is not ours has no source, or holds what cannot be described.
    """
    return _parts(thing, ())


def _parts(thing: Any, within: tuple[int, ...]) -> Iterator[str]:
    """``within`` are the objects around it."""
    kind = type(thing)
    yield kind.__qualname__
    if id(thing) in within:
        return
    within = (*within, id(thing))
    yield from _class(kind, within)
    if isinstance(thing, nn.Module):
        yield from _network(thing, within)
    elif isinstance(thing, SourceStage):
        yield from _parts({k: v for k, v in vars(thing).items() if k != "_cache"}, within)
        yield from _source_coding(thing.family)
        for coder in CODERS.values():
            if is_own(type(coder).__module__):
                yield from _parts(coder, within)
    elif isinstance(thing, Mapping):
        for key in sorted(thing, key=str):
            yield str(key)
            yield from _parts(thing[key], within)
    elif isinstance(thing, torch.Tensor):
        yield _tensor(thing)
    elif isinstance(thing, _PLAIN):
        yield repr(thing)
    elif isinstance(thing, np.ndarray | np.generic | bytes):
        yield _array(np.asarray(thing))
    elif isinstance(thing, Sequence | set | frozenset):
        for one in thing if isinstance(thing, Sequence) else sorted(thing, key=repr):
            yield from _parts(one, within)
    elif is_dataclass(thing) and not isinstance(thing, type) and not is_own(kind.__module__):
        for part in fields(thing):
            yield part.name
            yield from _parts(getattr(thing, part.name), within)
    elif isinstance(thing, partial):
        yield from _parts([thing.func, thing.args, thing.keywords], within)
    elif isinstance(thing, MethodType):
        yield from _parts([thing.__func__, thing.__self__], within)
    elif isinstance(thing, ModuleType):
        yield _code(thing.__name__) if is_own(thing.__name__) else thing.__name__
    elif callable(thing) and hasattr(thing, "__qualname__"):
        yield from _callable(thing, within)
    else:
        yield from _object(thing, within)


def _network(thing: nn.Module, within: tuple[int, ...]) -> Iterator[str]:
    yield repr(thing)
    for name, tensor in thing.state_dict().items():
        yield f"{name} {_tensor(tensor)}"
    if is_own(type(thing).__module__):
        plain = {k: v for k, v in vars(thing).items() if k not in _OF_EVERY_MODULE}
        plain["buffers"] = dict(thing.named_buffers(recurse=False))  # also those not in the state
    else:
        plain = {k: v for k, v in _vars(thing).items() if not k.startswith("_")}
    yield from _parts(plain, within)
    if hooks := _hooks(thing):
        yield from _parts(hooks, within)
    for name, child in thing.named_children():
        parts = list(child.modules())
        # Of a library's model its configuration counts, which it keeps in one place.
        holds = _library(type(thing)) is None and any(_library(type(part)) for part in parts)
        if holds or any(map(_is_touched, parts)):
            yield name
            yield from _parts(child, within)


def _is_touched(module: nn.Module) -> bool:
    """Whether more than its weights and its description decide what a module does."""
    own = is_own(type(module).__module__) and _library(type(module)) is None
    return own or bool(_hooks(module))


def _hooks(module: nn.Module) -> list[Any]:
    """What changes a module's inputs and outputs, but for what a library puts on its own."""
    hooks = [*module._forward_pre_hooks.values(), *module._forward_hooks.values()]
    return [hook for hook in hooks if _library(hook) is None]


def _library(thing: Any) -> str | None:
    """The library of models that a class or function comes from."""
    name = (getattr(thing, "__module__", None) or "").partition(".")[0]
    return name if name in _LIBRARIES else None


def _object(thing: Any, within: tuple[int, ...]) -> Iterator[str]:
    """By attributes; by its pickle where it has none."""
    kind = type(thing)
    held = dict(getattr(thing, "__dict__", {})) if is_own(kind.__module__) else _vars(thing)
    slots = [name for base in kind.__mro__ for name in getattr(base, "__slots__", ())]
    if hasattr(thing, "__dict__") or slots:
        held |= {name: getattr(thing, name) for name in slots if hasattr(thing, name)}
        yield from _parts(held, within)
        return
    try:
        yield _hashed(pickle.dumps(thing))
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise Unknown from error


def _class(kind: type, within: tuple[int, ...]) -> Iterator[str]:
    """The code of a class and its bases as far as they are not ours, and what they see."""
    for base in kind.__mro__:
        if (library := _library(base)) is not None:
            yield f"{library} {version(library)}"
        elif is_own(base.__module__):
            yield _code(base.__module__)
            held = {k: v for k, v in vars(base).items() if not k.startswith("__")}
            yield from _parts({k: v for k, v in held.items() if _is_data(v)}, within)
            methods = [getattr(held, "__func__", held) for held in vars(base).values()]
            functions = [one for one in methods if isinstance(one, FunctionType)]
            yield from _parts(_seen_by(functions), within)


def _callable(thing: Any, within: tuple[int, ...]) -> Iterator[str]:
    module = thing.__module__ or ""
    yield f"{module}.{thing.__qualname__}"
    if isinstance(thing, BuiltinFunctionType):  # it has no code but Python's, and may have an owner
        owner = thing.__self__
        if not isinstance(owner, type | ModuleType | None):
            yield from _parts(owner, within)
        return
    if not is_own(module):
        return
    if isinstance(thing, type):
        yield from _class(thing, within)
    elif isinstance(thing, FunctionType):
        yield _code(module)
        yield from _parts([vars(thing), _seen_by([thing])], within)
    else:
        raise Unknown


def _seen_by(functions: Sequence[FunctionType]) -> dict[str, Any]:
    """What functions, and those of the user's own that they name, find beside their arguments."""
    found: dict[str, Any] = {}
    waiting, known = list(functions), set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in known:
            continue
        known.add(id(one))
        place = f"{one.__module__}.{one.__qualname__}"
        cells = [cell.cell_contents for cell in one.__closure__ or ()]
        found[place] = [one.__defaults__, one.__kwdefaults__, cells]
        for name in _names(one.__code__) & one.__globals__.keys():
            value = one.__globals__[name]
            if isinstance(value, FunctionType):
                waiting += [value] * is_own(value.__module__)
            elif _is_data(value) or _is_state(value):
                found[f"{place} {name}"] = value
    return found


def _names(code: CodeType) -> set[str]:
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return {*code.co_names, *(name for each in inner for name in _names(each))}


def _is_state(thing: Any) -> bool:
    """Whether it is an object that may decide what a function does."""
    own = is_own(type(thing).__module__) and not isinstance(thing, type)
    return own or isinstance(thing, nn.Module | partial | MethodType)


def _is_data(thing: Any) -> bool:
    """Whether it holds numbers or words, and no code."""
    if isinstance(thing, _PLAIN | bytes | np.ndarray | np.generic | torch.Tensor):
        return True
    if isinstance(thing, Mapping):
        return all(map(_is_data, thing.values()))
    return isinstance(thing, list | tuple | set | frozenset) and all(map(_is_data, thing))


def _code(module: str) -> str:
    code = code_behind(module)
    if code is None:
        raise Unknown
    return code


def _vars(thing: Any) -> dict[str, Any]:
    """What an object holds, without what is merely said about its weights."""
    held = getattr(thing, "__dict__", {})
    return {name: value for name, value in held.items() if name.lstrip("_") != "facts"}


def _tensor(tensor: torch.Tensor) -> str:
    plain = tensor.detach().cpu().contiguous()
    raw = plain.view(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
    return f"{plain.dtype} {tuple(plain.shape)} {_hashed(raw)}"


def _array(array: np.ndarray) -> str:
    if array.dtype.hasobject:
        raise Unknown
    return f"{array.dtype} {array.shape} {_hashed(np.ascontiguousarray(array).tobytes())}"


def _hashed(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


@cache
def _source_coding(family: str) -> tuple[str, ...]:
    """The data files behind separate coding, and the coders of this machine."""
    folder = Path(separation.__file__).parent
    files = [*sorted(folder.rglob("*.json")), checkpoint.WEIGHTS / f"{family}-mean.png"]
    contents = [f"{file.name} {_hashed(file.read_bytes())}" for file in files if file.is_file()]
    return *contents, *(f"{name} {CODERS[name].version()}" for name in usable_coders())
