"""Fingerprints of parts that are not ours: they follow from code and settings, not from names."""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from semjscc.channels import CHANNELS
from semjscc.evaluation.grid import Grid, Point
from semjscc.experiments.evaluation import run
from semjscc.links import CodecLink
from semjscc.perception.base import Perception
from semjscc.results.contents import contents
from semjscc.results.fingerprint import (
    channel_fingerprint,
    context_fingerprint,
    link_fingerprint,
)
from semjscc.results.members import Unknown
from small_evaluation import make, measured, no_pictures

__all__ = ["measured", "no_pictures"]

Source = Callable[[str], ModuleType]

CHANNEL = """
import torch
from semjscc.channels import ChannelKnowledge
from semjscc.channels.awgn import awgn

LOSS = 1.0

def lossy(symbols, snr_db, draws):
    received, knowledge = awgn(symbols * LOSS * 0.5, snr_db, draws)
    return received, ChannelKnowledge(knowledge.gain * LOSS * 0.5, knowledge.noise_variance)
"""


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    """Makes a user's module anew from its text, written as if long ago."""
    monkeypatch.syspath_prepend(tmp_path)

    def module(text: str) -> ModuleType:
        path = tmp_path / "mine.py"
        path.write_text(text)
        os.utime(path, (1e9, 1e9))
        monkeypatch.delitem(sys.modules, "mine", raising=False)
        importlib.invalidate_caches()
        made = importlib.import_module("mine")
        Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
        return made

    return module


def test_an_edited_channel_is_measured_anew(
    tmp_path: Path, source: Source, measured: list[Point], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CHANNELS, "lossy", source(CHANNEL).lossy)
    grid = Grid(ratios=(Fraction(1, 24),), snrs_db=(5.0,), channel="lossy")

    def psnr(text: str) -> float | None:
        monkeypatch.setitem(CHANNELS, "lossy", source(text).lossy)
        measured.clear()
        return run(make(grid=grid), tmp_path / "out").records[1].psnr_db

    first = psnr(CHANNEL)
    assert len(measured) == 2
    assert psnr(CHANNEL) == first
    assert not measured
    edited = psnr(CHANNEL.replace("0.5", "0.1"))
    assert len(measured) == 1  # the link without a channel meets none
    assert edited is not None
    assert first is not None
    assert edited < first - 0.1
    assert edited == run(make(grid=grid), tmp_path / "fresh").records[1].psnr_db


def test_our_own_channels_go_by_name() -> None:
    assert [channel_fingerprint(one) for one in CHANNELS.values()] == [""] * len(CHANNELS)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("LOSS = 1.0", "LOSS = 0.9"),
        ("* 0.5", "* 0.4"),
        ("LOSS = 1.0", "LOSS = 1.0  # a word"),
    ],
)
def test_an_edit_anywhere_in_the_source_counts(source: Source, before: str, after: str) -> None:
    first = channel_fingerprint(source(CHANNEL).lossy)
    assert first == channel_fingerprint(source(CHANNEL).lossy)
    assert None is not first != channel_fingerprint(source(CHANNEL.replace(before, after)).lossy)


PARTS = """
import functools
import numpy as np
import torch
from dataclasses import dataclass
from torch import nn

LEVEL, TAPS = 1.0, np.ones(3)

def helper():
    return LEVEL

def plain(symbols, snr_db, draws, strength=1.0):
    return helper() * TAPS

def within(strength):
    def inner(symbols, snr_db, draws):
        return strength
    return inner

@dataclass
class Held:
    strength: float = 1.0
    def __call__(self, symbols, snr_db, draws):
        return helper()
    def method(self, symbols, snr_db, draws):
        return self.strength

class Slotted:
    __slots__ = ("strength",)
    def __init__(self):
        self.strength = 1.0
    def __call__(self, symbols, snr_db, draws):
        return self.strength

class Net(nn.Module):
    spread = 1.0
    def __init__(self, strength=1.0, spread=1.0):
        super().__init__()
        self._strength, self.table = strength, np.ones(2)
        self.register_buffer("kept", torch.full((1,), spread), persistent=False)
        self.line = nn.Linear(2, 2)
        nn.init.ones_(self.line.weight)
        nn.init.ones_(self.line.bias)
    def forward(self, x):
        return x
"""


