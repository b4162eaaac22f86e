"""Recordings on disk that went wrong, by accident or on purpose, and what becomes of each.

A damaged file must end in the image that was sent, in none, or in one clear line: no other error,
no waiting, and no more memory than its size is worth.
"""

import json
import os
import signal
import time
import tracemalloc
import wave
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from semjscc.errors import UserError
from semjscc.links.base import Control
from semjscc.radio.demodulator_input import Stated, open_recording
from semjscc.radio.receiver.receiver import receive
from semjscc.radio.recordings.files import write_recording
from semjscc.radio.recordings.formats import REAL_FULL_SCALE
from semjscc.radio.recordings.sigmf import META_LIMIT, data_path
from semjscc.radio.sampling.mixing import mix_down, swap_iq
from semjscc.radio.sampling.passband import to_passband
from semjscc.radio.sampling.polyphase import change_rate
from semjscc.radio.waveform.profiles import AUDIO, SDR, Profile

MOST_SECONDS = 20.0
"""For a file of some hundred kB, and a machine that has other things to do."""
MOST_MEMORY, MEMORY_A_BYTE = 32 * 2**20, 16
"""Bytes that may be taken for any file, and for each byte of it; a sound one needs 4 MB."""
LONGEST_LINE = 400
SOUND = ("wav", "stereo", "flac", "ogg")
"""Kinds of sound: mono as we write it, 24 bit in two channels at 44.1 kHz with noise in the first,
and compressed."""
KINDS = ("sigmf", "sigmf-ci8", "sigmf-blocks", "cf32", "cf64", "ci16", "ci8", "cu8", *SOUND)
"""Formats that the demodulator reads: SigMF of several datatypes, one of them in blocks with
headers, raw samples, and sound."""
DONGLE = Stated(rate=2.4e6, offset_hz=250e3, swap_iq=True)
"""Of what is said of cu8: another rate and centre, and I for Q."""
ENDS = ("image", "none", "refused")
"""What a damaged file may end in."""
UNREADABLE = Path("/proc/self/mem")
"""A file that opens and cannot be read, even by root."""


@dataclass(frozen=True)
class Sent:
    """What a sound recording holds: the image's control record and number."""

    control: Control
    image: int


class TooLongError(Exception):
    """Not a `TimeoutError`, which is an error of the operating system's to those who read files."""


def profile_of_kind(kind: str) -> Profile:
    """The waveform that goes into a kind of file here."""
    return AUDIO if kind in SOUND else SDR


def write_sound(folder: Path, kind: str, samples: NDArray[np.complex64]) -> Path:
    """A recording without damage, in one of `KINDS`; returns the path to open."""
    profile = profile_of_kind(kind)
    if kind == "cu8":
        away = change_rate([samples], profile.sample_rate, DONGLE.rate or 0, profile.bandwidth_hz)
        (moved,) = mix_down([np.concatenate(list(away))], -DONGLE.offset_hz, DONGLE.rate or 0)
        (samples,) = swap_iq([moved])
    if kind in SOUND[1:]:
        return _write_as_sound(folder, kind, samples)
    if not kind.startswith("sigmf"):
        path = folder / f"x.{kind}"
        write_recording(path, [samples], profile.sample_rate)
        return path
    path = folder / "x.sigmf-meta"
    write_recording(path, [samples], profile.sample_rate)
    if kind == "sigmf-ci8":
        plain = path.with_suffix(".ci8")  # the end of a name decides what is written
        write_recording(plain, [samples], profile.sample_rate)
        plain.replace(data_path(path))
        path.write_text(path.read_text().replace("cf32_le", "ci8"))
    if kind == "sigmf-blocks":
        _write_blocks(path, samples)
    return path


