"""Commands as tests call them."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from semjscc.cli import main


def run_json(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What a command that succeeds prints with ``--json``."""
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(words: Sequence[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one line of an error, after checking that it is one."""
    capsys.readouterr()
    assert main(words) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("semjscc: ")
    assert printed.err.count("\n") == 1
    assert printed.out == ""
    return printed.err
