"""What ``my.module:Name`` stands for, and what is said in one line where it stands for nothing."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from semjscc.errors import UserError
from semjscc.parts.named import code_of, find_function, find_part, is_part, make_part

MODULE = """
LEVEL = 3

class Part:
    def __init__(self, level=1):
        self.level = level

class Better(Part):
    pass

class Other:
    def __init__(self):
        raise SystemExit("it was called")

def make(level=1):
    return Part(level)

def wrong():
    return "nothing"

def fading(symbols, snr_db, draws, spread=1.0):
    return symbols
"""


class Part:
    """Stands for a contract of ours."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with modules of the user's own, which nobody has imported."""
    for name, text in {
        "users_parts.py": MODULE,
        "users_broken.py": "import not_there_at_all",
        "users_mistyped.py": "def",
        "users_nested/__init__.py": "",
        "users_nested/inner.py": "LEVEL = 4",
    }.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        os.utime(file, (1e9, 1e9))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [p for p in sys.path if p not in ("", str(tmp_path))])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("users_"):
            del sys.modules[name]


@pytest.mark.parametrize("name", ["a:b", "my.module:Name", "_x.y9:_z", "größe:Maß"])
def test_names_of_parts(name: str) -> None:
    assert is_part(name)


@pytest.mark.parametrize(
    "name", ["", ":", "a:", ":b", "a", "a:b:c", "./a:b", "a/b:c", ".a:b", "a..b:c", "1:2", "a:b\n"]
)
def test_what_is_no_name_of_a_part(name: str) -> None:
    assert not is_part(name)
    with pytest.raises(UserError, match=r"not written as my\.module:Name"):
        find_part(name, "link")


def test_parts_are_found_in_the_working_folder() -> None:
    assert find_part("users_parts:LEVEL", "channel") == 3
    assert find_part("users_nested.inner:LEVEL", "channel") == 4


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("users_nothing:Part", "there is no module users_nothing in the working folder"),
        ("users_parts.inner:Part", "there is no module users_parts.inner in"),
        ("users_broken:Part", "No module named 'not_there_at_all'"),
        ("users_mistyped:Part", "invalid syntax"),
        ("users_parts:Prat", r"users_parts\.py has no Prat: did you mean 'Part'\?"),
        ("sys:Part", "Python itself has no Part"),
    ],
)
def test_what_cannot_be_found_is_one_line(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        find_part(name, "link")
    assert str(raised.value).startswith(f"cannot find the link {name}: ")
    assert str(raised.value).isprintable()


def test_a_class_or_a_function_makes_a_part() -> None:
    kind = find_part("users_parts:Part", "link")
    assert make_part("users_parts:Better", "link", kind, {"level": 5}).level == 5
    assert make_part("users_parts:make", "link", kind).level == 1


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("users_parts:Other", "it is not a users_parts.Part"),
        ("users_parts:LEVEL", "not callable"),
        ("users_parts:wrong", "made a str, not a users_parts.Part"),
        ("users_parts:fading", "missing 3 required positional arguments"),
    ],
)
def test_what_is_of_another_kind_is_one_line(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as raised:
        make_part(name, "link", find_part("users_parts:Part", "link"))
    assert name in str(raised.value)


def test_a_contract_that_is_not_kept_is_one_line(folder: Path) -> None:
    (folder / "users_link.py").write_text(
        "from semjscc.links import SymbolLink\n"
        "class Half(SymbolLink):\n"
        "    def transmit(self, images, ratio, snr_db): ...\n"
    )
    from semjscc.links import Link

    with pytest.raises(UserError, match=r"cannot make the link users_link:Half: .*receive"):
        make_part("users_link:Half", "link", Link)


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("users_parts:LEVEL", "abc", "is a int: it must be a function of"),
        ("users_parts:Part", "abc", "is a class: it must be a function of"),
        ("users_parts:fading", "ab", r"must be a function of \(a, b\)"),
        ("users_parts:fading", "abcde", r"must be a function of \(a, b, c, d, e\)"),
    ],
)
def test_a_function_of_other_arguments_is_one_line(name: str, arguments: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        find_function(name, "channel", arguments)
    assert find_function("users_parts:fading", "channel", "abc")(1, 2, 3) == 1


def test_the_code_of_parts_follows_their_files(folder: Path) -> None:
    names = [
        "users_parts:Part",
        "users_parts:make",
        None,
        "awgn",
        "semjscc.links.joint_coding.linear:LinearLink",
    ]
    first = code_of(names)
    assert first.keys() == {"users_parts"}
    (folder / "users_parts.py").write_text(MODULE + "# a word")
    os.utime(folder / "users_parts.py", (1e9, 1e9))
    assert code_of(names) != first
    with pytest.raises(UserError, match="users_nothing"):
        code_of(["users_nothing:Part"])


@pytest.mark.parametrize("body", ["import sys\nsys.exit()", "raise SystemExit(3)"])
def test_a_module_that_ends_the_program_is_one_line(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"ends_{len(body)}"
    (tmp_path / f"{name}.py").write_text(f"class Part: pass\n{body}\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match=rf"cannot find the link {name}:Part: it ends the program"):
        find_part(f"{name}:Part", "link")


def test_a_missing_key_is_called_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keyless.py").write_text("{}['gain']\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError, match="cannot find the link keyless:Part: KeyError: 'gain'"):
        find_part("keyless:Part", "link")
