"""All that matters of an object, as lines of text: for fingerprints.

Ours are described by what they hold. What is not ours may hold and do anything: there the source of
its class or function goes in too, with what it can see: attributes of any name, arguments that are
bound to it, and the values that its code names. Whatever of these cannot be described makes the
whole `Unknown`; nothing is left out. Of installed packages the version counts instead, and of a
library of models too: its parts follow from what they hold.
"""

import copyreg
import dis
import hashlib
import os
import pickle
import sys
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass
from fractions import Fraction
from functools import cache, cached_property, partial, reduce
from importlib.metadata import version
from importlib.util import resolve_name
from pathlib import Path, PurePath
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    GetSetDescriptorType,
    MemberDescriptorType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any

import numpy as np
import torch
from torch import nn

from semjscc import checkpoint, separation
from semjscc.links.source import SourceStage
from semjscc.own_code import code_behind, is_own, is_written
from semjscc.separation.sources import CODERS, usable_coders

_PLAIN = (
    str | int | float | complex | bool | None | Fraction | PurePath | range
    | torch.dtype | torch.device
)  # fmt: skip
_FILLED = Mapping | Sequence | set | frozenset | torch.Tensor | np.ndarray | np.generic
_MORE = defaultdict | deque | np.ma.MaskedArray
"""Containers that hold more than their items."""
_OF_CODE = FunctionType | classmethod | staticmethod | property
_CACHED = type(cache(len))
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))
_LIBRARIES = ("transformers",)
"""Whose code is too large to look at."""
_OUTSIDE = frozenset({"environ", "environb", "getenv", "getenvb", "argv"})
"""Names under which code finds what was said to the process."""


class Unknown(Exception):  # noqa: N818 - a signal, not an error
    """What decides the result cannot be told."""


@dataclass(frozen=True)
class _Around:
    """What has been described on the way to an object.

    Attributes:
        path: the objects that it lies in.
        code: functions, classes and modules described so far, wherever; each is described once.
    """

    path: tuple[int, ...] = ()
    code: dict[int, tuple[str, Any]] = field(default_factory=dict)

    def first(self, thing: Any) -> tuple[bool, str]:
        """Whether code is met for the first time, and its number."""
        first = id(thing) not in self.code
        # It is kept, so that nothing else gets its id.
        number, _ = self.code.setdefault(id(thing), (f"code {len(self.code)}", thing))
        return first, number


def contents(thing: Any) -> Iterator[str]:
    """Lines in a fixed order.

    Raises:
        Unknown: something that is not ours has no source, or holds or uses what cannot be
            described.
    """
    try:
        yield from _parts(thing, _Around())
    except RecursionError as error:
        raise Unknown from error


def _parts(thing: Any, around: _Around) -> Iterator[str]:
    if thing is os.environ or thing is os.getenv:
        raise Unknown
    kind = type(thing)
    yield kind.__qualname__
    if id(thing) in around.path:
        return
    around = _Around((*around.path, id(thing)), around.code)
    yield from _class(kind, around)
    if isinstance(thing, nn.Module):
        yield from _network(thing, around)
    elif isinstance(thing, SourceStage):
        yield from _parts({k: v for k, v in vars(thing).items() if k != "_cache"}, around)
        yield from _source_coding(thing.family)
        for coder in CODERS.values():
            if is_own(type(coder).__module__):
                yield from _parts(coder, around)
    elif isinstance(thing, _PLAIN | _FILLED):
        yield from _items(thing, around)
    elif is_dataclass(thing) and not isinstance(thing, type) and not is_own(kind.__module__):
        for part in fields(thing):
            yield part.name
            yield from _parts(getattr(thing, part.name), around)
    elif isinstance(thing, partial):
        yield from _parts([thing.func, thing.args, thing.keywords], around)
    elif isinstance(thing, MethodType):
        yield from _parts([thing.__func__, thing.__self__], around)
    elif isinstance(thing, classmethod | staticmethod):
        yield from _parts(thing.__func__, around)
    elif isinstance(thing, property):
        yield from _parts([thing.fget, thing.fset, thing.fdel], around)
    elif isinstance(thing, cached_property):
        yield from _parts(thing.func, around)
    elif isinstance(thing, _CACHED):
        yield from _parts(thing.__wrapped__, around)
    elif isinstance(thing, ModuleType):
        yield from _module(thing, around)
    elif callable(thing) and hasattr(thing, "__qualname__"):
        yield from _callable(thing, around)
    else:
        yield from _object(thing, around)


