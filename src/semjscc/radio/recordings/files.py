"""Recordings in files and pipes: read and written chunk by chunk, in bounded memory.

| kind          | path                        | holds                                          |
| ------------- | --------------------------- | ---------------------------------------------- |
| sigmf         | .sigmf-meta (+ .sigmf-data) | samples, their rate, an annotation for a frame |
|               | .sigmf                      | both in one file, read alone                   |
| cf32 cf64     | .cf32 .cf64                 | floats, I and Q in turn, little-endian         |
| ci16 ci8 cu8  | .ci16 .cs16 .ci8 .cs8 .cu8  | integers, likewise                             |
| wav           | .wav                        | real audio: `radio.sampling.passband`          |
| flac ogg      | .flac .ogg .oga .opus       | likewise, and read alone                       |

A sound file may have any rate, depth and count of channels; two of them may also be I and Q, see
`radio.recordings.sound`. Other endings: `radio.recordings.kinds`. Levels survive: integers hold a
sample over a fixed full scale, far enough above a waveform of mean power one for its peaks. The
path ``-`` is standard input or output, of a stated kind.
"""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semjscc.checkpoint import write_atomically
from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.radio.recordings import sigmf
from semjscc.radio.recordings.containers import kind_of_sound
from semjscc.radio.recordings.formats import raw_format
from semjscc.radio.recordings.kinds import COMPRESSED, KINDS, PIPE, kind_of
from semjscc.radio.recordings.reading import begin_pipe, numbers_in, unbroken
from semjscc.radio.recordings.sound.sound_files import SoundFormat, as_iq, open_sound
from semjscc.radio.recordings.sound.wav import wav_header
from semjscc.radio.recordings.writing import write_samples, write_through
from semjscc.radio.sampling.passband import AUDIO_RATE, to_baseband
from semjscc.radio.sampling.polyphase import change_rate_of_real
from semjscc.radio.sampling.resampling import Samples


@dataclass(frozen=True)
class Recording:
    """A recording that is read once, from its beginning.

    Attributes:
        rate: samples a second.
        chunks: complex64 baseband (N,) in pieces of at most `CHUNK` samples, or a little more.
        kind: one of `KINDS`' values.
        most: samples that there can be, by the file's size; None for what has no size, as a pipe.
        told: samples a second that the file itself tells, which are more or fewer where a real
            signal had to be resampled; None where it does not tell.
        channels: of sound, of which the samples are one.
    """

    rate: float
    chunks: Iterator[Samples]
    kind: str
    most: int | None
    told: float | None = None
    channels: int = 1


def _say_nothing(message: str) -> None:
    del message


def files_of(path: str | Path) -> list[Path]:
    """The files that a path of a recording stands for: two for most SigMF, none for a pipe."""
    if KINDS.get(Path(path).suffix.lower()) == "sigmf" and not sigmf.is_archive(Path(path)):
        return [sigmf.meta_path(Path(path)), sigmf.data_path(Path(path))]
    return [] if str(path) == PIPE else [Path(path)]


def read_recording(
    path: str | Path,
    rate: float | None = None,
    kind: str | None = None,
    tell: Callable[[str], object] = _say_nothing,
    *,
    channel: int = 0,
    is_iq: bool | None = None,
) -> Recording:
    """Open a recording.

    NaN, infinite and absurdly large samples become 0; a half sample at the end, where a recording
    was cut off, is left out. ``tell`` hears of each once.

    Args:
        path: a file, or "-" for standard input.
        rate: samples a second, for the formats that do not tell.
        kind: one of `KINDS`' values, for a pipe or a path whose ending says nothing; None for a
            pipe that is waited for: sound where it begins like that, and else cf32.
        tell: takes a line for the user, such as a warning.
        channel: of sound that has several, counted from 0.
        is_iq: whether the two channels of a sound file are I and Q; None for what they seem to be.

    Raises:
        UserError: no such file or channel, an unknown kind, no rate; and while the chunks are
            read: another format than the name says, an unreadable or empty file.
    """
    name = printable(str(path))
    if str(path) == PIPE and kind == "sigmf":
        raise UserError("SigMF is two files: read cf32 or another raw kind, or wav, from a pipe")
    file, begun, most = Path(path), None, None
    if str(path) == PIPE and kind is None:
        begun = begin_pipe(name)
        kind = kind_of_sound(begun.head) or "cf32"
    kind = kind_of(path, kind)
    is_sound = kind == "wav" or kind in COMPRESSED
    form = None if is_sound or kind == "sigmf" else raw_format(kind)
    told: float | None = None
    meta, stretches = None, None
    if kind == "sigmf":
        meta = _read_meta(file, tell)
        form, told = meta.form, meta.rate
        file = file if meta.within is not None else sigmf.data_path(file)
        name = printable(str(file))
    if str(path) != PIPE:
        most = _size(file, name)
    source = begun or file
    if form is None:
        sound, chunks = open_sound(source, kind, name, tell)
        return _of_sound(sound, chunks, kind, name, most, channel, is_iq=is_iq)
    rate = told or rate
    if rate is None:
        raise UserError(f"{name} does not tell its sample rate: state it")
    if not 0 < rate <= sigmf.RATE_LIMIT:
        raise UserError(f"a sample rate is a positive number of samples a second, not {rate}")
    if meta and most and (stretches := meta.stretches(most)) is not None:
        most = sum(map(len, stretches))
    most = most and most // form.sample_bytes
    numbers = numbers_in(source, name, form, tell, stretches)
    if form.is_complex:
        samples = unbroken((each.view(np.complex64) for each in numbers), name)
        return Recording(float(rate), samples, kind, most, told)
    audio = unbroken(to_baseband(change_rate_of_real(numbers, rate, name)), name)
    return Recording(AUDIO_RATE, audio, kind, most and int(most * AUDIO_RATE / rate) + 1, told)


