"""`modulate` and `demodulate` with moving pictures, as a user types them."""

import json
import signal
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from command_line import refusal, run_json
from moving_pictures import frames_in, squares, write_clip
from semjscc.cli import main
from semjscc.codecs.bandwidth import channel_uses, parse_ratio
from semjscc.radio import modulation
from semjscc.radio.frame_decoding import Heard, Listener
from semjscc.radio.receiver.receiver import Frame
from semjscc.radio.recordings.files import read_recording, write_recording
from semjscc.radio.waveform.profiles import SDR

LINK = ["--link", "linear-adaptive", "--ratio", "1/6", "--snr", "20"]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_clip(tmp_path_factory.mktemp("clip") / "clip.mkv", squares(6), rate=10))


def nearest(frame: np.ndarray) -> int:
    """Which of the frames that were sent it is most like."""
    errors = [np.square(frame / 255.0 - one / 255.0).mean() for one in squares(6)]
    assert min(errors) < 1e-2
    return int(np.argmin(errors))


def test_a_clip_crosses_the_air_as_sound(
    clip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tx, out, seen = (str(tmp_path / name) for name in ("clip.wav", "r.mkv", "seen.jsonl"))
    words = ["modulate", clip, *LINK, "--limit", "2", "--out", tx]
    assert main(words) == 0
    rows = capsys.readouterr().out.splitlines()
    k = channel_uses(32, 32, parse_ratio("1/6"))
    assert rows[0] == "sent          2 frames of 32 x 32 pixels in 0.2 s, 10 a second"
    start = f"channel uses  {k} complex symbols a frame by linear-adaptive at ratio 1/6, {10 * k} a"
    assert rows[1].startswith(start)
    assert rows[-1] == f"to receive    semjscc demodulate {tx} --fps 10 --out received.mp4"
    assert main(["demodulate", tx, "--fps", "10", "--out", out, "--seen", seen]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[-2] == "received  2 frames of 32 x 32 pixels"
    assert rows[-1] == f"written   to {out}, 0.2 s at 10 a second and what is seen to {seen}"
    times, frames = frames_in(Path(out))
    assert times == pytest.approx([0, 0.1])
    assert [nearest(frame) for frame in frames] == [0, 1]
    lines = [json.loads(line) for line in Path(seen).read_text().splitlines()]
    assert [(one["frame"], one["time"], one["image"]) for one in lines] == [(0, 0, 0), (1, 0.1, 1)]
    assert {one["link"] for one in lines} == {"linear-adaptive"}
    assert all(set(one["after"][0]) == {"label", "confidence"} for one in lines)


def test_lost_frames_repeat_the_one_before(
    clip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tx, rx, out = (str(tmp_path / name) for name in ("tx.sigmf-meta", "rx.cf32", "r.mkv"))
    told = run_json(["modulate", clip, *LINK, "--out", tx], capsys)
    assert (told["profile"], told["frames_sent"], told["frames_per_second"]) == ("sdr", 6, 10)
    notes = json.loads(Path(tx).read_text())["annotations"]
    assert len(notes) == 6
    samples = np.concatenate(list(read_recording(tx).chunks))
    for lost in (0, 2, 3, 5):
        start = notes[lost]["core:sample_start"]
        samples[start : start + notes[lost]["core:sample_count"]] = 0
    samples.tofile(rx)
    seen = tmp_path / "seen.jsonl"
    words = ["demodulate", rx, "--fps", "10", "--out", out, "--seen", str(seen)]
    told = run_json(words, capsys)
    assert (told["frames"], told["frames_repeated"], told["width"]) == (4, 2, 32)
    assert (told["out"], told["dropped"], told["lost_samples"]) == (out, 0, 0)
    times, frames = frames_in(Path(out))
    assert times == pytest.approx([0, 0.1, 0.2, 0.3])
    assert [nearest(frame) for frame in frames] == [1, 1, 1, 4]
    lines = [json.loads(line) for line in seen.read_text().splitlines()]
    assert [line["delivered"] for line in lines] == [True, False, False, True]
    assert lines[1] == {"frame": 1, "time": 0.1, "link": None, "delivered": False, "after": []}

    # A sender that begins anew has lost nothing, whatever its frames' numbers are.
    first, last = notes[0]["core:sample_start"], notes[2]["core:sample_start"]
    part = np.concatenate(list(read_recording(tx).chunks))[first - 2000 : last]
    write_recording(rx, [part, part], SDR.sample_rate)
    assert run_json(words, capsys)["frames"] == 4
    assert [nearest(frame) for frame in frames_in(Path(out))[1]] == [0, 1, 0, 1]


def test_a_folder_within_a_budget_and_a_size_of_a_stranger(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, tx, other = tmp_path / "frames", str(tmp_path / "tx.cf32"), str(tmp_path / "o.cf32")
    folder.mkdir()
    for number, frame in enumerate(squares(4)):
        Image.fromarray(frame).save(folder / f"{number}.png")
    words = ["modulate", str(folder), "--fps", "20", "--link", "linear-adaptive", "--out", tx]
    told = run_json([*words, "--symbols-per-second", "80"], capsys)
    assert (told["ratio"], told["channel_uses"], told["frames_sent"]) == ("1/384", 8, 2)
    assert (told["frames"], told["frames_per_second"], told["clip_seconds"]) == (4, 10, 0.2)
    Image.fromarray(squares(1, 48, 32)[0]).save(tmp_path / "large.png")
    run_json(["modulate", str(tmp_path / "large.png"), *LINK, "--out", other], capsys)
    both = Path(tx).read_bytes() + Path(other).read_bytes()
    Path(tx).write_bytes(both)
    assert main(["demodulate", tx, "--out", str(tmp_path / "r.mp4")]) == 0
    said = "image 0 has 32 x 48 pixels and the clip 32 x 32: it is left out"
    assert said in capsys.readouterr().err
    assert len(frames_in(tmp_path / "r.mp4")[0]) == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_recording_behind_a_whole_frame(
    number: signal.Signals,
    code: int,
    clip: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    modulate, tx, out = modulation.modulate_image, tmp_path / "tx.cf32", tmp_path / "r.mp4"

    def stopped(*words: Any, image: int, **more: Any) -> Any:
        if image == 1:
            signal.raise_signal(number)
        return modulate(*words, image=image, **more)

    monkeypatch.setattr(modulation, "modulate_image", stopped)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert main(["modulate", clip, *LINK, "--out", str(tx)]) == code
    finally:
        signal.signal(signal.SIGINT, before)
    printed = capsys.readouterr()
    assert printed.err.endswith(f"semjscc: stopped; 2 frames are in {tx}\n")
    assert printed.out.startswith("sent          2 frames of 32 x 32 pixels in 0.2 s")
    monkeypatch.undo()

    hear, seen = Listener.hear, tmp_path / "seen.jsonl"

    def interrupted(self: Listener, frame: Frame) -> Heard:
        if frame.image == 1:
            signal.raise_signal(number)
        return hear(self, frame)

    monkeypatch.setattr(Listener, "hear", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        assert main(["demodulate", str(tx), "--out", str(out), "--seen", str(seen)]) == code
    finally:
        signal.signal(signal.SIGINT, before)
    assert capsys.readouterr().err.endswith(f"semjscc: stopped; 1 frame is in {out}\n")
    assert len(frames_in(out)[0]) == len(seen.read_text().splitlines()) == 1


def test_a_frame_that_cannot_be_sent_is_left_out_and_counted(
    clip: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    tx, out = str(tmp_path / "tx.cf32"), str(tmp_path / "r.mkv")
    words = ["modulate", clip, "--link", "separate-jpeg", "--limit", "3", "--out", tx]
    assert "nothing of" in refusal([*words, "--ratio", "1/48", "--snr", "-15"], capsys)
    assert not Path(tx).exists()
    open_sender = modulation.open_sender

    def second_is_nothing(*words: Any, **more: Any) -> Any:
        sender, calls = open_sender(*words, **more), count()
        transmit = sender.link.transmit

        def sent(*words: Any) -> Any:
            made = transmit(*words)
            if next(calls) != 1:
                return made
            return replace(made, control=[replace(made.control[0], mode=None)])

        monkeypatch.setattr(sender.link, "transmit", sent)
        return sender

    monkeypatch.setattr(modulation, "open_sender", second_is_nothing)
    assert main([*words, "--ratio", "1/6", "--snr", "15", "--json"]) == 0
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert (told["frames"], told["frames_sent"], told["frames_left_out"]) == (3, 2, 1)
    assert "1 frame could not be sent: nothing of" in printed.err
    told = run_json(["demodulate", tx, "--out", out], capsys)
    assert (told["frames"], told["frames_repeated"]) == (3, 1)


def test_mistakes_about_clips_are_one_line(
    clip: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tx, png = str(tmp_path / "tx.cf32"), str(tmp_path / "still.png")
    Image.fromarray(squares(1)[0]).save(png)
    (tmp_path / "tx.cf32").write_bytes(bytes(80_000))
    for words, said in (
        (["modulate", clip, png, "--out", tx], "one clip alone"),
        (["modulate", clip, "--fps", "5", "--out", tx], "--fps is of a folder of frames"),
        (["modulate", clip, "--link", "none", "--out", tx], "none"),
        (["modulate", png, "--limit", "5", "--out", tx], "--limit is of moving pictures, and "),
        (["modulate", png, "--profile", "sdr", "--out", "x.wav"], "8000 samples a second"),
        (["demodulate", tx, "--fps", "5", "--out", "out"], "--fps is of moving pictures: name a"),
        (["demodulate", tx, "--seen", "x.jsonl", "--out", "out"], "--seen is of moving pictures"),
        (["demodulate", tx, "--out", "r.avi"], "no ending of moving pictures that are written"),
        (["demodulate", tx, "--out", "r.mp4", "--fps", "0"], "--fps is a number from 0.001 to"),
        (["demodulate", tx, "--out", "r.mp4", "--seen", "x"], "goes to a .jsonl file, not to x"),
    ):
        assert said in refusal(words, capsys), words
    assert main(["demodulate", tx, "--out", str(tmp_path / "r.mp4")]) == 0
    assert capsys.readouterr().out == "no frame of sdr in it\n"
    assert not (tmp_path / "r.mp4").exists()
