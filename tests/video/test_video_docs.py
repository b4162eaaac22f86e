"""The commands of docs/video.md run as they stand there."""

import json
import re
import shlex
from pathlib import Path

import pytest
from PIL import Image

from moving_pictures import frames_in, squares, write_clip
from semjscc.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "video.md"


def test_the_pages_commands_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_clip(Path("clip.mp4"), squares(3, 64, 64), codec="libx264", pixels="yuv420p")
    Path("frames").mkdir()
    for number, frame in enumerate(squares(2, 64, 64)):
        Image.fromarray(frame).save(f"frames/{number}.png")
    lines = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)).splitlines()
    commands = [line for line in lines if line]
    assert len(commands) == 6
    for line in commands:
        program, *words = shlex.split(line)
        assert program == "semjscc"
        assert main(words) == 0, line
        assert re.search(r"^(sent|received) +\d frames of", capsys.readouterr().out, re.MULTILINE)
    for name, count in (
        ("received.mp4", 3),
        ("received.webm", 3),
        ("exact.mkv", 2),
        ("heard.mp4", 3),
    ):
        assert len(frames_in(Path(name))[0]) == count
    assert frames_in(Path("side-by-side.mp4"))[1][0].shape[1] == 3 * 320
    facts = json.loads(Path("seen.jsonl").read_text().splitlines()[-1])
    described, _, _ = PAGE.read_text().partition("has a line of JSON")[2].partition("\n\n")
    assert set(re.findall(r"`(\w+)`", described)) == {*facts, *facts["before"][0]}
