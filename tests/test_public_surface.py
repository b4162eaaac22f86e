"""What `semjscc` itself offers: complete, documented, and imported when somebody asks."""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import semjscc
from semjscc.cli import main
from semjscc.errors import UserError


def test_the_package_alone_imports_nothing_large() -> None:
    program = """
import sys
import semjscc
found = dir(semjscc)
print(*({name.partition(".")[0] for name in sys.modules} & {"torch", "numpy", "pandas"}), sep=",")
print(all(name in found for name in semjscc.__all__))
"""
    words = [sys.executable, "-c", program]
    done = subprocess.run(words, capture_output=True, text=True, check=True, env=os.environ)
    assert done.stdout.split("\n") == ["", "True", ""]


@pytest.mark.parametrize("name", semjscc.__all__)
def test_every_name_is_there_and_documented(name: str) -> None:
    found = getattr(semjscc, name)
    assert found.__name__ == name
    assert found.__module__.startswith("semjscc.")
    assert found.__doc__
    if not isinstance(found, type):
        assert all(part in found.__doc__ for part in ("Args:", "Returns:", "Raises:", "Example:"))


@pytest.mark.parametrize("name", ["load_data", "open_link", "open_perception"])
def test_examples_say_what_is_so(name: str) -> None:
    found = getattr(semjscc, name)
    (example,) = doctest.DocTestFinder().find(found, name, globs={"semjscc": semjscc})
    done = doctest.DocTestRunner(verbose=False).run(example)
    assert (done.failed, done.attempted) == (0, 2)


def test_the_page_of_the_api_works_word_for_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (Path(__file__).parents[1] / "docs" / "api" / "index.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.M | re.S)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block.replace("limit=20", "limit=2"), names)
    printed = capsys.readouterr().out
    assert printed.startswith("(64, 64, 3) ")
    assert all(f"\n{link} " in printed for link in ("none", "djscc", "semantic"))
    assert semjscc.Results.load("results.json") == names["results"]
    (command,) = re.findall(r"`semjscc (report .*? --table latex .*?)`", page)
    assert main(command.split()) == 0
    assert capsys.readouterr().out.count(" & ") == 4 * (1 + len(names["table"]))


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'transmitt'"):
        semjscc.transmitt  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]
    assert semjscc.UserError is UserError
