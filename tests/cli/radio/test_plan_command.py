"""`plan` as a user types it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from semjscc.cli import main
from semjscc.radio.waveform.airtime import modem_airtime
from semjscc.radio.waveform.profiles import AUDIO


def answers(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    """What `plan` says to programs, its radios by name."""
    capsys.readouterr()
    assert main(["plan", *words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    return {**said, "radios": {one["radio"]: one for one in said["radios"]}}


@pytest.fixture
def picture(tmp_path: Path) -> str:
    """Upright it is 40 wide and 90 high; its file says 90 x 40, to be turned."""
    path = tmp_path / "picture.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.random.default_rng(0).integers(0, 256, (40, 90, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, exif=exif)
    return str(path)


@pytest.mark.parametrize("profile", ["sdr", "audio"])
def test_plan_says_what_modulate_takes(
    profile: str, picture: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ratio = ["--ratio", "1/6", "--profile", profile]
    planned = answers(capsys, picture, *ratio)
    out = str(tmp_path / "tx.cf32")
    assert main(["modulate", picture, "--link", "linear", *ratio, "--out", out, "--json"]) == 0
    sent = json.loads(capsys.readouterr().out)
    (image,), (found,) = sent["images"], planned["radios"].values()
    assert (planned["width"], planned["height"]) == (image["width"], image["height"]) == (40, 90)
    assert found["seconds"] == image["samples"] / sent["sample_rate"]
    assert (found["channel_uses"], found["packets"]) == (image["channel_uses"], image["bursts"])


def test_both_profiles_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--size", "640X480", "--ratio", "1/48", "--power", "5"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:4] == [
        "image  640 x 480 pixels",
        "sdr    19200 channel uses at ratio 1/48",
        "       0.0412 s on the air in 4 packets, 0.032 s of it the image's own symbols",
        "       1458 images a minute, 0.206 J an image at 5 W",
    ]
    assert lines[4] == "audio  19200 channel uses at ratio 1/48"
    assert lines[5].startswith("       18 s on the air")


@pytest.mark.parametrize(
    "words",
    [
        ["--size", "4000x4000", "--ratio", "1/6", "--power", "12.3456"],
        ["--size", "4000x4000", "--seconds", "1e6", "--power", "1e-9"],
        ["--size", "640x480", "--seconds", "2"],
        ["--size", "32767x32767", "--ratio", "1/383", "--symbol-rate", "0.00012345"],
    ],
)
def test_no_line_is_wider_than_a_terminal(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", *words]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


def test_the_page_of_the_modem_shows_what_plan_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "--size", "640x480", "--ratio", "1/48"]) == 0
    page = Path(__file__).parents[3] / "docs" / "modem.md"
    assert f"```\n{capsys.readouterr().out}```" in page.read_text()


def test_where_nobody_names_a_ratio_it_is_the_usual_one(capsys: pytest.CaptureFixture[str]) -> None:
    radios = answers(capsys, "--size", "64x48")["radios"]
    assert list(radios) == ["sdr", "audio"]
    for one in radios.values():
        assert (one["ratio"], one["channel_uses"]) == ("1/24", 3 * 64 * 48 // 24)
        assert one["images_per_minute"] == 60 / one["seconds"]
        assert one["energy_j"] == one["seconds"]
        assert one["fits"] is None


def test_a_radio_of_ones_own_sends_symbols_alone(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--size", "640x480", "--ratio", "1/48", "--symbol-rate", "9600"]
    found = answers(capsys, *words)["radios"]["your radio"]
    assert (found["seconds"], found["payload_seconds"], found["packets"]) == (2.0, 2.0, None)
    assert main(["plan", *words]) == 0
    assert "2 s for these symbols alone, without what your radio adds" in capsys.readouterr().out


def test_the_ratio_that_fits(capsys: pytest.CaptureFixture[str]) -> None:
    radios = answers(capsys, "--size", "640x480", "--seconds", "10")["radios"]
    assert radios["sdr"]["ratio"] == "1/6"
    audio = radios["audio"]
    # Two full packets; the preamble and header of a third would end behind 10 s.
    assert (audio["fits"], audio["ratio"], audio["channel_uses"]) == (True, "1/90", 2 * 5120)
    assert audio["seconds"] <= 10 < modem_airtime(AUDIO, 2 * 5120 + 1).seconds
    # What it says is a ratio that --ratio takes, and that comes to the same.
    again = answers(capsys, "--size", "640x480", "--ratio", audio["ratio"])["radios"]["audio"]
    assert again == {**audio, "fits": None}


def test_a_radio_that_is_too_slow_says_how_long_it_takes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["--size", "640x480", "--seconds", "2"]
    slow = answers(capsys, *words)["radios"]["audio"]
    assert (slow["fits"], slow["ratio"]) == (False, "1/384")
    assert main(["plan", *words]) == 0
    _, sdr, *_, audio = capsys.readouterr().out.splitlines()
    assert sdr.endswith("at ratio 1/6, the largest of codecs")
    assert audio == "audio  does not fit: even ratio 1/384, the smallest of codecs, takes 2.71 s"


def test_plan_needs_no_torch(tmp_path: Path, picture: str) -> None:
    program = f"""
import sys
from semjscc.cli import main
assert main(["plan", {picture!r}, "--seconds", "2"]) == 0
assert main(["plan", "--size", "640x480", "--symbol-rate", "1e6"]) == 0
print(*sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True,
        env=os.environ,
    )  # fmt: skip
    modules = set(done.stdout.splitlines()[-1].split())
    assert "semjscc.radio.waveform.airtime" in modules
    assert not {"torch", "scipy", "matplotlib"} & modules