def _items(thing: Any, around: _Around) -> Iterator[str]:
    """Of data and containers: what is in them, and what they hold beside it."""
    if isinstance(thing, Mapping):
        for key in sorted(thing, key=str):
            yield str(key)
            yield from _parts(thing[key], around)
    elif isinstance(thing, torch.Tensor):
        yield _tensor(thing)
    elif isinstance(thing, _PLAIN):
        yield repr(thing)
    elif isinstance(thing, np.ndarray | np.generic | bytes):
        yield _array(np.asarray(thing))
    else:
        for one in thing if isinstance(thing, Sequence) else sorted(thing, key=repr):
            yield from _parts(one, around)
    if isinstance(thing, _MORE) or is_own(type(thing).__module__):
        further = ("default_factory", "maxlen")
        held = _held(thing) | {k: getattr(thing, k) for k in further if hasattr(thing, k)}
        if held:
            yield from _parts(held, around)


def _network(thing: nn.Module, around: _Around) -> Iterator[str]:
    yield repr(thing)
    for name, tensor in thing.state_dict().items():
        yield f"{name} {_tensor(tensor)}"
    if is_own(type(thing).__module__):
        plain = {k: v for k, v in vars(thing).items() if k not in _OF_EVERY_MODULE}
        plain["buffers"] = dict(thing.named_buffers(recurse=False))  # also those not in the state
    else:
        plain = {k: v for k, v in _vars(thing).items() if not k.startswith("_")}
    yield from _parts(plain, around)
    if hooks := _hooks(thing):
        yield from _parts(hooks, around)
    for name, child in thing.named_children():
        parts = list(child.modules())
        # Of a library's model its configuration counts, which it keeps in one place.
        holds = _library(type(thing)) is None and any(_library(type(part)) for part in parts)
        if holds or any(map(_is_touched, parts)):
            yield name
            yield from _parts(child, around)


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


def _object(thing: Any, around: _Around) -> Iterator[str]:
    """By its attributes, and by what `pickle` would make it of where that is something else."""
    kind = type(thing)
    held = _held(thing)
    if held or hasattr(thing, "__dict__"):
        yield from _parts(held, around)
    plain = kind.__reduce__ is object.__reduce__ and kind.__reduce_ex__ is object.__reduce_ex__
    try:
        known: Callable[[Any], Any] | None = copyreg.dispatch_table.get(kind)
        made = known(thing) if known else thing.__reduce_ex__(4)
        if isinstance(made, str):  # found by this name
            made = [pickle.dumps(thing)]
        elif plain and not known:
            made = [] if made[1] == (kind,) else made[1]
        else:
            made = [*made[:3], *(part and list(part) for part in made[3:5]), *made[5:]]
    except Exception as error:  # of any kind: it may be the user's code
        raise Unknown from error
    if made:
        yield from _parts(made, around)


def _held(thing: Any) -> dict[str, Any]:
    """Attributes, whatever its class makes of their names."""
    kind = type(thing)
    ours = kind.__module__.partition(".")[0] == "semjscc"
    held = _vars(thing) if ours else dict(getattr(thing, "__dict__", {}))
    for base in kind.__mro__:
        for name, member in vars(base).items():
            if isinstance(member, MemberDescriptorType):
                with suppress(AttributeError):  # it is not set
                    held[name] = member.__get__(thing)
    return held


def _class(kind: type, around: _Around) -> Iterator[str]:
    """The code of a class and its bases as far as they are not ours, and what they see."""
    for base in kind.__mro__:
        if (library := _library(base)) is not None:
            yield f"{library} {version(library)}"
        elif is_own(base.__module__):
            yield _code(base.__module__)
            first, number = around.first(base)
            if not is_written(base.__module__):
                yield from _installed_class(base, around)
                continue
            yield number
            if first:
                yield from _parts({k: v for k, v in vars(base).items() if _counts(k, v)}, around)


