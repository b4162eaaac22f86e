"""WAV files of numbers, of any rate, depth and count of channels, also from a pipe.

The standard library's reader wants to seek and believes the lengths in the header; a recorder that
was stopped, or that writes to a pipe, leaves wrong ones. Here the samples end where the data ends.
What is written has one channel of 16 bit and 8000 samples a second.
"""

import struct
from dataclasses import dataclass

import numpy as np

from semjscc.errors import UserError
from semjscc.radio.recordings.containers import CONVERT, HEAD, check_wav
from semjscc.radio.recordings.formats import SampleFormat
from semjscc.radio.recordings.stretches import Readable
from semjscc.radio.sampling.passband import AUDIO_RATE

HEADER_LIMIT = 1 << 20
"""Bytes before the samples: notes and cover pictures stand behind them, if anywhere."""
_UNKNOWN = 0xFFFFFFFF
"""The length that a stream declares, which does not know it yet."""
_NO_LENGTH = 0x7FFFF000
"""From here on a length is no promise: sox declares this one in a pipe, arecord 0x80000000, others
the largest there is, and what is longer does not fit. It would be 37 hours."""
_LARGE = (b"RF64", b"BW64")
"""WAV with 64-bit lengths in a chunk of their own (EBU Tech 3306, ITU-R BS.2088)."""
_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_SUBTYPE = bytes.fromhex("000000001000800000aa00389b71")
"""Of a KSDATAFORMAT_SUBTYPE, as it stands in WAVE_FORMAT_EXTENSIBLE, what follows the format."""
_NUMBERS = {
    (_PCM, 8): "u1", (_PCM, 16): "<i2", (_PCM, 24): "V3", (_PCM, 32): "<i4",
    (_FLOAT, 32): "<f4", (_FLOAT, 64): "<f8",
}  # fmt: skip
MOST_CHANNELS = 64
_RECEIVERS = (b"auxi", b"kiwi")
"""Chunks of SpectraVue, HDSDR, SDR# and SDRuno, and of KiwiSDR: the channels are I and Q."""


@dataclass(frozen=True)
class WavFormat:
    """What a WAV file says of its samples.

    Attributes:
        rate: samples a second.
        channels: in a sample.
        form: of the number of a channel.
        length: bytes of samples in the first chunk of them; None where it does not know: then they
            go on to the end.
        is_receivers: whether a radio receiver has left a note in it.
    """

    rate: int
    channels: int
    form: SampleFormat
    length: int | None
    is_receivers: bool


def wav_header(samples: int | None) -> bytes:
    """The 44 bytes before ``samples`` 16-bit samples, or before a stream (None)."""
    length = _UNKNOWN if samples is None else min(2 * samples, _UNKNOWN - 36)
    form = struct.pack("<HHIIHH", _PCM, 1, AUDIO_RATE, 2 * AUDIO_RATE, 2, 16)
    total = _UNKNOWN if samples is None else length + 36
    return struct.pack(
        "<4sI4s4sI16s4sI", b"RIFF", total, b"WAVE", b"fmt ", 16, form, b"data", length
    )


def read_wav_header(stream: Readable, name: str) -> WavFormat:
    """Read up to the first sample.

    Args:
        stream: at its beginning; needs no seeking, and may give less than it is asked for.
        name: what messages call it.

    Raises:
        UserError: no WAV file, or one of numbers that are not read.
    """
    head = _read(stream, HEAD)
    if not head:
        raise UserError(f"{name} is empty")
    check_wav(head, name)
    large = head[:4] in _LARGE
    read, form, real, is_receivers = HEAD, b"", None, False
    while read < HEADER_LIMIT:
        head = _read(stream, 8)
        if len(head) < 8:
            break
        kind, length = struct.unpack("<4sI", head)
        if kind == b"data":
            rate, channels, number = _format(form, name)
            # 0 is what a recorder leaves that was killed before it could go back.
            unknown = length == 0 or length >= _NO_LENGTH
            return WavFormat(rate, channels, number, real if unknown else length, is_receivers)
        read += 8 + length + length % 2
        if read > HEADER_LIMIT:
            break
        body = _read(stream, length + length % 2)
        if kind == b"fmt ":
            form = body[:length]
        elif kind == b"ds64" and large and len(body) >= 16:
            _, real = struct.unpack("<QQ", body[:16])
            real = None if real in (0, 2**64 - 1) else real
        is_receivers |= kind in _RECEIVERS
    raise UserError(f"{name} is a WAV file without samples, or has too much before them")


def next_data(stream: Readable, length: int) -> int | None:
    """Read on to the next chunk of samples.

    Args:
        stream: behind one that has ``length`` bytes.
        length: of that.

    Returns:
        Bytes of the next; None where there is none.
    """
    _read(stream, length % 2)
    read = 0
    while read < HEADER_LIMIT and len(head := _read(stream, 8)) == 8:
        kind, length = struct.unpack("<4sI", head)
        if kind == b"data":
            return length if 0 < length < _NO_LENGTH else None
        length += length % 2
        read += 8 + length
        if read < HEADER_LIMIT:
            _read(stream, length)
    return None


def _read(stream: Readable, count: int) -> bytes:
    """So many bytes, or what there is until the end."""
    data = b""
    while len(data) < count and (more := stream.read(count - len(data))):
        data += more
    return data


def _format(form: bytes, name: str) -> tuple[int, int, SampleFormat]:
    """Samples a second, channels, and how a number is stored.

    Raises:
        UserError: the numbers are not read here.
    """
    if len(form) < 16:
        raise UserError(f"{name} is a WAV file that does not tell its format")
    tag, channels, rate, _, align, bits = struct.unpack("<HHIIHH", form[:16])
    if tag == _EXTENSIBLE and form[26:40] == _SUBTYPE:
        tag = int.from_bytes(form[24:26], "little")
    number = _NUMBERS.get((tag, bits))
    sound = number is not None and align == channels * bits // 8
    if number is None or not sound or not rate or not 0 < channels <= MOST_CHANNELS:
        kind = f"{channels} channels, {rate} Hz, {bits} bit"
        kind += "" if tag in (_PCM, _FLOAT) else ", neither PCM nor float"
        raise UserError(f"{name} has {kind}: {CONVERT}")
    return rate, channels, SampleFormat("wav", np.dtype(number), is_complex=False)
