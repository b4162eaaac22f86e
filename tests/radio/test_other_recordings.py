"""Recordings as other programs make and take them, through the commands."""

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from semjscc.cli import main
from semjscc.data.drawn.signs import render
from semjscc.errors import UserError
from semjscc.radio.demodulator_input import Stated, open_recording
from semjscc.radio.recordings.files import read_recording, write_recording
from semjscc.radio.sampling.polyphase import change_rate
from semjscc.radio.waveform.profiles import SDR

RATE, OFFSET = 2.4e6, -310e3


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The waveform of an image as cs16 at 2 Msps."""
    folder = tmp_path_factory.mktemp("sent")
    Image.fromarray(render("test", 0).image).save(folder / "sign.png")
    path = folder / "tx.cs16"
    assert main(["modulate", str(folder / "sign.png"), "--link", "linear", "--out", str(path)]) == 0
    return path


def frames(out: Path) -> list[dict]:
    return json.loads((out / "log.json").read_text())["frames"]


def far(sent: Path) -> NDArray[np.complex64]:
    """The waveform as a receiver of 2.4 Msps hears it that is tuned 310 kHz too high."""
    samples = np.concatenate(list(read_recording(sent, 2e6).chunks))
    faster = np.concatenate(list(change_rate([samples], 2e6, RATE, SDR.bandwidth_hz)))
    return faster * np.exp(2j * np.pi * OFFSET / RATE * np.arange(len(faster)))


@pytest.mark.parametrize("swapped", [False, True])
def test_a_dongles_bytes_in_a_pipe_are_an_image(
    sent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, swapped: bool
) -> None:
    heard = far(sent)
    axes = np.stack([heard.imag, heard.real] if swapped else [heard.real, heard.imag], axis=1)
    stored = np.clip(np.rint(axes * 30 + 127.5), 0, 255).astype(np.uint8).tobytes()
    words = ["--format", "cu8", "--rate", "2.4e6", "--offset", str(OFFSET), "--out", str(tmp_path)]
    for swap in (swapped, not swapped):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stored)))
        assert main(["demodulate", "-", *words, *(["--swap-iq"] if swap else [])]) == 0
        if swap == swapped:
            (frame,) = frames(tmp_path)
            assert (frame["delivered"], frame["packets_lost"]) == (True, 0)
            assert frame["cfo_hz"] == pytest.approx(0, abs=20)
            assert frame["clock_ppm"] == pytest.approx(0, abs=3)
            assert frame["snr_db"] > 20
        else:
            assert frames(tmp_path) == []


def test_a_file_at_another_rate_is_an_image(sent: Path, tmp_path: Path) -> None:
    (far(sent) * 0.1).astype("<c16").tofile(tmp_path / "rx.cf64")
    words = ["--rate", "2.4e6", "--offset", str(OFFSET), "--out", str(tmp_path / "out")]
    assert main(["demodulate", str(tmp_path / "rx.cf64"), *words]) == 0
    assert frames(tmp_path / "out")[0]["delivered"]


@pytest.mark.parametrize("rate", ["1e6", "5e6"])
def test_sigmf_tells_its_rate_and_needs_no_other_word(
    sent: Path, tmp_path: Path, rate: str
) -> None:
    samples = read_recording(sent, 2e6).chunks
    other = change_rate(samples, 2e6, float(rate), SDR.bandwidth_hz)
    path = tmp_path / "rx.sigmf-meta"
    write_recording(path, other, float(rate))
    assert main(["demodulate", str(path), "--out", str(tmp_path / "out")]) == 0
    assert frames(tmp_path / "out")[0]["delivered"]
    with pytest.raises(UserError, match=r"says that it has .* not 3e\+06: leave the rate out"):
        open_recording(str(path), Stated(rate=3e6), print)


def test_the_same_waveform_at_8_khz_is_audio(tmp_path: Path) -> None:
    write_recording(tmp_path / "x.sigmf-meta", [np.ones(900, np.complex64)], 48e3)
    assert open_recording(str(tmp_path / "x.sigmf-meta"), Stated(), print).profile.name == "audio"
    opened = open_recording(str(tmp_path / "x.sigmf-meta"), Stated("audio"), print)
    assert sum(len(chunk) for chunk in opened.chunks) == 150


@pytest.mark.parametrize(("spelling", "ending"), [("cs16", "cs16"), ("cs8", "ci8")])
def test_a_transmitters_integers_come_out_of_a_pipe(
    sent: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfdbinary: pytest.CaptureFixture[bytes],
    spelling: str,
    ending: str,
) -> None:
    image, path = str(sent.parent / "sign.png"), tmp_path / f"tx.{ending}"
    words = ["modulate", image, "--link", "linear", "--out"]
    capfdbinary.readouterr()
    assert main([*words, "-", "--format", spelling]) == 0
    piped = capfdbinary.readouterr().out
    assert main([*words, str(path)]) == 0
    assert piped == path.read_bytes()
    capfdbinary.readouterr()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(piped)))
    assert main(["channel", "-", "-", "--format", spelling, "--gain", "-6"]) == 0
    quiet = np.frombuffer(capfdbinary.readouterr().out, "<i2" if spelling == "cs16" else "i1")
    loud = np.frombuffer(piped, quiet.dtype)
    np.testing.assert_allclose(quiet, loud / 10**0.3, atol=0.76)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--rate", "2000"], "too few for the waveform audio: record it with 2200 or more"),
        (["--rate", "800e3"], "tx.cs16 has 800000 samples a second, too few for the waveform sdr"),
        (["--rate", "3e9"], "too many for the waveform sdr: resample it to 2000000"),
        (["--rate", "-1"], "--rate is a positive number of samples a second, not -1"),
        (["--rate", "nan"], "--rate is a positive number of samples a second, not nan"),
        (["--offset", "inf"], "--offset is a number of Hz, not inf"),
        (["--offset", "6e5"], "an offset of 600000 Hz lies beyond what"),
        (["--rate", "8e3", "--profile", "sdr"], "has 8000 samples a second, too few"),
        (["--format", "mp3"], "--format"),
    ],
)
def test_what_does_not_fit_is_one_line(
    sent: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert main(["demodulate", str(sent), "--out", str(tmp_path / "out"), *words]) == 2
    printed = capsys.readouterr().err
    assert said in printed
    assert printed.count("\n") == 1
    assert not (tmp_path / "out").exists()
