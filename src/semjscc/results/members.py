"""What of functions, classes and objects decides what they do, before any of it is described."""

import dis
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import partial, reduce
from importlib.util import resolve_name
from pathlib import PurePath
from types import (
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    ModuleType,
)
from typing import Any

import numpy as np
import torch
from torch import nn

from semjscc.parts.own_code import code_behind, is_own, is_written

PLAIN = (
    str | int | float | complex | bool | None | Fraction | PurePath | range
    | torch.dtype | torch.device
)  # fmt: skip
OF_CODE = FunctionType | classmethod | staticmethod | property
_LIBRARIES = ("transformers",)
"""Whose code is too large to look at."""
_OUTSIDE = frozenset({"environ", "environb", "getenv", "getenvb", "argv"})
"""Names under which code finds what was said to the process."""


class Unknown(Exception):  # noqa: N818 - a signal, not an error
    """What decides the result cannot be told."""


def library(thing: Any) -> str | None:
    """The library of models that a class or function comes from."""
    name = (getattr(thing, "__module__", None) or "").partition(".")[0]
    return name if name in _LIBRARIES else None


def hooks(module: nn.Module) -> list[Any]:
    """What changes a module's inputs and outputs, but for what a library puts on its own."""
    hooks = [*module._forward_pre_hooks.values(), *module._forward_hooks.values()]
    return [hook for hook in hooks if library(hook) is None]


def is_touched(module: nn.Module) -> bool:
    """Whether more than its weights and its description decide what a module does."""
    own = is_own(type(module).__module__) and library(type(module)) is None
    return own or bool(hooks(module))


def held_by(thing: Any) -> dict[str, Any]:
    """Attributes, whatever its class makes of their names."""
    kind = type(thing)
    ours = kind.__module__.partition(".")[0] == "semjscc"
    held = attributes(thing) if ours else dict(getattr(thing, "__dict__", {}))
    for base in kind.__mro__:
        for name, member in vars(base).items():
            if isinstance(member, MemberDescriptorType):
                with suppress(AttributeError):  # it is not set
                    held[name] = member.__get__(thing)
    return held


def attributes(thing: Any) -> dict[str, Any]:
    """What an object holds, without what is merely said about its weights."""
    held = getattr(thing, "__dict__", {})
    return {name: value for name, value in held.items() if name.lstrip("_") != "facts"}


def counts(name: str, member: Any) -> bool:
    """Whether a member of a class decides what it does, and is not merely said about it."""
    if name.startswith("__"):
        code = isinstance(member, OF_CODE) or (callable(member) and not isinstance(member, type))
        return code and not name.startswith("__annot")
    return name != "_abc_impl" and not isinstance(
        member, MemberDescriptorType | GetSetDescriptorType
    )


def _names(code: CodeType) -> set[str]:
    inner = [each for each in code.co_consts if isinstance(each, CodeType)]
    return {*code.co_names, *(name for each in inner for name in _names(each))}


def _is_state(thing: Any) -> bool:
    """Whether it is an object that may decide what a function does."""
    own = is_own(type(thing).__module__) and not isinstance(thing, type)
    return own or isinstance(thing, nn.Module | partial | MethodType)


def is_data(thing: Any) -> bool:
    """Whether it holds numbers or words, and no code."""
    if isinstance(thing, PLAIN | bytes | np.ndarray | np.generic | torch.Tensor):
        return True
    if isinstance(thing, Mapping):
        return all(map(is_data, thing.values()))
    return isinstance(thing, list | tuple | set | frozenset) and all(map(is_data, thing))


def seen_by(functions: Sequence[FunctionType]) -> dict[str, Any]:
    """Plain values that functions of a package, and those that they name, find in their modules."""
    found: dict[str, Any] = {}
    waiting, known = list(functions), set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in known:
            continue
        known.add(id(one))
        place = f"{one.__module__}.{one.__qualname__}"
        found[place] = [one.__defaults__, one.__kwdefaults__, cells(one)]
        for name in _names(one.__code__) & one.__globals__.keys():
            value = one.__globals__[name]
            if isinstance(value, FunctionType):
                waiting += [value] * is_own(value.__module__)
            elif is_data(value) or _is_state(value):
                found[f"{place} {name}"] = value
    return found


def is_by_name(thing: FunctionType) -> bool:
    """Whether Python finds it under its name, and it was not made while code ran."""
    found: Any = sys.modules.get(thing.__module__)
    try:
        return reduce(getattr, thing.__qualname__.split("."), found) is thing
    except AttributeError:
        return False


def cells(thing: FunctionType) -> list[Any]:
    """What a function keeps of those around it, as far as it is there yet."""
    found: list[Any] = []
    for cell in thing.__closure__ or ():
        with suppress(ValueError):
            found.append(cell.cell_contents)
    return found


def named(code: CodeType, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The global values that code names, and of a module of the user's what it takes from it."""
    if _OUTSIDE.intersection(code.co_names):
        raise Unknown
    steps = list(dis.get_instructions(code))
    for i, step in enumerate(steps):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and step.argval in values:
            name, value = step.argval, values[step.argval]
            for after in steps[i + 1 :]:
                written = isinstance(value, ModuleType) and is_written(value.__name__)
                if not written or after.opname not in ("LOAD_ATTR", "LOAD_METHOD"):
                    break
                name = f"{name}.{after.argval}"
                value = _taken(value, after.argval)
            yield name, value
        elif step.opname == "IMPORT_NAME":
            level, names = steps[i - 2].argval, steps[i - 1].argval
            yield from _imported(level, step.argval, names, values.get("__package__") or "")
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from named(inner, values)


def _imported(
    level: int, name: str, names: Sequence[str] | None, package: str
) -> Iterator[tuple[str, Any]]:
    """What code imports of the user's while it runs; what is not loaded is as its file says."""
    try:
        full = resolve_name("." * level + name, package)
    except ImportError as error:
        raise Unknown from error
    module = sys.modules.get(full if names else full.partition(".")[0])
    if module is not None and is_written(module.__name__):
        if names is None:
            yield full, module
        for one in names or ():
            if hasattr(module, one):
                yield f"{full} {one}", getattr(module, one)


def _taken(module: ModuleType, name: str) -> Any:
    try:
        return getattr(module, name)
    except AttributeError as error:  # it comes to be while the code runs
        raise Unknown from error


def code_of_module(module: str) -> str:
    """As `code_behind`; `Unknown` where that knows nothing."""
    code = code_behind(module)
    if code is None:
        raise Unknown
    return code