def _set(thing: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(thing, name, value)
    return thing


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lambda m: m.plain, lambda m: _set(m, LEVEL=2.0).plain),
        (lambda m: m.plain, lambda m: _set(m, TAPS=m.TAPS * 2).plain),
        (lambda m: m.plain, lambda m: _set(m.plain, __defaults__=(2.0,))),
        (lambda m: m.plain, lambda m: _set(m.plain, mark=1)),
        (lambda m: m.within(1.0), lambda m: m.within(2.0)),
        (
            lambda m: m.functools.partial(m.plain, strength=1),
            lambda m: m.functools.partial(m.plain),
        ),
        (lambda m: m.Held(), lambda m: m.Held(2.0)),
        (lambda m: m.Held(), lambda m: _set(m, LEVEL=2.0).Held()),
        (lambda m: m.Held(), lambda m: _set(m.Held(), more=1)),
        (lambda m: m.Held().method, lambda m: m.Held(2.0).method),
        (lambda m: m.Slotted(), lambda m: _set(m.Slotted(), strength=2.0)),
        (lambda m: m.Net(), lambda m: m.Net(2.0)),
        (lambda m: m.Net(), lambda m: m.Net(spread=2.0)),
        (lambda m: m.Net(), lambda m: _set(m.Net(), table=m.TAPS)),
        (lambda m: m.Net(), lambda m: (_set(m.Net, spread=2.0))()),
        (lambda m: m.nn.Sequential(m.Net()), lambda m: m.nn.Sequential(m.Net(2.0))),
    ],
)
def test_settings_count_wherever_they_are_kept(
    source: Source, one: Callable[[Any], Any], other: Callable[[Any], Any]
) -> None:
    first = list(contents(one(source(PARTS))))
    assert list(contents(one(source(PARTS)))) == first
    assert list(contents(other(source(PARTS)))) != first


def test_what_cannot_be_known_is_never_taken_for_known(
    source: Source, tmp_path: Path, measured: list[Point], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = source(PARTS)
    with pytest.raises(Unknown):
        list(contents(_set(made.Held(), running=(x for x in ()))))
    session: dict[str, Any] = {"__name__": "a_session"}
    exec(CHANNEL, session)  # as in a notebook: there is no file
    assert channel_fingerprint(session["lossy"]) is None
    monkeypatch.setitem(CHANNELS, "lossy", session["lossy"])
    grid = Grid(ratios=(Fraction(1, 24),), snrs_db=(5.0,), channel="lossy")
    for count in (2, 1, 1):
        measured.clear()
        run(make(grid=grid), tmp_path)
        assert len(measured) == count


def test_links_and_networks_that_are_not_ours(source: Source) -> None:
    def of_link(text: str) -> str | None:
        link = make().links[1]
        assert isinstance(link, CodecLink)
        link.codec.extra = source(text).Net()  # pyright: ignore[reportAttributeAccessIssue]
        return link_fingerprint(link)

    def of_network(text: str) -> str | None:
        made = source(text).Net()
        judge = Perception(made, layers=["line"], class_names=("a", "b"))
        return context_fingerprint(make().data, judge, "accuracy")

    for digest in (of_link, of_network):
        assert None is not digest(PARTS) == digest(PARTS)
        assert digest(PARTS) != digest(PARTS.replace("return x", "return 2 * x"))


def test_a_hook_counts() -> None:
    plain, hooked = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)
    hooked.load_state_dict(plain.state_dict())
    assert list(contents(plain)) == list(contents(hooked))
    hooked.register_forward_hook(lambda _module, _inputs, output: 2 * output)
    assert list(contents(plain)) != list(contents(hooked))


def test_ours_are_described_as_ever() -> None:
    """What was measured before stays known; a change that is meant counts `FORMAT` up."""
    assert link_fingerprint(make().links[0]) == "ef04a9a6e70814ff681317e917d04fb6"


NAMED = """
from typing import NamedTuple

class Block(NamedTuple):
    width: int

held = [Block({width})]
letters = "abc".upper
"""


def test_named_tuples_and_methods_of_python_itself_are_known(source: Source) -> None:
    narrow, again, wide = (source(NAMED.replace("{width}", width)) for width in ("4", "4", "8"))
    assert [*contents(narrow.held)] == [*contents(again.held)]
    assert [*contents(narrow.held)] != [*contents(wide.held)]
    assert "'abc'" in [*contents(narrow.letters)]  # the owner decides what the method gives
    assert [*contents(len)] == [*contents(len)]


USES = """
import argparse, collections, dataclasses, decimal, functools, os, pathlib, types
import numpy as np
import torch
from os import getenv as asked
from semjscc.channels.awgn import awgn

class Local:
    GAIN = 1.0

class Held:
    cfg = None
    @property
    def by_property(self):
        return X
    @classmethod
    def by_class(cls):
        return X
    @staticmethod
    def by_itself():
        return X
    @functools.cached_property
    def kept(self):
        return X

class Slotted:
    __slots__ = "__gain"
    def __init__(self, gain):
        self.__gain = gain

class Words(dict):
    pass

@functools.lru_cache
def cached():
    return X

def decorated(function):
    @functools.wraps(function)
    def outer():
        return function()
    return outer

@decorated
def helper():
    return X

@torch.no_grad()
def without_gradients():
    return X

def set_up(g):
    global X
    X = {made}

def part(symbols, snr_db, draws):
    return awgn(symbols * len([{used}]), snr_db, draws)
"""

