"""Images through the air of a room: a loudspeaker, a microphone, and two sound cards' clocks.

    python benchmarks/acoustic.py [--images 20]

A room is its impulse response: the direct sound, and from 2 ms on an echo that decays as noise does
under an exponential (Polack 1988, Schroeder 1965). It is played and recorded at 48 kHz; the
recorder's clock runs slow by 80 ppm, and white noise lies 20 dB below the signal in the voice band.
Prints a Markdown table.
"""

import argparse
import json
import statistics
import wave
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, resample_poly

from semjscc.cli import main
from semjscc.data import load_data
from semjscc.images import write_png
from semjscc.radio.sampling.passband import AUDIO_RATE, PASS_HZ

RATE = 48_000
"""Samples a second of the sound cards."""
FIRST_ECHO_S = 0.002
"""70 cm further than the direct sound."""
CLOCK_PPM, SNR_DB = 80.0, 20.0
Sound = NDArray[np.float64]


@dataclass(frozen=True)
class Room:
    """A room, and how far apart loudspeaker and microphone stand in it.

    Attributes:
        name: what the table calls it.
        decay_s: in which an echo falls by 60 dB (RT60).
        direct_db: energy of the direct sound over that of all echoes.
    """

    name: str
    decay_s: float
    direct_db: float

    def response(self, seed: int) -> Sound:
        """The impulse response, whose direct sound is 1."""
        times = np.arange(int(self.decay_s * RATE)) / RATE
        echo = np.random.default_rng(seed).normal(size=len(times))
        echo *= 10 ** (-3 * times / self.decay_s) * (times >= FIRST_ECHO_S)
        echo *= 10 ** (-self.direct_db / 20) / np.linalg.norm(echo)
        echo[0] = 1.0
        return echo


ROOMS = (
    Room("close to a microphone", 0.3, 12.0),
    Room("across a desk, furnished room", 0.3, 6.0),
    Room("across a furnished room", 0.4, 3.0),
    Room("across an empty room", 0.6, -3.0),
)


def record(played: Sound, room: Room, seed: int) -> Sound:
    """What a sound card records of a WAV file of 8 kHz, (N,) within ±1, at 48 kHz within ±1."""
    heard = fftconvolve(resample_poly(played, RATE // AUDIO_RATE, 1), room.response(seed))
    times = np.arange(int(len(heard) / (1 + CLOCK_PPM * 1e-6))) * (1 + CLOCK_PPM * 1e-6)
    heard = np.interp(times, np.arange(len(heard)), heard)
    # The signal's share of the band that the noise fills; the silences count, and are few.
    share = 2 * PASS_HZ / (RATE / 2)
    noise = np.sqrt(np.square(heard).mean() * 10 ** (-SNR_DB / 10) / share)
    heard += np.random.default_rng([seed, 1]).normal(0, noise, len(heard))
    return heard / (1.1 * np.abs(heard).max())


def read_wav(path: Path) -> Sound:
    """16 bit, mono."""
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2") / 2**15


def write_wav(path: Path, sound: Sound) -> Path:
    """16 bit, mono, at 48 kHz."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.rint(sound * (2**15 - 1)).astype("<i2").tobytes())
    return path


def frames_through(room: Room, played: Path, folder: Path, seed: int) -> list[dict]:
    """What the log of `demodulate` tells of each image."""
    heard = write_wav(folder / "heard.wav", record(read_wav(played), room, seed))
    assert main(["demodulate", str(heard), "--out", str(folder / "received")]) == 0
    return json.loads((folder / "received" / "log.json").read_text())["frames"]


def modulate_signs(count: int, folder: Path, *options: str) -> tuple[Path, list[str]]:
    """The first road signs of test in a WAV file, and what they are."""
    data = load_data("signs", "test", limit=count)
    paths = [folder / f"{place:03}.png" for place in range(count)]
    for path, image in zip(paths, data.images, strict=True):
        write_png(image, path)
    played = folder / "played.wav"
    words = ["modulate", *map(str, paths), "--profile", "audio", "--out", str(played), *options]
    assert main(words) == 0
    return played, [data.class_names[label] for label in data.labels.tolist()]


def _table(count: int) -> None:
    head = ("room", "echo falls by 60 dB in", "direct sound over echoes", "images found")
    print("|", " | ".join([*head, "seen right", "SNR in the receiver"]), "|")
    print("| --- | --- | --- | --- | --- | --- |")
    with TemporaryDirectory() as name:
        folder = Path(name)
        with redirect_stdout(StringIO()):
            played, classes = modulate_signs(count, folder, "--ratio", "1/12")
        for seed, room in enumerate(ROOMS):
            with redirect_stdout(StringIO()):
                frames = frames_through(room, played, folder, seed)
            right = sum(frame["seen"] == classes[frame["image"]] for frame in frames)
            snr = (
                f"{statistics.median(each['snr_db'] for each in frames):.1f} dB" if frames else "-"
            )
            numbers = f"{room.decay_s:g} s | {room.direct_db:g} dB | {len(frames)} of {count}"
            print(f"| {room.name} | {numbers} | {right} | {snr} |", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=20)
    _table(parser.parse_args().images)
