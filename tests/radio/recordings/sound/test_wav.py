"""WAV headers against the standard library, and those that it could not read."""

import io
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from semjscc.errors import UserError
from semjscc.radio.recordings.formats import REAL_FULL_SCALE
from semjscc.radio.recordings.sound.sound_files import open_sound
from semjscc.radio.recordings.sound.wav import read_wav_header, wav_header


class OneWay(io.RawIOBase):
    """A pipe: it cannot seek, and gives at most 7 bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._data.readinto(memoryview(buffer)[:7])


def by_standard_library(channels: int = 1, rate: int = 8000, width: int = 2) -> bytes:
    stream = io.BytesIO()
    with wave.open(stream, "wb") as file:
        file.setnchannels(channels)
        file.setframerate(rate)
        file.setsampwidth(width)
        file.writeframes(bytes(channels * width * 10))
    return stream.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)


def test_header_is_the_one_the_standard_library_writes() -> None:
    assert wav_header(10) == by_standard_library()[:44]


@pytest.mark.parametrize("before", [b"", chunk(b"LIST", b"odd"), chunk(b"bext", bytes(602))])
def test_header_of_a_recorder_is_read_up_to_the_first_sample(before: bytes) -> None:
    whole = by_standard_library()
    data = whole[:12] + before + whole[12:]
    stream = io.BufferedReader(OneWay(data))
    assert read_wav_header(stream, "x").length == 20
    assert stream.read() == bytes(20)


def test_extensible_header_is_read() -> None:
    form = struct.pack("<HHIIHH", 0xFFFE, 1, 8000, 16000, 2, 16) + struct.pack("<HHI", 22, 16, 4)
    subtype = bytes.fromhex("0100000000001000800000aa00389b71")
    data = b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", form + subtype) + chunk(b"data", b"ab")
    assert read_wav_header(io.BytesIO(data), "x").length == 2
    for other in (b"\x02" + subtype[1:], subtype[:-1] + b"!"):
        data = b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", form + other) + chunk(b"data", b"")
        with pytest.raises(UserError, match="neither PCM nor float: convert it with"):
            read_wav_header(io.BytesIO(data), "x")


@pytest.mark.parametrize("samples", [None, 0])
def test_length_may_be_unknown(samples: int | None) -> None:
    assert read_wav_header(io.BytesIO(wav_header(samples)), "x").length is None


@pytest.mark.parametrize(
    "length",
    [
        0x7FFFF000,  # sox
        0x7FFFFFFF,
        0x80000000,  # arecord
        0xFFFFFFDB,  # ours, of more than fits
        0xFFFFFFFF,  # ffmpeg
    ],
)
def test_what_recorders_write_into_pipes_is_no_length(tmp_path: Path, length: int) -> None:
    tone = np.arange(-4000, 4000, dtype="<i2")
    head = bytearray(wav_header(None))
    head[4:8], head[40:44] = struct.pack("<I", (length + 36) % 2**32), struct.pack("<I", length)
    path = tmp_path / "pipe.wav"
    path.write_bytes(bytes(head) + tone.tobytes())
    told: list[str] = []
    _, chunks = open_sound(path, "wav", "x", told.append)
    samples = np.concatenate(list(chunks))[:, 0]
    np.testing.assert_array_equal(samples * 2**15 / REAL_FULL_SCALE, tone)
    assert told == []


@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
@pytest.mark.parametrize(
    ("real", "found"), [(20, 20), (1 << 33, 1 << 33), (0, None), (2**64 - 1, None)]
)
def test_64_bit_lengths_are_read(magic: bytes, real: int, found: int | None) -> None:
    small = by_standard_library()
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 0, real, real // 2, 0))
    head = magic + b"\xff\xff\xff\xffWAVE" + ds64 + small[12:36] + b"data\xff\xff\xff\xff"
    stream = io.BytesIO(head + bytes(20))
    assert read_wav_header(stream, "x").length == found
    assert stream.read() == bytes(20)


def test_a_length_that_is_a_promise_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(wav_header(1000) + bytes(500))
    told: list[str] = []
    (samples,) = open_sound(path, "wav", "x", told.append)[1]
    assert len(samples) == 250
    assert told == ["x is cut off at its end: what is there is read"]
    path.write_bytes(wav_header(100) + bytes(200) + chunk(b"LIST", b"1234"))
    (samples,) = open_sound(path, "wav", "x", told.append)[1]
    assert (len(samples), len(told)) == (100, 1)


@pytest.mark.parametrize(
    ("beginning", "said"),
    [
        (b"RIFX....WAVE", "big-endian"),
        (b"FORM....AIFF", "AIFF"),
    ],
)
def test_other_sound_is_called_what_it_is(beginning: bytes, said: str) -> None:
    with pytest.raises(UserError, match=rf"^x is not a WAV file, but .*{said}.*: convert it with"):
        read_wav_header(io.BytesIO(beginning.ljust(99, b".")), "x")


@pytest.mark.parametrize(("beginning", "said"), [(b"fLaC", "a FLAC"), (b"OggS", "an Ogg")])
def test_compressed_sound_is_told_how_it_is_read(beginning: bytes, said: str) -> None:
    for name, advice in (("x.wav", "give it the ending"), ("-", "state --format")):
        wrong = rf"^{name} is not a WAV file, but {said} file: {advice} \.?(flac|ogg)$"
        with pytest.raises(UserError, match=wrong):
            read_wav_header(io.BytesIO(beginning.ljust(99, b".")), name)


def test_longest_recordings_do_not_overflow_the_header() -> None:
    assert len(wav_header(1 << 33)) == 44


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"abc", "is not a WAV file"),
        (b"RIFX0000WAVE", "is not a WAV file"),
        (b"RIFF0000WAVE", "is a WAV file without samples"),
        (by_standard_library()[:30], "is a WAV file without samples"),
        (b"RIFF0000WAVE" + chunk(b"data", b"ab"), "is a WAV file that does not tell its format"),
        (b"RIFF0000WAVE" + b"JUNK\xff\xff\xff\xff", "is a WAV file without samples"),
        (b"RIFF0000WAVE" + chunk(b"junk", b"") * 200_000, "is a WAV file without samples"),
    ],
)
def test_damaged_header_is_one_line(data: bytes, message: str) -> None:
    with pytest.raises(UserError, match=f"^x {message}"):
        read_wav_header(io.BytesIO(data), "x")
