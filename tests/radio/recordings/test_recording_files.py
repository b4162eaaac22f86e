"""Recordings written and read again, and everything that can be wrong with one."""

import contextlib
import io
import json
import os
import sys
import threading
import tracemalloc
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.errors import UserError
from semjscc.radio.recordings.files import read_recording, write_recording
from semjscc.radio.recordings.kinds import FORMATS
from semjscc.radio.recordings.reading import CHUNK
from semjscc.radio.recordings.sigmf import Annotation

GOLDEN = Path(__file__).parent / "golden.sigmf-meta"
NAMES = ["x.sigmf-meta", "x.cf32", "x.ci8", "x.wav", "x.cs16", "x.cu8", "x.cf64"]


def signal(count: int = 5000) -> np.ndarray:
    """Tones of mean power one inside the voice band."""
    time = np.arange(count) / 8000
    tones = np.exp(2j * np.pi * 310 * time) + np.exp(-2j * np.pi * 777 * time)
    return (tones * 0.5**0.5).astype(np.complex64)


def read(path: Path | str, rate: float | None = 8000.0, **options) -> np.ndarray:
    chunks = read_recording(path, rate, **options).chunks
    return np.concatenate(list(chunks))


# Rounding an axis to steps of 1/32 errs by 2·(1/32)²/12, that is by -37.9 dB.
@pytest.mark.parametrize(
    ("name", "error_db"),
    list(zip(NAMES, [-300, -300, -37.8, -65, -85.9, -37.8, -300], strict=True)),
)
def test_samples_come_back_at_their_level(tmp_path: Path, name: str, error_db: float) -> None:
    path, sent = tmp_path / name, signal()
    assert write_recording(path, np.split(sent, [7, 7, 4000]), 8000.0) == 5000
    recording = read_recording(path, 8000.0)
    assert recording.rate == 8000.0
    received = np.concatenate(list(recording.chunks))
    assert received.dtype == np.complex64
    assert len(received) == len(sent)
    inside = slice(200, -200)  # a WAV file's filter sees the silence around the signal
    error = np.mean(np.abs(received - sent)[inside] ** 2)
    assert 10 * np.log10(error + 1e-30) <= error_db


def test_formats_are_what_they_are_called(tmp_path: Path) -> None:
    sent = np.array([1 - 2j, 0.5 + 3.9j, 100 - 100j], np.complex64)
    write_recording(tmp_path / "x.cf32", [sent], 1.0)
    assert np.fromfile(tmp_path / "x.cf32", "<f4").tolist() == [
        1,
        -2,
        0.5,
        np.float32(3.9),
        100,
        -100,
    ]
    write_recording(tmp_path / "x.ci8", [sent], 1.0)
    assert np.fromfile(tmp_path / "x.ci8", "i1").tolist() == [32, -64, 16, 125, 127, -128]


def test_wav_file_is_one_for_the_standard_library(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    write_recording(path, [signal(8000)], 8000)
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getframerate(), file.getsampwidth()) == (1, 8000, 2)
        assert file.getnframes() == 8000
        audio = np.frombuffer(file.readframes(8000), "<i2") * (8 / 2**15)
    bins = np.abs(np.fft.rfft(audio)) ** 2  # 1 Hz each; a cosine of power 1/2 has (N/2)²
    assert set(np.argsort(bins)[-2:]) == {1500 + 310, 1500 - 777}
    assert bins[1810] == pytest.approx(4000**2, rel=0.1)


def test_sigmf_is_data_and_the_golden_metadata(tmp_path: Path) -> None:
    frames: list[Annotation] = []

    def transmitter() -> Iterator[np.ndarray]:
        frames.append(Annotation(0, 3, "frame 0", {"codec": "signs-a", "height": 64}))
        yield np.ones(3, np.complex64)
        frames.append(Annotation(3, 2, "frame 1"))
        yield np.ones(2, np.complex64)

    write_recording(tmp_path / "y.sigmf-data", transmitter(), 2e6, annotations=frames)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["y.sigmf-data", "y.sigmf-meta"]
    assert (tmp_path / "y.sigmf-meta").read_text() == GOLDEN.read_text()
    assert read_recording(tmp_path / "y.sigmf-data").rate == 2e6
    assert read_recording(tmp_path / "y.sigmf-meta").rate == 2e6


def test_sigmf_of_bytes_is_read(tmp_path: Path) -> None:
    head = {"core:datatype": "ci8", "core:version": "1.0.0"}
    (tmp_path / "x.sigmf-meta").write_text(json.dumps({"global": head}))
    (tmp_path / "x.sigmf-data").write_bytes(bytes([32, 0, 0, 224]))
    np.testing.assert_array_equal(read(tmp_path / "x.sigmf-meta"), [1, -1j])
    with pytest.raises(UserError, match="does not tell its sample rate"):
        read_recording(tmp_path / "x.sigmf-meta")


