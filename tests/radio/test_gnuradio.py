"""Our channel against GNU Radio's, which shares no line with it."""

import subprocess
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
import torch

from semjscc.checkpoint import locate
from semjscc.data.drawn.signs import render
from semjscc.images import to_float
from semjscc.perception.base import predict
from semjscc.perception.store import load_perception
from semjscc.radio.frame_decoding import Listener
from semjscc.radio.modulation import open_sender, send_images
from semjscc.radio.receiver.receiver import receive
from semjscc.radio.recordings.files import read_recording, write_recording
from semjscc.radio.sampling.resampling import Samples
from semjscc.radio.simulator.simulator import Simulation, simulate
from semjscc.radio.waveform.profiles import SDR
from semjscc.radio.waveform.transmitter import modulate_image
from semjscc.radio.weights import Receivers
from waveforms import control, latents

SCRIPT = Path(__file__).parents[2] / "examples" / "gnuradio_channel.py"
PYTHON = "/usr/bin/python3"
RATE = 1e6
COUNT = 200_000
INSIDE = slice(2000, -4000)
"""GNU Radio starts after a few samples and drops what does not fill its buffers."""


@lru_cache
def missing() -> str | None:
    """Why GNU Radio cannot be asked, if so."""
    command = [PYTHON, "-c", "from gnuradio import blocks, channels, gr"]
    try:
        found = subprocess.run(command, capture_output=True, check=False, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{PYTHON} does not run: {error}"
    return "GNU Radio is not installed (Debian: apt install gnuradio)" if found.returncode else None


@pytest.fixture(autouse=True)
def _needs_gnuradio() -> None:
    if reason := missing():
        pytest.skip(reason)


def through_gnuradio(folder: Path, samples: np.ndarray, *options: str) -> Samples:
    sent, received = folder / "tx.cf32", folder / "rx.cf32"
    write_recording(sent, [samples], RATE)
    command = [PYTHON, str(SCRIPT), str(sent), str(received), "--rate", str(RATE), *options]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return np.concatenate(list(read_recording(received, RATE).chunks))


def tone(hz: float) -> np.ndarray:
    return np.exp(2j * np.pi * hz / RATE * np.arange(COUNT)).astype(np.complex64)


def frequency(samples: np.ndarray) -> float:
    """Of a single tone in Hz, from its mean phase step."""
    inside = samples[INSIDE].astype(np.complex128)
    turns = np.unwrap(np.angle(inside)) / (2 * np.pi)
    return (turns[-1] - turns[0]) / (len(turns) - 1) * RATE


def test_offsets_have_the_same_sign_and_size(tmp_path: Path) -> None:
    theirs = through_gnuradio(tmp_path, tone(100e3), "--cfo", "1234.5", "--sro", "100")
    ours = simulate(tone(100e3), RATE, Simulation(cfo_hz=1234.5, sro_ppm=100.0))
    assert frequency(ours) == pytest.approx(100e3 * (1 + 100e-6) + 1234.5, abs=0.05)
    assert frequency(theirs) == pytest.approx(frequency(ours), abs=0.5)


@pytest.mark.parametrize("snr_db", [0.0, 10.0])
def test_noise_has_the_same_power(tmp_path: Path, snr_db: float) -> None:
    silence = np.zeros(COUNT, np.complex64)
    theirs = through_gnuradio(tmp_path, silence, "--snr", str(snr_db))[INSIDE]
    ours = simulate(silence, RATE, Simulation(snr_db=snr_db))[INSIDE]
    ratio = np.mean(np.abs(theirs) ** 2) / np.mean(np.abs(ours) ** 2)
    assert abs(10 * np.log10(ratio)) < 0.1


def test_taps_have_the_response_of_a_fir_filter(tmp_path: Path) -> None:
    taps = np.array([0.9, 0, 0.3j])
    for hz in (-200e3, 50e3):
        theirs = through_gnuradio(tmp_path, tone(hz), "--taps", "0.9", "0", "0.3j")
        response = abs(np.sum(taps * np.exp(-2j * np.pi * hz / RATE * np.arange(3))))
        assert np.mean(np.abs(theirs[INSIDE])) == pytest.approx(response, rel=0.01)


def test_an_image_arrives_and_is_understood(tmp_path: Path) -> None:
    """5 dB, 3 % of a carrier and two carriers off, 10 ppm, three paths."""
    images = [torch.from_numpy(render("test", n).image).permute(2, 0, 1) for n in range(12)]
    perception = load_perception(locate("signs-a"))
    clean = predict(perception, torch.stack([to_float(image) for image in images]))
    chunks = send_images(
        [(str(n), image) for n, image in enumerate(images)], open_sender("semantic", "signs"), SDR,
        ratio=Fraction(1, 48), snr_db=5.0, gap_s=5e-4, tell=print,
    )  # fmt: skip
    samples = np.concatenate([*chunks, np.zeros(10_000, np.complex64)])
    snr_db = 5.0 - 10 * np.log10(SDR.size / len(SDR.carriers))
    received = through_gnuradio(
        tmp_path, samples, "--rate", str(SDR.sample_rate), "--snr", f"{snr_db:.4f}",
        "--cfo", f"{2.03 * SDR.spacing_hz:.1f}", "--sro", "10", "--taps", "0.9", "0.35j", "-0.26",
    )  # fmt: skip
    listener = Listener(Receivers(), None, "signs")
    frames = list(receive([received], SDR))
    assert [frame.image for frame in frames] == list(range(len(images)))
    assert np.mean([frame.cfo_hz for frame in frames]) == pytest.approx(
        2.03 * SDR.spacing_hz, abs=20
    )
    assert np.mean([frame.snr_db for frame in frames]) == pytest.approx(5.0, abs=0.7)
    heard = [listener.hear(frame) for frame in frames]
    names = [perception.class_names[int(label)] for label in clean]
    agree = sum(one.seen is not None and one.seen.label == name
                for one, name in zip(heard, names, strict=True))  # fmt: skip
    assert agree >= len(images) - 1


def test_the_sign_of_the_clock_is_gnuradios(tmp_path: Path) -> None:
    told = control(96)
    waveform = modulate_image(latents(told), told, SDR)
    samples = np.concatenate([np.zeros(1000), waveform, np.zeros(10_000)]).astype(np.complex64)
    received = through_gnuradio(
        tmp_path, samples, "--rate", str(SDR.sample_rate), "--sro", "40", "--cfo", "500"
    )
    (theirs,) = receive([received], SDR)
    (ours,) = receive([simulate(samples, 2e6, Simulation(sro_ppm=40.0, cfo_hz=500.0))], SDR)
    for frame in (theirs, ours):
        assert frame.clock_ppm == pytest.approx(40.0, abs=2)
        assert frame.cfo_hz == pytest.approx(500.0, abs=10)
