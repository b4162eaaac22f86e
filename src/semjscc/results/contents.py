"""All that matters of an object, as lines of text: for fingerprints.

Ours are described by what they hold. What is not ours may hold and do anything: there the source of
its class or function goes in too, with what it can see: attributes of any name, arguments that are
bound to it, and the values that its code names. Whatever of these cannot be described makes the
whole `Unknown`; nothing is left out. Of installed packages the version counts instead, and of a
library of models too: its parts follow from what they hold.
"""

import copyreg
import os
import pickle
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from functools import cache, cached_property, partial
from importlib.metadata import version
from types import (
    BuiltinFunctionType,
    FunctionType,
    MethodType,
    MethodWrapperType,
    ModuleType,
)
from typing import Any

import numpy as np
import torch
from torch import nn

from semjscc.digests import tensor_text
from semjscc.links.separate_coding.source import SourceStage
from semjscc.parts.own_code import is_own, is_written
from semjscc.results.hashes import array_text, source_coding
from semjscc.results.members import (
    PLAIN,
    Unknown,
    attributes,
    cells,
    code_of_module,
    counts,
    held_by,
    hooks,
    is_by_name,
    is_data,
    is_touched,
    library,
    named,
    seen_by,
)
from semjscc.separation.sources import CODERS

_FILLED = Mapping | Sequence | set | frozenset | torch.Tensor | np.ndarray | np.generic
_MORE = defaultdict | deque | np.ma.MaskedArray
"""Containers that hold more than their items."""
_CACHED = type(cache(len))
_OF_EVERY_MODULE = frozenset(vars(nn.Module()))


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
        yield from source_coding(thing.family)
        for coder in CODERS.values():
            if is_own(type(coder).__module__):
                yield from _parts(coder, around)
    elif isinstance(thing, PLAIN | _FILLED):
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
        yield tensor_text(thing)
    elif isinstance(thing, PLAIN):
        yield repr(thing)
    elif isinstance(thing, np.ndarray | np.generic | bytes):
        yield array_text(np.asarray(thing))
    else:
        for one in thing if isinstance(thing, Sequence) else sorted(thing, key=repr):
            yield from _parts(one, around)
    if isinstance(thing, _MORE) or is_own(type(thing).__module__):
        further = ("default_factory", "maxlen")
        held = held_by(thing) | {k: getattr(thing, k) for k in further if hasattr(thing, k)}
        if held:
            yield from _parts(held, around)


def _network(thing: nn.Module, around: _Around) -> Iterator[str]:
    yield repr(thing)
    for name, tensor in thing.state_dict().items():
        yield f"{name} {tensor_text(tensor)}"
    if is_own(type(thing).__module__):
        plain = {k: v for k, v in vars(thing).items() if k not in _OF_EVERY_MODULE}
        plain["buffers"] = dict(thing.named_buffers(recurse=False))  # also those not in the state
    else:
        plain = {k: v for k, v in attributes(thing).items() if not k.startswith("_")}
    yield from _parts(plain, around)
    if found := hooks(thing):
        yield from _parts(found, around)
    for name, child in thing.named_children():
        parts = list(child.modules())
        # Of a library's model its configuration counts, which it keeps in one place.
        holds = library(type(thing)) is None and any(library(type(part)) for part in parts)
        if holds or any(map(is_touched, parts)):
            yield name
            yield from _parts(child, around)


def _object(thing: Any, around: _Around) -> Iterator[str]:
    """By its attributes, and by what `pickle` would make it of where that is something else."""
    kind = type(thing)
    held = held_by(thing)
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


def _class(kind: type, around: _Around) -> Iterator[str]:
    """The code of a class and its bases as far as they are not ours, and what they see."""
    for base in kind.__mro__:
        if (home := library(base)) is not None:
            yield f"{home} {version(home)}"
        elif is_own(base.__module__):
            yield code_of_module(base.__module__)
            first, number = around.first(base)
            if not is_written(base.__module__):
                yield from _installed_class(base, around)
                continue
            yield number
            if first:
                yield from _parts({k: v for k, v in vars(base).items() if counts(k, v)}, around)


def _installed_class(base: type, around: _Around) -> Iterator[str]:
    """What else is known of a package's class than its version: of networks that are published."""
    held = {k: v for k, v in vars(base).items() if not k.startswith("__")}
    yield from _parts({k: v for k, v in held.items() if is_data(v)}, around)
    methods = [getattr(held, "__func__", held) for held in vars(base).values()]
    yield from _parts(seen_by([one for one in methods if isinstance(one, FunctionType)]), around)


def _module(thing: ModuleType, around: _Around) -> Iterator[str]:
    """All values of a module of the user's; of another its version or name."""
    name = thing.__name__
    yield code_of_module(name) if is_own(name) else name
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
            yield code_of_module(module)
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
        yield code_of_module(module)
    if not is_written(module) and is_by_name(thing):
        return
    first, number = around.first(thing)
    yield number
    if not first:
        return
    bound = [thing.__defaults__, thing.__kwdefaults__, cells(thing)]
    yield from _parts([vars(thing), *bound], around)
    # Under the name of a function of the user's own there may be what another module made of it.
    if is_written(thing.__globals__.get("__name__", "")):
        yield from _parts(dict(named(thing.__code__, thing.__globals__)), around)