@pytest.mark.parametrize(
    ("bad", "good"),
    [(np.nan, 0), (np.inf, 0), (-np.inf, 0), (2e9, 0), (1e30, 0), (9e8, np.float32(9e8))],
)
def test_damaged_samples_are_zero_and_said_once(tmp_path: Path, bad: float, good: float) -> None:
    axes = np.ones(6 * CHUNK, "<f4")
    axes[[3, 10, 5 * CHUNK]] = bad
    axes.tofile(tmp_path / "x.cf32")
    said: list[str] = []
    received = read(tmp_path / "x.cf32", tell=said.append)
    expected = np.ones(3 * CHUNK, np.complex64) * (1 + 1j)
    expected[[1, 5, 5 * CHUNK // 2]] = 0 if good == 0 else [1 + 9e8j, 9e8 + 1j, 9e8 + 1j]
    np.testing.assert_array_equal(received, expected)
    assert len(said) == (good == 0)
    assert all("not finite numbers: taken as 0" in line for line in said)


def test_any_complex_array_is_written(tmp_path: Path) -> None:
    sent = np.arange(10, dtype=np.complex128)[::3]
    write_recording(tmp_path / "x.cf32", [sent], 1.0)
    np.testing.assert_array_equal(read(tmp_path / "x.cf32"), [0, 3, 6, 9])


def test_endless_device_in_place_of_sigmf_data_is_refused(tmp_path: Path) -> None:
    write_recording(tmp_path / "x.sigmf-meta", [signal()], 1.0)
    (tmp_path / "x.sigmf-data").unlink()
    (tmp_path / "x.sigmf-data").symlink_to("/dev/zero")
    with pytest.raises(UserError, match=r"x\.sigmf-data is not a regular file"):
        read_recording(tmp_path / "x.sigmf-meta")


def test_damaged_samples_are_not_written(tmp_path: Path) -> None:
    sent = np.array([np.nan, 1, np.inf * 1j], np.complex64)
    for name in ("x.cf32", "x.ci8"):
        write_recording(tmp_path / name, [sent], 1.0)
        np.testing.assert_array_equal(read(tmp_path / name), [0, 1, 0])


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("x.cf32", 3),
        ("x.ci8", 1),
        ("x.cu8", 1),
        ("x.cs16", 3),
        ("x.cf64", 15),
        ("x.wav", 1),
        ("x.wav", 64),
    ],
)
def test_recording_cut_off_at_its_end_is_read_up_to_there(
    tmp_path: Path, name: str, cut: int
) -> None:
    path = tmp_path / name
    write_recording(path, [signal(3000)], 8000)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    said: list[str] = []
    received = read(path, tell=said.append)
    lost = cut // 2 if name == "x.wav" else 1
    assert len(received) == 3000 - max(lost, 1)
    assert said == [f"{path} is cut off at its end: what is there is read"]


