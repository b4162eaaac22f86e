"""Containers are told by their first bytes, and never taken for raw samples."""

import io
import os
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from semjscc.errors import UserError
from semjscc.radio.recordings import sigmf
from semjscc.radio.recordings.containers import check_raw, is_wav
from semjscc.radio.recordings.files import Recording, read_recording
from semjscc.radio.recordings.sound.wav import wav_header

SOUND = wav_header(None) + np.arange(500, dtype="<i2").tobytes()
OTHERS = {
    b"RIFX\0\0\0\0WAVE": "big-endian WAV",
    b"RIFF\0\0\0\0AVI ": "RIFF of another kind",
    b"riff": "Wave64",
    b"ID3": "MP3",
    b"FORM": "AIFF",
    b".snd": "AU",
    b"caff": "CAF",
}


def through_pipe(
    monkeypatch: pytest.MonkeyPatch, content: bytes, kind: str | None = None
) -> Recording:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    return read_recording("-", 2e6, kind)


@pytest.mark.parametrize("magic", [b"RIFF", b"RF64", b"BW64"])
@pytest.mark.parametrize("ending", ["cf32", "ci8", "sigmf-data", "samples"])
def test_a_wav_file_of_another_name_is_no_raw_samples(
    tmp_path: Path, magic: bytes, ending: str
) -> None:
    path = tmp_path / f"t.{ending}"
    path.write_bytes(magic + SOUND[4:])
    (tmp_path / "t.sigmf-meta").write_text(sigmf.to_json("cf32_le", 2e6, []))
    chunks = read_recording(path, 2e6, "ci8").chunks
    kind = "cf32" if ending in ("cf32", "sigmf-data") else "ci8"
    said = rf"^\S*t\.{ending} is a WAV file, not {kind}: give it the ending \.wav$"
    with pytest.raises(UserError, match=said):
        next(chunks)


@pytest.mark.parametrize("kind", ["cf32", "ci8"])
def test_a_wav_file_in_a_pipe_is_no_raw_samples(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=f"^- is a WAV file, not {kind}: state --format wav$"):
        next(through_pipe(monkeypatch, SOUND, kind).chunks)


@pytest.mark.parametrize("kind", ["cf32", "ci8", None])
@pytest.mark.parametrize("beginning", OTHERS)
def test_other_sound_is_no_raw_samples(
    beginning: bytes, kind: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = rf"^- is {OTHERS[beginning]}.*, not {kind or 'cf32'}: convert it with `ffmpeg"
    with pytest.raises(UserError, match=said):
        next(through_pipe(monkeypatch, beginning + bytes(80), kind).chunks)


@pytest.mark.parametrize(("beginning", "kind"), [(b"fLaC", "flac"), (b"OggS", "ogg")])
def test_compressed_sound_is_no_raw_samples(
    beginning: bytes, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UserError, match=rf"^- is an? \w+ file, not ci8: state --format {kind}$"):
        next(through_pipe(monkeypatch, beginning + bytes(80), "ci8").chunks)
    with pytest.raises(UserError, match=rf"^- is no {kind.upper()} file that can be read$"):
        through_pipe(monkeypatch, beginning + bytes(80))
    (tmp_path / "x.cf32").write_bytes(beginning + bytes(80))
    said = rf"x\.cf32 is an? \w+ file, not cf32: give it the ending \.{kind}$"
    with pytest.raises(UserError, match=said):
        next(read_recording(tmp_path / "x.cf32", 2e6).chunks)


def test_a_pipe_of_no_stated_kind_is_what_it_begins_as(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = through_pipe(monkeypatch, SOUND)
    assert (sound.kind, sound.rate, sound.most) == ("wav", 8000, None)
    as_stated = np.concatenate(list(through_pipe(monkeypatch, SOUND, "wav").chunks))
    sound = np.concatenate(list(through_pipe(monkeypatch, SOUND).chunks))
    assert len(sound) == 500
    np.testing.assert_array_equal(sound, as_stated)
    samples = np.arange(200_000, dtype=np.complex64)
    raw = through_pipe(monkeypatch, samples.tobytes())
    assert (raw.kind, raw.rate, raw.most) == ("cf32", 2e6, None)
    np.testing.assert_array_equal(np.concatenate(list(raw.chunks)), samples)


@pytest.mark.parametrize("content", [SOUND, np.arange(400, dtype=np.complex64).tobytes()])
def test_a_beginning_may_come_byte_by_byte(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()

    def send() -> None:
        with os.fdopen(writing, "wb", buffering=0) as stream:
            for start in range(60):
                stream.write(content[start : start + 1])
            stream.write(content[60:])

    sender = threading.Thread(target=send)
    with os.fdopen(reading) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        sender.start()
        recording = read_recording("-", 2e6)
        samples = np.concatenate(list(recording.chunks))
        sender.join()
    assert recording.kind == ("wav" if content is SOUND else "cf32")
    assert len(samples) == (500 if content is SOUND else 400)
    np.testing.assert_array_equal(
        samples, np.concatenate(list(through_pipe(monkeypatch, content).chunks))
    )


def test_short_pipes_are_raw_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"^- is empty: it holds no samples$"):
        next(through_pipe(monkeypatch, b"").chunks)
    assert list(next(through_pipe(monkeypatch, bytes(8)).chunks)) == [0]
    assert list(next(through_pipe(monkeypatch, bytes(4), "ci8").chunks)) == [0, 0]


def test_what_is_no_wav_file_in_a_pipe_is_refused_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said = "^- is not a WAV file: if it holds raw samples, state --format cf32$"
    with pytest.raises(UserError, match=said):
        next(through_pipe(monkeypatch, bytes(800), "wav").chunks)


def test_samples_that_only_resemble_a_container_are_read() -> None:
    for head in (b"", b"RIF", b"\0RIFF\0\0\0WAVE", b"WAVE\0\0\0\0RIFF"):
        check_raw(head, "x", "cf32")
        assert not is_wav(head)
