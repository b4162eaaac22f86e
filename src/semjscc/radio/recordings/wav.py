"""WAV files as far as a modem needs them: mono, 16 bit, 8000 samples a second, also from a pipe.

The standard library's reader wants to seek and believes the lengths in the header; a recorder that
was stopped, or that writes to a pipe, leaves wrong ones. Here the samples end where the data ends.
"""

import struct
from typing import Protocol

from semjscc.errors import UserError
from semjscc.radio.recordings.containers import CONVERT, HEAD, check_wav
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
_PCM, _EXTENSIBLE = 1, 0xFFFE
_PCM_SUBTYPE = bytes.fromhex("0100000000001000800000aa00389b71")
"""KSDATAFORMAT_SUBTYPE_PCM, as it stands in WAVE_FORMAT_EXTENSIBLE."""


class Readable(Protocol):
    """A stream as far as it is read here."""

    def read(self, most: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        ...


def wav_header(samples: int | None) -> bytes:
    """The 44 bytes before ``samples`` 16-bit samples, or before a stream (None)."""
    length = _UNKNOWN if samples is None else min(2 * samples, _UNKNOWN - 36)
    form = struct.pack("<HHIIHH", _PCM, 1, AUDIO_RATE, 2 * AUDIO_RATE, 2, 16)
    total = _UNKNOWN if samples is None else length + 36
    return struct.pack(
        "<4sI4s4sI16s4sI", b"RIFF", total, b"WAVE", b"fmt ", 16, form, b"data", length
    )


def read_wav_header(stream: Readable, name: str) -> int | None:
    """Read up to the first sample.

    Args:
        stream: at its beginning; needs no seeking, and may give less than it is asked for.
        name: what messages call it.

    Returns:
        Bytes of samples that the header promises, or None where it does not know: then they go on
        to the end.

    Raises:
        UserError: no WAV file, or one of another format.
    """
    head = _read(stream, HEAD)
    if not head:
        raise UserError(f"{name} is empty")
    check_wav(head, name)
    large = head[:4] in _LARGE
    read, form, real = HEAD, b"", None
    while read < HEADER_LIMIT:
        head = _read(stream, 8)
        if len(head) < 8:
            break
        kind, length = struct.unpack("<4sI", head)
        if kind == b"data":
            _check_format(form, name)
            # 0 is what a recorder leaves that was killed before it could go back.
            unknown = length == 0 or length >= _NO_LENGTH
            return real if unknown else length
        read += 8 + length + length % 2
        if read > HEADER_LIMIT:
            break
        body = _read(stream, length + length % 2)
        if kind == b"fmt ":
            form = body[:length]
        elif kind == b"ds64" and large and len(body) >= 16:
            _, real = struct.unpack("<QQ", body[:16])
            real = None if real in (0, 2**64 - 1) else real
    raise UserError(f"{name} is a WAV file without samples, or has too much before them")


def _read(stream: Readable, count: int) -> bytes:
    """So many bytes, or what there is until the end."""
    data = b""
    while len(data) < count and (more := stream.read(count - len(data))):
        data += more
    return data


def _check_format(form: bytes, name: str) -> None:
    if len(form) < 16:
        raise UserError(f"{name} is a WAV file that does not tell its format")
    tag, channels, rate, _, _, bits = struct.unpack("<HHIIHH", form[:16])
    plain = tag == _PCM or (tag == _EXTENSIBLE and form[24:40] == _PCM_SUBTYPE)
    if not plain or (channels, rate, bits) != (1, AUDIO_RATE, 16):
        kind = f"{channels} channels, {rate} Hz, {bits} bit" + ("" if plain else ", not PCM")
        raise UserError(f"{name} has {kind}: {CONVERT}")
