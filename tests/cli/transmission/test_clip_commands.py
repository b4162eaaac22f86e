"""``semjscc transmit`` with moving pictures, as a user types it."""

import json
import re
import signal
import warnings
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from command_line import refusal, run_json
from moving_pictures import add_sound, frames_in, squares, write_clip
from semjscc.cli import main
from semjscc.codecs.bandwidth import channel_uses, parse_ratio
from semjscc.radio.waveform.airtime import modem_airtime
from semjscc.radio.waveform.profiles import AUDIO, SDR
from semjscc.video.writing import ClipWriter

LINK = ["--link", "linear-adaptive", "--weights", "signs", "--snr", "8"]
H264 = {"codec": "libx264", "pixels": "yuv420p"}


@pytest.fixture
def clip(tmp_path: Path) -> str:
    return str(write_clip(tmp_path / "clip.mkv", squares(6)))


def test_a_clip_arrives_and_its_symbols_are_told(
    clip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, seen = tmp_path / "received.mkv", tmp_path / "seen.jsonl"
    words = ["transmit", clip, *LINK, "--out", str(out), "--seen", str(seen)]
    told = run_json(words, capsys)
    k = channel_uses(32, 32, parse_ratio("1/24"))
    assert (told["frames"], told["frames_sent"], told["frames_per_second"]) == (6, 6, 25)
    (link,) = told["links"]
    assert (link["channel_uses"], link["symbols_per_second"]) == (k, 25 * k)
    assert link["seconds_on_air"] == {
        one.name: pytest.approx(6 * modem_airtime(one, k).seconds) for one in (SDR, AUDIO)
    }
    times, frames = frames_in(out)
    assert times == pytest.approx([n / 25 for n in range(6)])
    errors = [(a / 255 - b / 255) for a, b in zip(frames, squares(6), strict=True)]
    psnrs = [-10 * np.log10(np.square(error).mean()) for error in errors]
    assert link["psnr_db"] == pytest.approx(np.mean(psnrs), abs=1e-3)
    lines = [json.loads(line) for line in seen.read_text().splitlines()]
    assert [line["psnr_db"] for line in lines] == pytest.approx(psnrs, abs=1e-3)
    same = [line["before"][0]["label"] == line["after"][0]["label"] for line in lines]
    assert link["agreement"] == np.mean(same)

    assert main(words) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == "sent          6 frames of 32 x 32 pixels in 0.24 s, 25 a second"
    assert printed[2].startswith(
        f"channel uses  {k} complex symbols a frame at ratio 1/24, {25 * k}"
    )
    assert printed[-1] == f"written       to {out} and what is seen to {seen}"
    # The first frame is sent as an image of its own is.
    Image.fromarray(squares(1)[0]).save(tmp_path / "first.png")
    still = ["transmit", str(tmp_path / "first.png"), *LINK, "--out", str(tmp_path / "one.png")]
    assert run_json(still, capsys)["psnr_db"] == pytest.approx(psnrs[0], abs=1e-3)


def test_symbols_a_second_decide_ratio_and_frames(
    clip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["transmit", clip, *LINK, "--seen", str(tmp_path / "seen.jsonl")]
    plenty = run_json([*words, "--symbols-per-second", "1600"], capsys)
    assert plenty["frames_sent"] == 6
    assert plenty["links"][0]["channel_uses"] == 64
    assert plenty["links"][0]["symbols_per_second"] == 1600
    few = run_json([*words, "--symbols-per-second", "100"], capsys)
    assert (few["links"][0]["ratio"], few["links"][0]["channel_uses"]) == ("1/384", 8)
    assert few["frames_sent"] == 3  # every second: 12.5 a second of 8 symbols
    stated = run_json([*words, "--symbols-per-second", "1600", "--ratio", "1/24"], capsys)
    assert (stated["links"][0]["ratio"], stated["frames_sent"]) == ("1/24", 3)
    lines = (tmp_path / "seen.jsonl").read_text().splitlines()
    assert [json.loads(line)["frame"] for line in lines] == [0, 2, 4]


def test_links_stand_side_by_side(
    clip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, words = tmp_path / "both.mkv", ["transmit", clip, "--weights", "signs", "--snr", "8"]
    words += ["--link", "linear-adaptive,none", "--limit", "2", "--out", str(out)]
    told = run_json(words, capsys)
    assert [one["link"] for one in told["links"]] == ["linear-adaptive", "none"]
    assert [one["channel_uses"] for one in told["links"]] == [128, 0]
    assert (told["links"][1]["ratio"], told["links"][1]["seconds_on_air"]) == (None, None)
    _, frames = frames_in(out)
    assert len(frames) == told["frames"] == 2
    width = frames[0].shape[1] // 3
    panels = [frames[0][25:-25, width * n : width * (n + 1)] for n in range(3)]
    assert np.array_equal(panels[0][:, 4:], panels[2][:, 4:])
    assert not np.array_equal(panels[0], panels[1])


def test_a_folder_of_frames_is_a_clip_in_the_order_of_its_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = tmp_path / "frames", tmp_path / "received.mkv"
    folder.mkdir()
    for number, frame in enumerate(squares(4)):
        Image.fromarray(frame).save(folder / f"frame-{8 + number}.png")
    (folder / "notes.txt").write_text("beside them")
    words = ["transmit", str(folder), "--link", "none", "--weights", "signs", "--snr", "8"]
    told = run_json([*words, "--fps", "10", "--out", str(out)], capsys)
    assert (told["frames_per_second"], told["seconds"]) == (10, 0.4)
    times, frames = frames_in(out)
    assert times == pytest.approx([0, 0.1, 0.2, 0.3])
    assert all(np.array_equal(a, b) for a, b in zip(frames, squares(4), strict=True))

    (folder / "frame-9.png").write_text("damaged")
    with warnings.catch_warnings(action="always"):
        assert main([*words, "--out", str(out)]) == 0
    assert re.search(r"warning: .*frame-9.png .*: this frame is left out", capsys.readouterr().err)
    assert frames_in(out)[0] == pytest.approx([0, 0.08, 0.12])
    Image.fromarray(squares(1, 32, 40)[0]).save(folder / "frame-9.png")
    said = refusal([*words, "--out", str(out)], capsys)
    assert "frames are of one size, and" in said
    assert "frame-9.png 40 x 32" in said
    for file in folder.glob("*.png"):
        file.unlink()
    assert "holds no images, and they are frames" in refusal([*words, "--out", str(out)], capsys)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_a_playable_file_and_says_so(
    number: signal.Signals,
    code: int,
    clip: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write = ClipWriter._add

    def stopped(writer: ClipWriter, pixels: Any, time: Fraction) -> None:
        if time == Fraction(2, 25):
            signal.raise_signal(number)  # as it comes while the third frame is written
        write(writer, pixels, time)

    monkeypatch.setattr(ClipWriter, "_add", stopped)
    out, seen = tmp_path / "received.mp4", tmp_path / "seen.jsonl"
    # A shell's background job ignores Ctrl-C.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert main(["transmit", clip, *LINK, "--out", str(out), "--seen", str(seen)]) == code
    finally:
        signal.signal(signal.SIGINT, before)
    printed = capsys.readouterr()
    assert printed.err.endswith(f"semjscc: stopped; 3 frames are in {out} and {seen}\n")
    said = "sent          3 frames of 32 x 32 pixels in 0.12 s, 25 a second"
    assert printed.out.splitlines()[0] == said
    assert frames_in(out)[0] == pytest.approx([0, 0.04, 0.08])
    assert len(seen.read_text().splitlines()) == 3
    assert sorted(one.name for one in tmp_path.iterdir()) == ["clip.mkv", out.name, seen.name]


def test_sound_is_left_out_with_a_word(
    clip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loud = add_sound(Path(clip), tmp_path / "loud.mkv")
    words = ["transmit", str(loud), "--link", "none", "--weights", "signs", "--snr", "8"]
    assert main([*words, "--limit", "1", "--out", str(tmp_path / "r.mp4")]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"semjscc: warning: the sound of {loud} is not sent"
    # As of a still image: bare squares are no road signs.
    assert said[1].startswith("semjscc: warning: of the first frame: signs-a is less sure of this")


def test_what_is_marked_matters_in_every_frame(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clip = str(write_clip(tmp_path / "clip.mkv", squares(1, 80, 80)))
    words = ["transmit", clip, "--weights", "signs", "--snr", "8"]
    words += ["--link", "linear-adaptive+importance-energy", "--important", "0,0,64,64"]
    told = run_json([*words, "--out", str(tmp_path / "r.mkv")], capsys)
    assert told["links"][0]["link"] == "linear-adaptive+importance-energy:mask"
    words[-1] = "0,0,81,16"
    assert "does not lie within" in refusal([*words, "--out", str(tmp_path / "r.mkv")], capsys)


def test_mistakes_are_one_line(
    clip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, png = ["--out", str(tmp_path / "r.mp4")], str(tmp_path / "still.png")
    Image.fromarray(squares(1)[0]).save(png)
    wrong = tmp_path / "wrong.mp4"
    wrong.write_text("no clip")
    send = ["transmit", clip, *LINK]
    for words, said in (
        (send, "moving pictures need a file: name one with --out, such as received.mp4"),
        ([*send, "--out", clip], "is what is read, and would be written over"),
        ([*send, "--out", "r.gif"], "no ending of moving pictures that are written: take .mp4"),
        ([*send, "--seen", "r.png"], "goes to a .jsonl file, not to r.png"),
        ([*send, *out, "--limit", "0"], "--limit must be at least 1"),
        ([*send, *out, "--fps", "5"], "--fps is of a folder of frames"),
        ([*send, *out, "--symbols-per-second", "nan"], "--symbols-per-second is a number from 1"),
        ([*send, *out, "--ratio", "x"], "written like 1/24"),
        (["transmit", clip, "--link", "none,nothere", "--snr", "5", *out], "no link 'nothere'"),
        (["transmit", clip, "--link", "label", "--snr", "5", *out], "'label' brings no image"),
        (["transmit", clip, "--link", ",", "--snr", "5", *out], "this one is empty"),
        (["transmit", "nothere.mp4", *LINK, *out], "nothere.mp4 does not exist"),
        (["transmit", "/dev/video99", *LINK, *out], "there is no camera at /dev/video99"),
        (["transmit", str(wrong), *LINK, *out], "wrong.mp4 cannot be read as moving pictures"),
        (["transmit", png, *LINK, "--fps", "5"], "--fps is of moving pictures, and "),
        (["transmit", png, *LINK, "--symbols-per-second", "5"], "is of moving pictures, and "),
        (["transmit", png, *LINK, "--limit", "5"], "--limit is of moving pictures, and "),
        (["transmit", png, "--link", "none,linear", "--snr", "5"], "no link 'none,linear'"),
    ):
        assert said in refusal(words, capsys), words
    assert not (tmp_path / "r.mp4").exists()