def _of_sound(
    sound: SoundFormat,
    chunks: Iterator[NDArray[np.float32]],
    kind: str,
    name: str,
    size: int | None,
    channel: int,
    *,
    is_iq: bool | None,
) -> Recording:
    """A sound file of so many bytes as a recording.

    Raises:
        UserError: it has no such channel, or too few samples a second.
    """
    most = size and int(size / sound.frame_bytes)
    if sound.is_iq if is_iq is None else is_iq and sound.channels == 2:
        return Recording(sound.rate, unbroken(as_iq(chunks), name), kind, most, sound.rate)
    if channel >= sound.channels:
        raise UserError(f"{name} has {sound.channels} channels, and none of number {channel + 1}")
    one = (each[:, channel] for each in chunks)
    audio = unbroken(to_baseband(change_rate_of_real(one, sound.rate, name)), name)
    most = most and int(most * AUDIO_RATE / sound.rate) + 1
    return Recording(AUDIO_RATE, audio, kind, most, sound.rate, sound.channels)


def check_stated_rate(path: str, stated: float | None, told: float | None) -> None:
    """Refuse a sample rate that a file contradicts.

    Raises:
        UserError: it does.
    """
    if stated is not None and told is not None and told != stated:
        raise UserError(
            f"{printable(path)} says that it has {told:g} samples a second, not {stated:g}: leave "
            "the rate out"
        )


def _read_meta(path: Path, tell: Callable[[str], object]) -> sigmf.Meta:
    """The metadata of a SigMF recording, and a word where its captures differ.

    Raises:
        UserError: as `sigmf.read_meta`.
    """
    path = path if sigmf.is_archive(path) else sigmf.meta_path(path)
    meta = sigmf.read_meta(path)
    if len(meta.frequencies) > 1:
        tell(
            f"{printable(str(path))} has captures at {len(meta.frequencies)} frequencies: all are "
            "read, each around its own centre"
        )
    return meta


def write_recording(
    path: str | Path,
    chunks: Iterable[Samples],
    rate: float,
    kind: str | None = None,
    annotations: Sequence[sigmf.Annotation] = (),
    tell: Callable[[str], object] = _say_nothing,
) -> int:
    """Write a recording: a file appears whole or not at all.

    ``tell`` hears once of samples that are too strong or too weak for the integers of a kind.

    Args:
        path: a file, or "-" for standard output.
        chunks: complex64 baseband (N,) in pieces.
        rate: samples a second; a WAV file has 8000.
        kind: one of `KINDS`' values, for a pipe or a path whose ending says nothing.
        annotations: for SigMF, one a frame; read after the last chunk, so that the chunks' maker
            may still add to it.
        tell: takes a line for the user, such as a warning.

    Returns:
        Samples written.

    Raises:
        UserError: an unknown kind, a rate that does not fit, or the file cannot be written.
    """
    kind = kind_of(path, kind)
    if kind == "sigmf" and sigmf.is_archive(Path(path)):
        raise UserError(f"{printable(str(path))}: archives are read, not written: take .sigmf-meta")
    if kind in COMPRESSED:
        raise UserError(f"{printable(str(path))}: {kind.upper()} is read, not written: take .wav")
    if kind == "wav" and rate != AUDIO_RATE:
        raise UserError(f"a WAV file has {AUDIO_RATE} samples a second, not {rate:g}: take .cf32")
    if str(path) == PIPE:
        if kind == "sigmf":
            raise UserError("SigMF is two files: write cf32 or another raw kind, or wav, to a pipe")
        return write_through(
            lambda: contextlib.nullcontext(sys.stdout.buffer), kind, chunks, path, tell
        )
    target = sigmf.data_path(Path(path)) if kind == "sigmf" else Path(path)
    if target.exists() and not target.is_file() and not target.is_dir():
        # A device or named pipe is written to, not replaced by a file.
        return write_through(lambda: target.open("wb"), kind, chunks, path, tell)
    written = 0

    def write(temporary: Path) -> None:
        nonlocal written
        with temporary.open("wb") as stream:
            written = write_samples(stream, kind, chunks, path, tell)
            if kind == "wav":
                stream.seek(0)
                stream.write(wav_header(written))
        if kind == "sigmf":
            # No metadata may stand beside samples that it does not tell of, not for a moment.
            sigmf.meta_path(target).unlink(missing_ok=True)

    write_atomically(target, write)
    if kind == "sigmf":
        text = sigmf.to_json("cf32_le", rate, annotations)
        write_atomically(
            sigmf.meta_path(target), lambda temporary: temporary.write_text(text, encoding="utf-8")
        )
    return written


def _size(path: Path, name: str) -> int | None:
    """Bytes of a file, or None for a device or named pipe.

    Raises:
        UserError: nothing that can be read is there.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        raise UserError(f"{name} does not exist") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{name} cannot be read: {getattr(error, 'strerror', error)}") from None
    if path.is_dir():
        raise UserError(f"{name} is a folder, not a recording")
    if path.is_file():
        return size
    if path.name.endswith(sigmf.DATA):
        raise UserError(f"{name} is not a regular file")
    return None
