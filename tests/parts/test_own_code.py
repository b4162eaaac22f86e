"""The source behind a user's parts: it changes with every file that takes part, and no other."""

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from semjscc.parts import own_code
from semjscc.parts.own_code import _file_of, code_behind, failure_of, in_words, is_own, note_named

Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Writes files as if long ago; modules of them that were imported are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def write_files(**files: str) -> None:
        for name, text in files.items():
            path = tmp_path / (name.replace("__in__", "/") + ".py")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
            os.utime(path, (1e9, 1e9))
        importlib.invalidate_caches()

    yield write_files
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_whose_modules_are_whose() -> None:
    assert is_own("my.module")
    assert is_own("__main__")
    assert is_own("torchvision.models")
    ours = ["semjscc.links", "torch.nn", "numpy", "json", "collections.abc", "builtins"]
    assert not any(map(is_own, ours))


def test_every_file_that_takes_part_counts(write: Write) -> None:
    write(
        part="import json, near\nfrom kit.deep import far\ndef late():\n    import lazy\n",
        near="import part\n",  # in a circle
        kit__in____init__="",
        kit__in__deep="from . import beside\nfar = 1\n",
        kit__in__beside="",
        lazy="",
        other="",
    )
    importlib.import_module("part")
    first = code_behind("part")
    assert first is not None
    assert code_behind("part") == first
    for name in ("part", "near", "kit__in____init__", "kit__in__deep", "kit__in__beside", "lazy"):
        path = name.replace("__in__", "/")
        text = (Path(str(sys.modules["part"].__file__)).parent / f"{path}.py").read_text()
        write(**{name: f"{text}# edited\n"})
        assert code_behind("part") != first, name
        write(**{name: text})
        assert code_behind("part") == first, name
    write(other="# edited\n")
    assert code_behind("part") == first


def test_a_compiled_module_that_takes_part_counts(write: Write, tmp_path: Path) -> None:
    compiled = tmp_path / f"fast{EXTENSION_SUFFIXES[0]}"
    compiled.write_bytes(b"\x7fELF\0\1")
    os.utime(compiled, (1e9, 1e9))
    write(part="def late():\n    import fast\n")
    importlib.import_module("part")
    first = code_behind("part")
    assert first is not None
    compiled.write_bytes(b"\x7fELF\0\2")
    os.utime(compiled, (1e9, 1e9))
    assert code_behind("part") not in (first, None)


def test_what_has_no_source_or_may_have_another_is_unknown(write: Write) -> None:
    assert code_behind("a_session") is None
    write(part="")
    importlib.import_module("part")
    assert code_behind("part") is not None
    os.utime(str(sys.modules["part"].__file__))  # now, long after this process began
    assert code_behind("part") is None


def test_installed_packages_count_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    importlib.import_module("rich.console")
    first = code_behind("rich.console")
    assert first is not None
    monkeypatch.setattr("semjscc.parts.own_code.version", lambda _: "0.0")
    assert code_behind("rich.console") != first


def test_what_a_module_holds_is_not_looked_for_beside_it(write: Write, tmp_path: Path) -> None:
    # A folder `inner` beside it has nothing to do with the name `twice.inner`.
    write(twice="inner = 1")
    (tmp_path / "inner").mkdir()
    importlib.import_module("twice")
    assert _file_of("twice.inner") is None
    assert _file_of("twice") == (tmp_path / "twice.py").resolve()


FAILING = """
class Part:
    def send(self):
        return self.find({}, "gain")
    def find(self, known, key):
        return known[key]
    @property
    def ratio(self):
        raise ValueError("no\\nsecond line")

def silent():
    assert False

def told():
    from semjscc.errors import UserError
    raise UserError("take another")
"""


def raised(function: Callable[..., object], *arguments: object) -> Exception:
    """As if something of ours had called the function."""
    try:
        function(*arguments)
    except Exception as error:
        return error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)
    raise AssertionError("nothing was raised")


@pytest.fixture
def nobody_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_code, "_named", set())


@pytest.mark.usefixtures("nobody_named")
def test_what_fails_in_code_of_the_users_own_is_told_with_its_part_and_place(write: Write) -> None:
    write(users_failing=FAILING)
    users = importlib.import_module("users_failing")
    part = users.Part()
    for error, asked, said in (
        (raised(part.send), "Part.send", "KeyError: 'gain' (users_failing.py, line 6)"),
        (raised(getattr, part, "ratio"), "Part.ratio", "ValueError: no (users_failing.py, line 9)"),
        (raised(users.silent), "silent", "AssertionError (users_failing.py, line 12)"),
    ):
        assert failure_of(error) == f"users_failing:{asked} failed: {said}"
        assert in_words(error) == said
    assert in_words(raised(users.told)) == "take another"


@pytest.mark.usefixtures("nobody_named")
def test_what_fails_elsewhere_is_nobodys_unless_something_was_named() -> None:
    fault = raised(is_own, None)
    assert failure_of(fault) is None
    note_named("semjscc.links")
    assert failure_of(fault) is None
    note_named("users_part.inner")
    said = "the work failed, and code of your own takes part in it (users_part): AttributeError: "
    assert (failure_of(fault) or "").startswith(said)
    assert in_words(ValueError("plain")) == "plain"
    assert in_words(ValueError()) == "ValueError"
    assert in_words(KeyError("gain")) == "KeyError: 'gain'"