def _write_as_sound(folder: Path, kind: str, samples: NDArray[np.complex64]) -> Path:
    """Sound of a kind that we read alone."""
    rate = 48_000 if kind == "ogg" else 44_100
    real = np.concatenate(list(to_passband([samples])))
    signal = resample_poly(real, rate // 100, 80) / REAL_FULL_SCALE
    if kind != "stereo":
        return write_compressed(folder / f"x.{kind}", signal, rate)
    noise = np.random.default_rng(0).normal(0, 0.1, len(signal))
    both = np.stack([noise, signal], axis=1)
    codes = np.rint(both * 2**31).clip(-(2**31), 2**31 - 1).astype("<i4")
    path = folder / "x.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setframerate(rate)
        file.setsampwidth(3)
        file.writeframes(codes.view(np.uint8).reshape(-1, 4)[:, 1:].tobytes())
    return path


def write_compressed(path: Path, signal: NDArray[np.floating], rate: int) -> Path:
    """A mono FLAC or Opus file, as the ending says, of a real signal (N,) within ±1."""
    codes = np.rint(signal * 2**15).clip(-(2**15), 2**15 - 1).astype("<i2")[None]
    frame = av.AudioFrame.from_ndarray(codes, "s16", "mono")
    frame.sample_rate, frame.pts = rate, 0
    with av.open(str(path), "w") as file:
        stream = file.add_stream("flac" if path.suffix == ".flac" else "libopus", rate=rate)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        change = av.AudioResampler(stream.format, "mono", rate, stream.frame_size or None)
        parts = [*change.resample(frame), *change.resample(None), None]
        file.mux([packet for part in parts for packet in stream.encode(part)])
    return path


def _write_blocks(path: Path, samples: NDArray[np.complex64]) -> None:
    """Big-endian integers in blocks with headers, as digitisers of many makers write them."""
    codes = np.rint(samples.view(np.float32) * 2**13).clip(-(2**15), 2**15 - 1).astype(">i2")
    blocks = np.array_split(codes.reshape(-1, 2), 4)
    header = b"block of samples"
    data_path(path).write_bytes(b"".join(header + block.tobytes() for block in blocks) + b"end")
    record = json.loads(path.read_text())
    record["global"].update({"core:datatype": "ci16_be", "core:trailing_bytes": 3})
    starts = np.cumsum([0, *map(len, blocks[:-1])]).tolist()
    record["captures"] = [
        {"core:sample_start": start, "core:header_bytes": len(header)} for start in starts
    ]
    path.write_text(json.dumps(record))


def judge(path: Path, sent: Sent) -> str:
    """What becomes of a file: one of `ENDS`, or in words what is wrong about it."""
    told: list[str] = []
    most = MOST_MEMORY + MEMORY_A_BYTE * (path.stat().st_size if path.is_file() else 0)
    tracemalloc.start()
    begin = time.perf_counter()
    stated = DONGLE if path.suffix == ".cu8" else Stated()
    try:
        with _limited(MOST_SECONDS):
            opened = open_recording(str(path), stated, told.append)
            found = [
                (frame.control, frame.image)
                for frame in receive(opened.chunks, opened.profile, most_symbols=opened.room)
            ]
        verdict = "image" if found else "none"
        if any(one != (sent.control, sent.image) for one in found):
            verdict = f"another image: {found}"
    except UserError as error:
        told.append(str(error))
        verdict = "refused"
    except Exception as error:  # every kind counts
        verdict = f"{error!r}"
    finally:
        memory = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    seconds = time.perf_counter() - begin
    if seconds > MOST_SECONDS:
        return f"{seconds:.0f} s, then {verdict}"
    if memory > most:
        return f"{memory / 2**20:.0f} MB, then {verdict}"
    unclear = [line for line in told if not line.isprintable() or len(line) > LONGEST_LINE]
    return f"an unclear line: {unclear[0][:80]!r}" if unclear else verdict


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Interrupt what hangs; only in the main thread."""

    def stop(*_: object) -> None:
        raise TooLongError(f"still at it after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def damage(path: Path, random: np.random.Generator) -> str:
    """One to three random wounds to a recording on disk; returns what they are called."""
    meta = path.suffix == ".sigmf-meta"
    done: list[str] = []
    for _ in range(random.integers(1, 4)):
        on_meta = meta and random.random() < 0.6
        target = path if on_meta or not meta else data_path(path)
        if target.is_symlink() or not target.is_file():
            break
        choices: list[Callable[[Path, np.random.Generator], None]] = [*BYTES]
        if on_meta:
            choices = [_field, _field, _field, *BYTES]
        elif path.suffix == ".wav":
            choices = [_wav_header, _wav_header, _wav_chunk, *BYTES]
        wound = choices[random.integers(len(choices))]
        wound(target, random)
        done.append(f"{target.suffix[1:]} {wound.__name__.strip('_')}")
    return ", ".join(done)


def _flip(path: Path, random: np.random.Generator) -> None:
    """A few bits, most of them near the beginning, where headers are."""
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    reach = min(len(data), int(10 ** random.uniform(1, 6)))
    if reach:
        place = random.integers(0, reach, random.integers(1, 40))
        data[place] ^= (1 << random.integers(0, 8, len(place))).astype(np.uint8)
    path.write_bytes(data.tobytes())


def _truncate(path: Path, random: np.random.Generator) -> None:
    data = path.read_bytes()
    few = random.random() < 0.4
    path.write_bytes(data[: int(random.integers(0, 60 if few else len(data) + 1))])


def _drop(path: Path, random: np.random.Generator) -> None:
    """Bytes are missing inside, so that what follows is out of step."""
    data = path.read_bytes()
    start = int(random.integers(0, len(data) + 1))
    path.write_bytes(data[:start] + data[start + int(random.integers(1, 2000)) :])


def _append(path: Path, random: np.random.Generator) -> None:
    path.write_bytes(path.read_bytes() + random.bytes(int(random.integers(1, 5000))))


def _overwrite(path: Path, random: np.random.Generator) -> None:
    """Zeros, ones, noise, or numbers that are none."""
    data = bytearray(path.read_bytes())
    start = int(random.integers(0, len(data) + 1))
    count = int(10 ** random.uniform(0, 5))
    words = (0.0, np.nan, np.inf, -np.inf, 1e38, 1e-42)
    filler = np.full(count // 4 + 1, words[random.integers(len(words))], "<f4").tobytes()
    if random.random() < 0.3:
        filler = random.bytes(len(filler))
    elif random.random() < 0.2:
        filler = b"\xff" * len(filler)
    start -= start % 4 if random.random() < 0.7 else 0
    data[start : start + len(filler)] = filler[: len(data) - start]
    path.write_bytes(bytes(data))


def _scramble(path: Path, random: np.random.Generator) -> None:
    """Another file altogether."""
    starts = (
        b"",
        b"RIFF",
        b"RIFF\0\0\0\0WAVE",
        b'{"global":',
        b"\x89PNG\r\n\x1a\n",
        b"\xef\xbb\xbf",
    )
    head = starts[random.integers(len(starts))]
    path.write_bytes(head + random.bytes(int(random.integers(0, 3000))))


def _vanish(path: Path, random: np.random.Generator) -> None:
    """No file where one should be."""
    path.unlink()
    kind = random.integers(4)
    if kind == 0:
        path.mkdir()
    elif kind == 1:
        path.symlink_to(path.name)
    elif kind == 2 and UNREADABLE.exists():
        path.symlink_to(UNREADABLE)


BYTES = (_flip, _truncate, _drop, _append, _overwrite, _scramble, _vanish)
"""Wounds that know nothing of the format."""
_LENGTHS = (
    0,
    1,
    2,
    3,
    15,
    16,
    17,
    39,
    40,
    2**16 - 1,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 2,
    2**32 - 1,
)


def _wav_header(path: Path, random: np.random.Generator) -> None:
    """One number of the 44 bytes."""
    data = bytearray(path.read_bytes())
    place = int(random.choice([4, 16, 20, 22, 24, 28, 32, 34, 40]))
    size = 2 if place in (20, 22, 32, 34) else 4
    if len(data) >= 44:
        number = _LENGTHS[random.integers(len(_LENGTHS))] % 2 ** (8 * size)
        data[place : place + size] = number.to_bytes(size, "little")
    path.write_bytes(bytes(data))


def _wav_chunk(path: Path, random: np.random.Generator) -> None:
    """Chunks before the samples, one whose length is wrong, or very many."""
    data = path.read_bytes()
    length = _LENGTHS[random.integers(len(_LENGTHS))]
    names = (b"LIST", b"fmt ", b"data", b"\0\0\0\0")
    chunk = names[random.integers(len(names))] + length.to_bytes(4, "little")
    chunk += random.bytes(min(length, int(random.integers(0, 100))))
    if random.random() < 0.2:
        chunk = (b"LIST" + bytes(4)) * int(random.integers(1, 200_000))
    place = (12, 36)[random.integers(2)]
    path.write_bytes(data[:place] + chunk + data[place:])


class Raw(str):
    """Text that goes into JSON as it stands."""

    __slots__ = ()


_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 1e-300, 1e12, 2e6, 8000, 1e308, 10**400, "", "ci8", "cf32_le",
    "cf32_be", "rf64_le", "ru8", "cu16_be", 48_000, 3_200_001.5, 2**20,
    "\0", "\x1b[2J", "😀" * 50, "x" * 10_000, "../x.sigmf-data",
    "/etc/passwd", "x.sigmf-data", "2000000", [], {}, [[[]]], [None], {"a": {}}, ["cf32_le"],
    Raw("NaN"), Raw("-Infinity"), Raw("1e999"), Raw("9" * 5000), Raw("9" * 100_000),
    Raw("[" * 900 + "]" * 900), Raw("[" * 50_000), Raw('{"a":' * 900 + "0" + "}" * 900),
    Raw("\x01"), Raw(""), Raw("0x10"), Raw('"\\ud800"'),
)  # fmt: skip
_FIELDS = (
    "core:datatype", "core:sample_rate", "core:version", "core:num_channels", "core:dataset",
    "core:metadata_only", "core:trailing_bytes", "core:extensions", "core:offset",
)  # fmt: skip


def _field(path: Path, random: np.random.Generator) -> None:
    """A field that is something else."""
    value = _VALUES[random.integers(len(_VALUES))]
    place = random.integers(5)
    try:
        record = json.loads(path.read_bytes())
        if place == 0:
            names = ("global", "captures", "annotations")
            record[names[random.integers(len(names))]] = value
        elif place == 1:
            name = (
                "core:sample_start",
                "core:header_bytes",
                "core:datetime",
                "core:frequency",
            )[random.integers(4)]
            record["captures"] = [{"core:sample_start": 1000}, {name: value}]
        elif place == 2:
            name = ("core:sample_start", "core:sample_count", "jscc:codec")[random.integers(3)]
            record["annotations"] = [{name: value}] * int(random.integers(1, 100))
        else:
            record["global"][_FIELDS[random.integers(len(_FIELDS))]] = value
        text = _json(record)
    except (ValueError, KeyError, TypeError, RecursionError):
        return  # An earlier wound left no metadata.
    path.write_text(text, errors="surrogatepass")


def _json(value: Any) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(k)}: {_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_json, value)) + "]"
    return json.dumps(value)


def bombs(folder: Path) -> Iterator[tuple[str, Path]]:
    """Small files that claim much, and metadata as large as is read at all.

    Yields:
        what it is called, and the path to open.
    """
    meta, data = folder / "x.sigmf-meta", folder / "x.sigmf-data"
    data.write_bytes(bytes(800))
    head = '{"global": {"core:datatype": "ci8", "core:sample_rate": 2e6}, "annotations": '
    texts = {
        "deep lists": "[" * 10**6,
        "deep objects": '{"a":' * 10**5,
        "a number of a million digits": head + "9" * 10**6 + "}",
        "very many lists": head + "[" + "[]," * ((META_LIMIT - 100) // 3) + "0]}",
        "very many objects": head + "[" + '{"a":0},' * ((META_LIMIT - 100) // 8) + "0]}",
        "one byte too many": " " * (META_LIMIT + 1),
        "samples without end": head + '[{"core:sample_start": 0, "core:sample_count": 1e300}]}',
    }
    for name, text in texts.items():
        meta.write_text(text)
        yield name, meta
    form = b"fmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0"
    sound = b"RIFF\0\0\0\0WAVE"
    for name, content in {
        "4 GB of sound": sound + form + b"data\xfe\xff\xff\xff" + bytes(100),
        "4 GB of notes": sound + b"LIST\xff\xff\xff\xff" + bytes(100),
        "a million empty notes": sound + b"LIST\0\0\0\0" * 10**6,
    }.items():
        (folder / "x.wav").write_bytes(content)
        yield name, folder / "x.wav"
    sparse = folder / "x.cf32"
    sparse.touch()
    os.truncate(sparse, 2**22 - 1)
    yield "a hole", sparse