def _installed_class(base: type, around: _Around) -> Iterator[str]:
    """What else is known of a package's class than its version: of networks that are published."""
    held = {k: v for k, v in vars(base).items() if not k.startswith("__")}
    yield from _parts({k: v for k, v in held.items() if _is_data(v)}, around)
    methods = [getattr(held, "__func__", held) for held in vars(base).values()]
    yield from _parts(_seen_by([one for one in methods if isinstance(one, FunctionType)]), around)


def _seen_by(functions: Sequence[FunctionType]) -> dict[str, Any]:
    """Plain values that functions of a package, and those that they name, find in their modules."""
    found: dict[str, Any] = {}
    waiting, known = list(functions), set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in known:
            continue
        known.add(id(one))
        place = f"{one.__module__}.{one.__qualname__}"
        found[place] = [one.__defaults__, one.__kwdefaults__, _cells(one)]
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


def _counts(name: str, member: Any) -> bool:
    """Whether a member of a class decides what it does, and is not merely said about it."""
    if name.startswith("__"):
        code = isinstance(member, _OF_CODE) or (callable(member) and not isinstance(member, type))
        return code and not name.startswith("__annot")
    return name != "_abc_impl" and not isinstance(
        member, MemberDescriptorType | GetSetDescriptorType
    )


def _module(thing: ModuleType, around: _Around) -> Iterator[str]:
    """All values of a module of the user's; of another its version or name."""
    name = thing.__name__
    yield _code(name) if is_own(name) else name
    if is_written(name):
        first, number = around.first(thing)
        yield number
        if first:
            values = {k: v for k, v in vars(thing).items() if not k.startswith("__")}
            yield from _parts(values, around)


def _callable(thing: Any, around: _Around) -> Iterator[str]:
    module = getattr(thing, "__module__", None) or ""
    yield f"{module}.{thing.__qualname__}"
    if isinstance(thing, BuiltinFunctionType | MethodWrapperType):
        # It has no code but Python's, and may have an owner.
        owner = thing.__self__
        if not isinstance(owner, type | ModuleType | None):
            yield from _parts(owner, around)
    elif isinstance(thing, type):
        if is_own(module) and not is_written(module) and id(thing) not in around.code:
            yield _code(module)
        else:
            yield from _class(thing, around)
    elif isinstance(thing, FunctionType):
        yield from _function(thing, around)
    elif is_own(module) or is_own(type(thing).__module__):
        yield from _object(thing, around)


def _function(thing: FunctionType, around: _Around) -> Iterator[str]:
    """The code of a function that is not ours, and what it finds beside its arguments."""
    module = thing.__module__ or ""
    if module.startswith("namedtuple_"):  # where Python makes its named tuples
        module = "collections"
    if is_own(module):
        yield _code(module)
    if not is_written(module) and _is_by_name(thing):
        return
    first, number = around.first(thing)
    yield number
    if not first:
        return
    bound = [thing.__defaults__, thing.__kwdefaults__, _cells(thing)]
    yield from _parts([vars(thing), *bound], around)
    # Under the name of a function of the user's own there may be what another module made of it.
    if is_written(thing.__globals__.get("__name__", "")):
        yield from _parts(dict(_named(thing.__code__, thing.__globals__)), around)


def _is_by_name(thing: FunctionType) -> bool:
    """Whether Python finds it under its name, and it was not made while code ran."""
    found: Any = sys.modules.get(thing.__module__)
    try:
        return reduce(getattr, thing.__qualname__.split("."), found) is thing
    except AttributeError:
        return False


def _cells(thing: FunctionType) -> list[Any]:
    """What a function keeps of those around it, as far as it is there yet."""
    found: list[Any] = []
    for cell in thing.__closure__ or ():
        with suppress(ValueError):
            found.append(cell.cell_contents)
    return found


def _named(code: CodeType, values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
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
            yield from _named(inner, values)


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
