"""The commands of docs/modem.md run as they stand there."""

import io
import re
import shlex
import sys
from pathlib import Path

import pytest
from PIL import Image

from semjscc.cli import main
from semjscc.data.drawn.signs import render

PAGE = Path(__file__).parents[2] / "docs" / "modem.md"


def run(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command of the page, with its redirections, in this process."""
    line, _, source = line.partition(" < ")
    line, _, target = line.partition(" > ")
    program, *words = shlex.split(line)
    assert program == "semjscc"
    with monkeypatch.context() as patch:
        if source:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path(source).read_bytes())))
        if target:
            written = io.BytesIO()
            patch.setattr(sys, "stdout", io.TextIOWrapper(written))
        assert main(words) == 0, line
        if target:
            sys.stdout.flush()
            Path(target).write_bytes(written.getvalue())


def test_the_pages_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("first", "second"), 1):
        Image.fromarray(render("test", number).image).save(f"{name}.png")
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)).splitlines()
    commands = [line for line in lines if line]
    assert len(commands) == 12
    for line in commands:
        run(line, monkeypatch)
    assert len(list(Path("received").glob("*.png"))) == 2
    for folder in ("received-audio", "received-pipe"):
        assert len(list(Path(folder).glob("*.png"))) == 1
