"""The source behind a user's parts: it changes with every file that takes part, and no other."""

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from semjscc.own_code import _file_of, code_behind, is_own

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
    monkeypatch.setattr("semjscc.own_code.version", lambda _: "0.0")
    assert code_behind("rich.console") != first


def test_what_a_module_holds_is_not_looked_for_beside_it(write: Write, tmp_path: Path) -> None:
    # A folder `inner` beside it has nothing to do with the name `twice.inner`.
    write(twice="inner = 1")
    (tmp_path / "inner").mkdir()
    importlib.import_module("twice")
    assert _file_of("twice.inner") is None
    assert _file_of("twice") == (tmp_path / "twice.py").resolve()
