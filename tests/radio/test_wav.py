"""WAV headers against the standard library, and those that it could not read."""

import io
import struct
import wave

import pytest

from semjscc.errors import UserError
from semjscc.radio.wav import read_wav_header, wav_header


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
    assert read_wav_header(stream, "x") == 20
    assert stream.read() == bytes(20)


def test_extensible_header_is_read() -> None:
    form = struct.pack("<HHIIHH", 0xFFFE, 1, 8000, 16000, 2, 16) + struct.pack("<HHI", 22, 16, 4)
    subtype = bytes.fromhex("0100000000001000800000aa00389b71")
    data = b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", form + subtype) + chunk(b"data", b"ab")
    assert read_wav_header(io.BytesIO(data), "x") == 2
    floats = (
        b"RIFF\0\0\0\0WAVE" + chunk(b"fmt ", form + b"\x03" + subtype[1:]) + chunk(b"data", b"")
    )
    with pytest.raises(UserError, match="not PCM: convert it with"):
        read_wav_header(io.BytesIO(floats), "x")


@pytest.mark.parametrize("samples", [None, 0])
def test_length_may_be_unknown(samples: int | None) -> None:
    assert read_wav_header(io.BytesIO(wav_header(samples)), "x") is None


def test_longest_recordings_do_not_overflow_the_header() -> None:
    assert len(wav_header(1 << 33)) == 44


@pytest.mark.parametrize(
    ("channels", "rate", "width", "said"),
    [(2, 8000, 2, "2 channels"), (1, 44_100, 2, "44100 Hz"), (1, 8000, 1, "8 bit")],
)
def test_other_formats_are_refused_with_the_way_out(
    channels: int, rate: int, width: int, said: str
) -> None:
    data = by_standard_library(channels, rate, width)
    with pytest.raises(UserError, match=rf"x has .*{said}.*: convert it with `ffmpeg"):
        read_wav_header(io.BytesIO(data), "x")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a WAV file"),
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