def test_what_stands_behind_the_samples_of_a_wav_file_is_no_sound(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    write_recording(path, [signal(100)], 8000)
    before = read(path)
    path.write_bytes(path.read_bytes() + b"LIST\x04\0\0\0noisenoise")
    np.testing.assert_array_equal(read(path), before)


@pytest.mark.parametrize(
    ("name", "content"),
    [("x.cf32", b""), ("x.cf32", b"1234567"), ("x.ci8", b"1"), ("x.ci8", b"")],
)
def test_empty_recording_is_one_line(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match="is empty: it holds no samples"):
        read(tmp_path / name)


def test_wav_file_without_samples_is_empty(tmp_path: Path) -> None:
    write_recording(tmp_path / "x.wav", [], 8000)
    with pytest.raises(UserError, match="is empty"):
        read(tmp_path / "x.wav")


def test_what_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder.cf32").mkdir()
    (tmp_path / "y.cf32").write_bytes(bytes(8))
    (tmp_path / "y.wav").write_bytes(bytes(80))
    write_recording(tmp_path / "z.sigmf-meta", [signal()], 1.0)
    (tmp_path / "z.sigmf-data").unlink()
    for path, rate, message in (
        (tmp_path / "none.cf32", 1.0, "none.cf32 does not exist"),
        (tmp_path / f"{'x' * 999}.cf32", 1.0, "cannot be read: File name too long"),
        (tmp_path / "y.cf32" / "z.cf32", 1.0, "cannot be read: Not a directory"),
        (tmp_path / "\0.cf32", 1.0, r"\?.cf32 cannot be read"),
        (tmp_path / "folder.cf32", 1.0, "is a folder, not a recording"),
        (tmp_path / "y.cf32", None, "does not tell its sample rate: state it"),
        (tmp_path / "y.cf32", 0.0, "a sample rate is a positive number"),
        (tmp_path / "y.cf32", float("nan"), "a sample rate is a positive number"),
        (tmp_path / "y.mp3", 1.0, "is no recording of a known kind: .sigmf-meta, .sigmf-data"),
        (tmp_path / "y.wav", 1.0, "y.wav is not a WAV file"),
        (tmp_path / "z.sigmf-meta", 1.0, "z.sigmf-data does not exist"),
    ):
        with pytest.raises(UserError, match=message):
            read(path, rate)
    with pytest.raises(UserError, match="SigMF is two files: read cf32"):
        read_recording("-", 1.0, "sigmf")


def test_what_cannot_be_written_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for path, kind, message in (
        (tmp_path / "x.wav", None, "a WAV file has 8000 samples a second, not 1e"),
        (tmp_path / "x.txt", None, "is no recording of a known kind"),
        (tmp_path / "file" / "x.cf32", None, "cannot write"),
        ("-", "sigmf", "SigMF is two files: write cf32"),
    ):
        with pytest.raises(UserError, match=message):
            write_recording(path, [signal()], 1e6, kind)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_failure_in_the_middle_leaves_the_old_recording(tmp_path: Path) -> None:
    def broken() -> Iterator[np.ndarray]:
        yield signal()
        raise UserError("the input ends here")

    for name in NAMES:
        write_recording(tmp_path / name, [signal(50)], 8000)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    for name in NAMES:
        with pytest.raises(UserError, match="the input ends here"):
            write_recording(tmp_path / name, broken(), 8000)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


class Standard:
    """Stands for sys.stdin or sys.stdout."""

    def __init__(self, buffer: io.BufferedIOBase | io.BufferedRWPair) -> None:
        self.buffer = buffer


@pytest.mark.parametrize("kind", ["cf32", "cf64", "ci16", "ci8", "cu8", "wav"])
def test_pipes_carry_what_files_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    output = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", Standard(output))
    assert write_recording("-", [signal()], 8000, kind) == 5000
    path = tmp_path / f"x.{kind}"
    write_recording(path, [signal()], 8000)
    head = 44 if kind == "wav" else 0
    assert output.getvalue()[head:] == path.read_bytes()[head:]
    monkeypatch.setattr(sys, "stdin", Standard(io.BufferedReader(io.BytesIO(output.getvalue()))))
    said: list[str] = []
    np.testing.assert_array_equal(read("-", kind=kind, tell=said.append), read(path))
    assert said == []


def test_live_pipe_is_read_as_samples_arrive(tmp_path: Path) -> None:
    path = tmp_path / "live.cf32"
    os.mkfifo(path)
    parts = [signal(10).tobytes()[:77], signal(10).tobytes()[77:]]
    heard = threading.Event()

    def send() -> None:
        with path.open("wb", buffering=0) as stream:
            stream.write(parts[0])
            heard.wait(10)
            stream.write(parts[1])

    sender = threading.Thread(target=send)
    sender.start()
    chunks = read_recording(path, 8000.0).chunks
    first = next(chunks)
    heard.set()
    rest = list(chunks)
    sender.join()
    assert len(first) == 9
    np.testing.assert_array_equal(np.concatenate([first, *rest]), signal(10))


def test_named_pipe_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.ci8"
    os.mkfifo(path)
    received: list[bytes] = []
    listener = threading.Thread(target=lambda: received.append(path.read_bytes()))
    listener.start()
    write_recording(path, [np.ones(3, np.complex64)], 1.0)
    listener.join()
    assert path.is_fifo()
    assert received == [bytes([32, 0] * 3)]


@pytest.mark.parametrize("name", NAMES)
def test_memory_does_not_grow_with_the_length(tmp_path: Path, name: str) -> None:
    piece = signal(CHUNK)
    write_recording(tmp_path / name, (piece for _ in range(16)), 8000)
    tracemalloc.start()
    length = sum(len(chunk) for chunk in read_recording(tmp_path / name, 8000.0).chunks)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == 16 * CHUNK
    assert peak < 8 * piece.nbytes  # the whole is 16 times a piece


@settings(max_examples=60)
@given(content=st.binary(max_size=200), name=st.sampled_from([*FORMATS, "riff"]))
def test_any_bytes_are_finite_samples_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, name: str
) -> None:
    path = tmp_path_factory.mktemp("fuzz") / f"x.{name.replace('riff', 'wav')}"
    head = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0"
    path.write_bytes(head + content if name == "riff" else content)
    with contextlib.suppress(UserError):
        assert np.isfinite(read(path).view(np.float32)).all()
