"""`modulate`, `channel` and `demodulate` as a user types them."""

import io
import json
import signal
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from semjscc import checkpoint
from semjscc.cli import main
from semjscc.codecs.adaptive import Adaptive
from semjscc.data.drawn.signs import render
from semjscc.images import read_image
from semjscc.links.base import Control
from semjscc.radio.recordings.files import read_recording, write_recording
from semjscc.radio.waveform.profiles import SDR
from semjscc.radio.waveform.transmitter import modulate_image
from waveforms import latents


@pytest.fixture(scope="module")
def signs(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("signs")
    paths = [folder / f"sign{index}.png" for index in range(3)]
    for index, path in enumerate(paths):
        Image.fromarray(render("test", index).image).save(path)
    return [str(path) for path in paths]


def run(*words: str) -> None:
    assert main(words) == 0


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert main(words) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("semjscc: ")
    assert printed.count("\n") == 1
    return printed


def log(folder: Path) -> dict:
    return json.loads((folder / "log.json").read_text())


def test_images_cross_a_channel_with_gaps_between(
    tmp_path: Path, signs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    tx, rx, out = (str(tmp_path / name) for name in ("tx.sigmf-meta", "rx.cf32", "out"))
    run("modulate", *signs, "--out", tx, "--snr", "10", "--gap", "0.002", "--json")
    sent = json.loads(capsys.readouterr().out)
    assert [one["image"] for one in sent["images"]] == [0, 1, 2]
    meta = json.loads(Path(tx).read_text())
    assert [note["core:sample_start"] for note in meta["annotations"]] == [
        one["start"] for one in sent["images"]
    ]
    assert signs[0] not in Path(tx).read_text()
    run("channel", tx, rx, "--snr", "10", "--cfo", "40000", "--sro", "15", "--profile", "two-ray",
        "--delay", "0.001", "--gain", "-20", "--dc-i", "0.02", "--iq-gain", "0.2", "--seed", "3",
    )  # fmt: skip
    capsys.readouterr()
    run("demodulate", rx, "--out", out)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    frames = log(Path(out))["frames"]
    for index, (frame, line, one) in enumerate(zip(frames, lines[1:], sent["images"], strict=True)):
        assert frame["codec"] == "signs-semantic"
        assert (frame["image"], frame["packets_lost"], frame["delivered"]) == (index, 0, True)
        assert frame["file"] == f"frame-{index + 1:05d}-image-{index}.png"
        late = one["start"] / SDR.sample_rate + 0.001
        assert frame["time_s"] == pytest.approx(late, abs=5e-6)
        assert frame["cfo_hz"] == pytest.approx(40000, abs=50)
        assert frame["snr_db"] == pytest.approx(10, abs=1.5)
        assert frame["seen"] in line
        assert "1 of 1" in line
        received = read_image(Path(out) / frame["file"]).float()
        error = (received - read_image(Path(signs[index])).float()).square().mean()
        assert 10 * torch.log10(255**2 / error) > 18


@pytest.mark.parametrize("profile", ["sdr", "audio"])
def test_separate_coding_takes_the_same_waveform(
    tmp_path: Path, signs: list[str], profile: str
) -> None:
    tx, out = str(tmp_path / ("tx.wav" if profile == "audio" else "tx.ci8")), tmp_path / "out"
    run("modulate", signs[0], "--link", "separate-jpeg", "--ratio", "1/6", "--snr", "12",
        "--profile", profile, "--out", tx)  # fmt: skip
    run("demodulate", tx, "--out", str(out))
    (frame,) = log(out)["frames"]
    assert (frame["codec"], frame["delivered"]) == ("separate", True)
    received = read_image(out / frame["file"]).float()
    error = (received - read_image(Path(signs[0])).float()).square().mean()
    assert 10 * torch.log10(255**2 / error) > 20


def test_a_pipe_carries_the_recording(
    tmp_path: Path,
    signs: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    run("modulate", signs[1], "--profile", "audio", "--out", "-")
    written = capfdbinary.readouterr()
    assert written.out[:4] == b"RIFF"
    assert b"written to -" in written.err
    pipe = io.TextIOWrapper(io.BytesIO(written.out))
    monkeypatch.setattr(sys, "stdin", pipe)
    run("demodulate", "-", "--profile", "audio", "--out", str(tmp_path), "--json")
    assert json.loads(capfdbinary.readouterr().out) == log(tmp_path)
    assert log(tmp_path)["frames"][0]["delivered"]


def test_sound_passes_a_channel_in_pipes(
    tmp_path: Path,
    signs: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    def pipe(content: bytes, *words: str) -> tuple[int, bytes, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        status = main(words)
        printed = capfdbinary.readouterr()
        return status, printed.out, printed.err.decode()

    words = "modulate", signs[1], "--profile", "audio", "--link", "linear", "--out", "-"
    _, sent, said = pipe(b"", *words)
    assert said.endswith(" s of audio, as wav\n")
    status, received, said = pipe(sent, "channel", "-", "-", "--cfo", "5")
    assert (status, received[:4], abs(len(received) - len(sent)) < 2000) == (0, b"RIFF", True)
    assert said.endswith(" s at 8000 samples a second, as wav\n")
    out = str(tmp_path / "out")
    assert pipe(received, "demodulate", "-", "--profile", "audio", "--out", out)[0] == 0
    (frame,) = log(Path(out))["frames"]
    assert (frame["delivered"], frame["cfo_hz"]) == (True, pytest.approx(5, abs=0.5))

    # Where raw samples are expected, it is said what comes, and the other way round.
    for more in ([], ["--live"]):
        status, _, said = pipe(received, "demodulate", "-", "--out", out, *more)
        wrong = "semjscc: - is a WAV file, not cf32: state --format wav\n"
        assert (status, said) == (2, wrong)
    assert pipe(received, "demodulate", "-", "--out", out, "--format", "wav")[0] == 0
    assert log(Path(out))["frames"][0]["delivered"]
    (tmp_path / "rx.wav").write_bytes(received)
    words = "channel", str(tmp_path / "rx.wav"), "-", "--format", "cf32"
    _, samples, said = pipe(b"", *words)
    assert said.endswith(" s at 8000 samples a second, as cf32\n")
    status, _, said = pipe(samples, "demodulate", "-", "--profile", "audio", "--out", out)
    wrong = "semjscc: - is not a WAV file: if it holds raw samples, state --format cf32\n"
    assert (status, said) == (2, wrong)
    words = "demodulate", "-", "--profile", "audio", "--format", "cf32", "--out", out
    assert pipe(samples, *words)[0] == 0
    assert log(Path(out))["frames"][0]["delivered"]


STARTED = """
import signal, sys
from semjscc.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
sys.exit(main(sys.argv[1:]))
"""


def test_ctrl_c_on_an_idle_pipe_ends_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        "semjscc.radio.recordings.reading._read_some",
        lambda *_: signal.default_int_handler(2, None),
    )
    assert main(["demodulate", "-", "--out", str(tmp_path), "--json"]) == 130
    printed = capsys.readouterr()
    assert "semjscc: stopped" in printed.err
    assert json.loads(printed.out) == log(tmp_path)
    assert log(tmp_path)["frames"] == []
    assert (log(tmp_path)["dropped"], log(tmp_path)["lost_samples"]) == (0, 0)


def test_ctrl_c_ends_a_process_whose_player_waits_for_a_pipe(tmp_path: Path) -> None:
    words = ["demodulate", "-", "--out", str(tmp_path), "--live", "--json"]
    command = [sys.executable, "-c", STARTED, *words]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(600):
            if (tmp_path / "log.json").exists():
                break
            time.sleep(0.1)
        time.sleep(0.5)  # it waits for the pipe by now
        process.send_signal(signal.SIGINT)
        # Not communicate(): the pipe stays open, as a radio's does.
        printed, said = process.stdout.read(), process.stderr.read()
        assert process.wait(10) == 130, said
    assert "semjscc: stopped" in said
    assert "Fatal" not in said
    assert json.loads(printed) == log(tmp_path)
    assert (log(tmp_path)["dropped"], log(tmp_path)["lost_samples"]) == (0, 0)


def own_codec(folder: Path, seed: int) -> Path:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        options = {"width": 8}
        codec = Adaptive(**options)
    described = {"kind": "codec", "codec": "adaptive", "options": options}
    path = folder / f"own{seed}.safetensors"
    checkpoint.save_weights(path, codec.state_dict(), described)
    return path


def test_weights_of_the_users_own_go_by_their_fingerprint(
    tmp_path: Path, signs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    mine, other = own_codec(tmp_path, 1), own_codec(tmp_path, 2)
    tx, out = str(tmp_path / "tx.cf32"), tmp_path / "out"
    run("modulate", signs[0], "--link", str(mine), "--out", tx)
    line = refusal(capsys, "demodulate", tx, "--out", str(out), "--codec", str(other))
    assert "no weights here for adaptive (fingerprint" in line
    assert "--codec" in line
    (frame,) = log(out)["frames"]
    assert not frame["delivered"]
    assert frame["problem"] in line
    capsys.readouterr()
    run("demodulate", tx, "--out", str(out), "--codec", str(other), "--codec", str(mine))
    assert log(out)["frames"][0]["delivered"]
    said = f"semjscc: warning: nothing was sent by {other}, but by {mine}\n"
    assert capsys.readouterr().err.endswith(said)
    run("demodulate", tx, "--out", str(out), "--codec", str(mine))
    assert "nothing was sent by" not in capsys.readouterr().err


def test_all_weights_that_are_missing_are_named(
    tmp_path: Path, signs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    parts = [tmp_path / f"tx{seed}.cf32" for seed in (1, 2)]
    for seed, part in enumerate(parts, 1):
        run("modulate", signs[0], "--link", str(own_codec(tmp_path, seed)), "--out", str(part))
    both, out = tmp_path / "both.cf32", tmp_path / "out"
    both.write_bytes(b"".join(part.read_bytes() for part in (*parts, *parts)))
    line = refusal(capsys, "demodulate", str(both), "--out", str(out))
    problems = list(dict.fromkeys(frame["problem"] for frame in log(out)["frames"]))
    assert len(problems) == 2
    assert line == f"semjscc: {'; '.join(problems)}\n"


def test_frames_that_bring_no_image_are_no_failure_beside_others(
    tmp_path: Path, signs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    tx, label, both, out = (str(tmp_path / name) for name in ("tx.cf32", "l.cf32", "b.cf32", "out"))
    run("modulate", signs[0], "--out", tx)
    told = Control("label", 64, 64, Fraction(1, 48))
    waveform = modulate_image(latents(told), told, SDR, image=7)
    np.pad(waveform, 2000).tofile(label)
    Path(both).write_bytes(Path(label).read_bytes() + Path(tx).read_bytes())
    run("demodulate", both, "--out", out)
    frames = log(Path(out))["frames"]
    assert [(frame["image"], frame["delivered"]) for frame in frames] == [(7, False), (0, True)]
    line = refusal(capsys, "demodulate", label, "--out", out)
    assert line == "semjscc: frames of 'label' bring no image\n"


def test_shipped_weights_must_be_the_senders(
    tmp_path: Path,
    signs: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tx, out = str(tmp_path / "tx.cf32"), str(tmp_path / "out")
    run("modulate", signs[0], "--out", tx)
    shipped = checkpoint.WEIGHTS
    store = tmp_path / "weights"
    store.mkdir()
    for name in ("signs-a", "signs-djscc"):
        (store / f"{name}.safetensors").symlink_to(shipped / f"{name}.safetensors")
    monkeypatch.setattr(checkpoint, "WEIGHTS", store)
    line = refusal(capsys, "demodulate", tx, "--out", out)
    assert "no weights here for signs-semantic" in line
    (store / "signs-semantic.safetensors").symlink_to(shipped / "signs-djscc.safetensors")
    line = refusal(capsys, "demodulate", tx, "--out", out)
    assert "signs-semantic here are not the sender's" in line


def test_a_recording_may_be_cut_at_either_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # 9216 symbols are two bursts; the second begins at sample 27056.
    image = np.tile(render("test", 0).image, (3, 3, 1))[:144, :128]
    picture, tx = str(tmp_path / "wide.png"), tmp_path / "tx.cf32"
    Image.fromarray(image).save(picture)
    run("modulate", picture, "--ratio", "1/6", "--out", str(tx), "--gap", "0.001")
    samples = np.fromfile(tx, np.complex64)
    for name, part in (("late", samples[6000:]), ("early", samples[:27000])):
        part.tofile(tmp_path / f"{name}.cf32")
        run("demodulate", str(tmp_path / f"{name}.cf32"), "--out", str(tmp_path / name))
        (frame,) = log(tmp_path / name)["frames"]
        assert (frame["packets"], frame["packets_lost"], frame["delivered"]) == (2, 1, True)
        assert 0.1 < frame["erased_share"] < 0.9
        assert (tmp_path / name / frame["file"]).is_file()
    # A header that announces far more than the file can hold is no header.
    samples[2000:7000].tofile(tmp_path / "scrap.cf32")
    capsys.readouterr()
    run("demodulate", str(tmp_path / "scrap.cf32"), "--out", str(tmp_path / "scrap"))
    assert log(tmp_path / "scrap")["frames"] == []
    assert capsys.readouterr().err == (
        "semjscc: warning: image 0, 128 x 144 pixels at 1/6, has more symbols than there is room "
        "for (9216): not received\n"
    )


def test_noise_holds_no_frame(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(0).standard_normal(100_000, dtype=np.float32)
    noise.tofile(tmp_path / "noise.cf32")
    run("demodulate", str(tmp_path / "noise.cf32"), "--out", str(tmp_path / "out"))
    assert capsys.readouterr().out == "no frame of sdr in it\n"
    assert log(tmp_path / "out")["frames"] == []


def test_what_cannot_be_is_refused_in_a_line(
    tmp_path: Path, signs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    tx = str(tmp_path / "tx.cf32")
    assert "fits into 256 symbols at -15 dB" in refusal(
        capsys, "modulate", signs[0], "--link", "separate-jpeg", "--ratio", "1/48", "--snr", "-15",
        "--out", tx,
    )  # fmt: skip
    assert "--gap is a number" in refusal(capsys, "modulate", signs[0], "--gap", "-1", "--out", tx)
    assert not Path(tx).exists()
    assert "8000 samples a second" in refusal(
        capsys, "modulate", signs[0], "--profile", "sdr", "--out", str(tmp_path / "tx.wav")
    )
    run("modulate", signs[0], "--out", str(tmp_path / "tx.wav"))  # a sound file can hold one alone
    assert "too few for the waveform sdr: record it with 893750 or more" in refusal(
        capsys, "demodulate", str(tmp_path / "tx.wav"), "--profile", "sdr", "--out", tx
    )
    assert "does not exist" in refusal(capsys, "demodulate", tx, "--out", str(tmp_path / "out"))
    assert "--sro lies between" in refusal(
        capsys, "channel", str(tmp_path / "tx.wav"), tx, "--sro", "1e9"
    )


def test_the_signs_of_both_clocks_agree(tmp_path: Path, signs: list[str]) -> None:
    tx, rx = str(tmp_path / "tx.cf32"), str(tmp_path / "rx.cf32")
    run("modulate", signs[0], "--ratio", "1/6", "--out", tx)
    for ppm in (30.0, -30.0):
        run("channel", tx, rx, "--sro", str(ppm), "--cfo", str(100 * ppm), "--snr", "30")
        run("demodulate", rx, "--out", str(tmp_path / "out"))
        (frame,) = log(tmp_path / "out")["frames"]
        assert frame["clock_ppm"] == pytest.approx(ppm, abs=3)
        assert frame["cfo_hz"] == pytest.approx(100 * ppm, abs=10)


def test_the_channel_command_is_the_simulator(tmp_path: Path) -> None:
    silence = np.zeros(400_000, np.complex64)
    silence.tofile(tmp_path / "in.cf32")
    run(
        "channel",
        str(tmp_path / "in.cf32"),
        str(tmp_path / "out.cf32"),
        "--snr",
        "3",
        "--power",
        "0",
    )
    noise = np.concatenate(list(read_recording(tmp_path / "out.cf32", 2e6).chunks))
    # 52 of 128 bins bear the signal: N0 of a sample is that much larger.
    assert 10 * np.log10(np.mean(np.abs(noise) ** 2)) == pytest.approx(
        -3 + 10 * np.log10(128 / 52), abs=0.05
    )


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("a.cf32", "a.cf32"),
        ("a.sigmf-meta", "a.sigmf-data"),
        ("a.sigmf-data", "a.sigmf-meta"),
        ("a.cf32", "link.cf32"),
    ],
)
def test_no_recording_is_written_over_itself(
    source: str,
    target: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for kind in ("a.cf32", "a.sigmf-meta"):
        write_recording(kind, [np.zeros(100, np.complex64)], SDR.sample_rate)
    Path("link.cf32").symlink_to("a.cf32")
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert "would be written over" in refusal(capsys, "channel", source, target)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_no_image_is_written_over_by_its_recording(
    tmp_path: Path, signs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    image = tmp_path / "sign.png"
    image.write_bytes(Path(signs[0]).read_bytes())
    words = ["modulate", str(image), "--out", str(image), "--format", "cf32"]
    assert "would be written over" in refusal(capsys, *words)
    assert image.read_bytes() == Path(signs[0]).read_bytes()


def test_the_ending_decides_what_a_recording_holds(
    tmp_path: Path,
    signs: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_recording("a.cf32", [np.ones(100, np.complex64)], SDR.sample_rate)
    for words in (
        ["modulate", signs[0], "--out", "x.wav", "--format", "cf32"],
        ["demodulate", "a.cf32", "--out", "out", "--format", "ci8"],
        ["channel", "a.cf32", "x.ci8", "--format", "wav"],
    ):
        assert "by its ending: a format is stated of a pipe" in refusal(capsys, *words)
    # It counts for the one path that does not tell.
    run("channel", "a.cf32", "b.samples", "--format", "ci8")
    assert Path("b.samples").stat().st_size == 200
    run("channel", "b.samples", "c.cf32", "--format", "ci8")
    assert Path("c.cf32").stat().st_size == 800


def test_what_is_no_recording_leaves_the_folder_as_it_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, empty = tmp_path / "out", tmp_path / "empty.cf32"
    out.mkdir()
    (out / "log.json").write_text('{"frames": [{"file": "frame-00001-image-0.png"}]}')
    (out / "frame-00001-image-0.png").write_bytes(b"")
    empty.write_bytes(b"")
    assert "holds no samples" in refusal(capsys, "demodulate", str(empty), "--out", str(out))
    assert len(list(out.iterdir())) == 2
    assert len(log(out)["frames"]) == 1
