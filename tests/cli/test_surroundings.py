"""What a command makes of where it runs, and of what libraries say beside it."""

import sys
import warnings
from pathlib import Path

import numpy
import pytest

import semjscc
from semjscc.cli import main
from semjscc.errors import UserNote
from semjscc.runtime.notes import notes_in_one_line

LIBRARIES = (numpy.__file__, semjscc.__file__, warnings.__file__)
"""Files of an installed package, of this one and of Python."""


def test_a_working_folder_that_was_deleted_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    for words in (["links"], ["transmit", str(tmp_path / "x.png"), "--snr", "3"]):
        assert main(words) == 2
        printed = capsys.readouterr()
        assert printed.err == "semjscc: the working folder is gone: change to one that there is\n"
        assert printed.out == ""


def test_a_working_folder_deleted_while_a_command_runs_is_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)

    def overview() -> None:
        gone.rmdir()
        Path("x").absolute().stat()

    monkeypatch.setattr("semjscc.links.descriptions.overview", overview)
    assert main(["links"]) == 2
    assert capsys.readouterr().err.startswith("semjscc: the working folder is gone")


@pytest.mark.parametrize("asked", [[], ["default"]])
def test_a_librarys_warnings_are_for_those_who_ask(
    asked: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(sys, "warnoptions", asked)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, *_: shown.append(str(message))
        with notes_in_one_line():
            for place in (*LIBRARIES, tmp_path / "own.py"):
                warnings.warn_explicit(Path(place).name, UserWarning, str(place), 1)
            warnings.warn_explicit("a note", UserNote, numpy.__file__, 1)
    libraries = [Path(place).name for place in LIBRARIES] if asked else []
    assert shown == [*libraries, "own.py"]
    assert capsys.readouterr().err == "semjscc: warning: a note\n"