KNOWN = {
    "plain": ("g", "X"),
    "namespace": ("argparse.Namespace(gain=g, facts=g)", "X.gain"),
    "facts": ("types.SimpleNamespace(facts=g)", "X.facts"),
    "class": ("setattr(Local, 'GAIN', g)", "Local.GAIN"),
    "class in a module": ("setattr(Local, 'GAIN', g) or MINE", "X.Local.GAIN"),
    "module": ("module(g)", "X.GAIN"),
    "mixed dict": ("{'gain': g, 'fn': len}", "X['gain']"),
    "mixed list": ("[g, print]", "X[0]"),
    "lambdas": ("[lambda: 0, lambda: g]", "X[1]()"),
    "path": ("pathlib.Path(str(g))", "X.name"),
    "decimal": ("decimal.Decimal(g)", "X"),
    "range": ("range(int(g))", "X"),
    "deque": ("collections.deque([1], maxlen=int(g))", "X"),
    "default": ("collections.defaultdict(functools.partial(float, g))", "X[0]"),
    "masked": ("np.ma.array([1, 2, 3], mask=[0, g > 1, 0])", "X"),
    "random state": ("np.random.RandomState(int(g))", "X.rand()"),
    "vectorised": ("np.vectorize(functools.partial(max, g))", "X(1)"),
    "cached": ("g", "cached()"),
    "decorated": ("g", "helper()"),
    "decorated by another": ("g", "without_gradients()"),
    "property": ("g", "Held().by_property"),
    "class method": ("g", "Held.by_class()"),
    "static method": ("g", "Held.by_itself()"),
    "attribute of a class": ("setattr(Held, 'cfg', argparse.Namespace(g=g))", "Held.cfg.g"),
    "slots": ("Slotted(g)", "X"),
    "more than a dict": ("vars(words := Words()).update(gain=g) or words", "X.gain"),
    "cached property": ("g", "Held().kept"),
    "nested": ("g", "(lambda: X)()"),
}
UNSURE = {  # these may be described or not
    "generator": ("torch.Generator().manual_seed(int(g))", "torch.rand(1, generator=X)"),
    "environment": ("os.environ.update(SEMJSCC_GAIN=str(g))", "os.environ['SEMJSCC_GAIN']"),
    "asked environment": ("os.environ.update(SEMJSCC_GAIN=str(g))", "asked('SEMJSCC_GAIN')"),
    "iterator": ("(x for x in [g])", "X"),
}


@pytest.mark.parametrize("name", [*KNOWN, *UNSURE])
def test_a_value_that_code_uses_is_described_or_the_part_is_unknown(
    source: Source, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEMJSCC_GAIN", "")
    made, used = (KNOWN | UNSURE)[name]
    text = USES.replace("{made}", made).replace("{used}", used)

    def of(gain: float) -> str | None:
        mine = source(text)
        config = ModuleType("config_of_mine")
        vars(config)["GAIN"] = gain
        vars(mine).update(MINE=mine, module=lambda _: config)
        mine.set_up(gain)
        return channel_fingerprint(mine.part)

    first, again, other = of(1.0), of(1.0), of(2.0)
    assert first is None or first != other
    if name in KNOWN:
        assert None is not first == again


def test_a_module_counts_with_what_was_set_in_it(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tuned.py").write_text("GAIN, OTHER = 1.0, 1.0")
    os.utime(tmp_path / "tuned.py", (1e9, 1e9))
    monkeypatch.delitem(sys.modules, "tuned", raising=False)
    text = """
import tuned
def taken(symbols, snr_db, draws):
    return tuned.GAIN
def passed(symbols, snr_db, draws):
    return getattr(tuned, "GA" + "IN")
def late(symbols, snr_db, draws):
    from tuned import GAIN as g
    return g
"""
    mine = source(text)
    parts = (mine.taken, mine.passed, mine.late)
    first = [channel_fingerprint(part) for part in parts]
    monkeypatch.setattr(mine.tuned, "OTHER", 2.0)  # which two of them do not name
    assert [channel_fingerprint(part) == one for part, one in zip(parts, first, strict=True)] == [
        *(True, False, True)
    ]
    monkeypatch.setattr(mine.tuned, "OTHER", 1.0)
    assert [channel_fingerprint(part) for part in parts] == first
    monkeypatch.setattr(mine.tuned, "GAIN", 2.0)
    changed = [channel_fingerprint(part) for part in parts]
    assert None not in first
    assert all(one != other for one, other in zip(first, changed, strict=True))
    monkeypatch.delitem(sys.modules, "tuned")


@pytest.mark.parametrize(
    ("folder", "name"), [("own-channel", "jammer:jammer"), ("own-link", "thumbnail:Thumbnail")]
)
def test_ordinary_parts_are_known(folder: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "examples" / folder)
    module, _, within = name.partition(":")
    part = getattr(importlib.import_module(module), within)
    monkeypatch.setattr("semjscc.parts.own_code._BEGAN", float("inf"))  # however young the checkout
    assert list(contents(part)) == list(contents(part))
