"""Our channel against GNU Radio's, which shares no line with it."""

import subprocess
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from semjscc.radio.files import read_recording, write_recording
from semjscc.radio.resampling import Samples
from semjscc.radio.simulator import Simulation, simulate

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
