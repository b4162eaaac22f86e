"""With --json, standard output holds JSON alone, whatever code of the user's own prints."""

import json
import os
from pathlib import Path

import pytest

from semjscc.cli import main
from semjscc.cli.answers import only_answers, print_json

LOUD = """
from semjscc.channels.awgn import awgn

def channel(symbols, snr_db, draws):
    print("hello from the channel")
    return awgn(symbols, snr_db, draws)
"""


def test_what_others_print_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with only_answers(wanted=True):
        print("hello")
        print_json({"a": 1})
    with only_answers(wanted=False):
        print("for people")
    printed = capsys.readouterr()
    assert printed.out == '{"a": 1}\nfor people\n'
    assert printed.err == "hello\n"


def test_a_channel_that_prints_spoils_no_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "loud_channel.py").write_text(LOUD)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    words = ["--channel", "loud_channel:channel", "--json"]
    grid = ["--links", "djscc", "--data", "signs", "--ratio", "1/48", "--limit", "2"]
    assert main(["evaluate", *grid, "--snr", "0,5", "--jobs", "2", "--out", "out", *words]) == 0
    printed = capfd.readouterr()
    assert len(json.loads(printed.out)["records"]) == 2
    assert "hello from the channel" in printed.err
