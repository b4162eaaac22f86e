"""Recordings in files and pipes: read and written chunk by chunk, in bounded memory.

| kind  | path                        | holds                                                   |
| ----- | --------------------------- | ------------------------------------------------------- |
| sigmf | .sigmf-meta (+ .sigmf-data) | IQ samples, their rate, an annotation for each frame     |
| cf32  | .cf32                       | float32 I and Q in turn, little-endian, and nothing else |
| ci8   | .ci8                        | int8 I and Q in turn                                     |
| wav   | .wav                        | real audio around 1500 Hz: `radio.recordings.passband`   |

Levels survive: integers hold a sample over a fixed full scale, far enough above a waveform of
mean power one for its peaks. The path ``-`` is standard input or output, of a stated kind.
"""

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from semjscc.checkpoint import write_atomically
from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.radio.recordings import sigmf
from semjscc.radio.recordings.containers import PIPE, is_wav
from semjscc.radio.recordings.integers import Integers
from semjscc.radio.recordings.passband import AUDIO_RATE, to_baseband, to_passband
from semjscc.radio.recordings.reading import (
    SAMPLE_BYTES,
    begin_pipe,
    clean_samples,
    samples_in,
    sound_in,
    unbroken,
)
from semjscc.radio.recordings.resampling import Samples
from semjscc.radio.recordings.wav import wav_header

KINDS = {
    sigmf.META: "sigmf",
    sigmf.DATA: "sigmf",
    ".cf32": "cf32",
    ".ci8": "ci8",
    ".wav": "wav",
}
"""Kinds by the end of the path."""


@dataclass(frozen=True)
class Recording:
    """A recording that is read once, from its beginning.

    Attributes:
        rate: samples a second.
        chunks: complex64 baseband (N,) in pieces of at most `CHUNK` samples, or a little more.
        kind: one of `KINDS`' values.
        most: samples that there can be, by the file's size; None for what has no size, as a pipe.
    """

    rate: float
    chunks: Iterator[Samples]
    kind: str
    most: int | None


def _say_nothing(message: str) -> None:
    del message


def files_of(path: str | Path) -> list[Path]:
    """The files that a path of a recording stands for: two for SigMF, none for a pipe."""
    if KINDS.get(Path(path).suffix.lower()) == "sigmf":
        return [sigmf.meta_path(Path(path)), sigmf.data_path(Path(path))]
    return [] if str(path) == PIPE else [Path(path)]


def check_kind(stated: str | None, *paths: str | Path) -> None:
    """Refuse paths of no kind, and a stated one that counts for none of them, before any work.

    Raises:
        UserError: so it is; a pipe is of some kind in any case.
    """
    files = [path for path in paths if str(path) != PIPE]
    kinds = [kind_of(path, stated) for path in files]
    if stated is not None and len(files) == len(paths) and stated not in kinds:
        raise UserError(
            f"{printable(str(paths[0]))} is of the kind {kinds[0]}, by its ending: a format is "
            "stated of a pipe, or where the ending says nothing"
        )


def read_recording(
    path: str | Path,
    rate: float | None = None,
    kind: str | None = None,
    tell: Callable[[str], object] = _say_nothing,
) -> Recording:
    """Open a recording.

    NaN, infinite and absurdly large samples become 0; a half sample at the end, where a recording
    was cut off, is left out. ``tell`` hears of each once.

    Args:
        path: a file, or "-" for standard input.
        rate: samples a second, for the formats that do not tell.
        kind: one of `KINDS`' values, for a pipe or a path whose ending says nothing; None for a
            pipe that is waited for: WAV where it begins like that, and else cf32.
        tell: takes a line for the user, such as a warning.

    Raises:
        UserError: no such file, an unknown kind, no rate; and while the chunks are read: another
            format than the name says, an unreadable or empty file.
    """
    name = printable(str(path))
    if str(path) == PIPE and kind == "sigmf":
        raise UserError("SigMF is two files: read cf32, ci8 or wav from a pipe")
    file, begun, most = Path(path), None, None
    if str(path) == PIPE and kind is None:
        begun = begin_pipe(name)
        kind = "wav" if is_wav(begun.head) else "cf32"
    kind = datatype = kind_of(path, kind)
    if kind == "sigmf":
        meta = sigmf.read_meta(sigmf.meta_path(file))
        file, datatype = sigmf.data_path(file), meta.datatype.removesuffix("_le")
        rate = rate if meta.rate is None else meta.rate
        name = printable(str(file))
    if str(path) != PIPE:
        most = _size(file, name)
    source = begun or file
    if kind == "wav":
        audio = to_baseband(sound_in(source, name, tell))
        return Recording(AUDIO_RATE, unbroken(audio, name), kind, most and most // 2)
    if rate is None:
        raise UserError(f"{name} does not tell its sample rate: state it")
    if not 0 < rate <= sigmf.RATE_LIMIT:
        raise UserError(f"a sample rate is a positive number of samples a second, not {rate}")
    samples = unbroken(samples_in(source, name, datatype, tell), name)
    return Recording(float(rate), samples, kind, most and most // SAMPLE_BYTES[datatype])


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
    if kind == "wav" and rate != AUDIO_RATE:
        raise UserError(f"a WAV file has {AUDIO_RATE} samples a second, not {rate:g}: take .cf32")
    if str(path) == PIPE:
        if kind == "sigmf":
            raise UserError("SigMF is two files: write cf32, ci8 or wav to a pipe")
        return _write_through(
            lambda: contextlib.nullcontext(sys.stdout.buffer), kind, chunks, path, tell
        )
    target = sigmf.data_path(Path(path)) if kind == "sigmf" else Path(path)
    if target.exists() and not target.is_file() and not target.is_dir():
        # A device or named pipe is written to, not replaced by a file.
        return _write_through(lambda: target.open("wb"), kind, chunks, path, tell)
    written = 0

    def write(temporary: Path) -> None:
        nonlocal written
        with temporary.open("wb") as stream:
            written = _write(stream, kind, chunks, path, tell)
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


def kind_of(path: str | Path, kind: str | None) -> str:
    """What a path holds: by its ending, or else of the stated kind.

    Raises:
        UserError: neither says.
    """
    kind = KINDS.get(Path(path).suffix.lower()) or kind
    if kind is None or kind not in KINDS.values():
        known = ", ".join(KINDS)
        raise UserError(f"{printable(str(path))} is no recording of a known kind: {known}")
    return kind


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


def _write_through(
    start: Callable[[], contextlib.AbstractContextManager[BinaryIO]],
    kind: str,
    chunks: Iterable[Samples],
    path: str | Path,
    tell: Callable[[str], object],
) -> int:
    try:
        with start() as stream:
            written = _write(stream, kind, chunks, path, tell)
            stream.flush()
            return written
    except OSError as error:
        name = printable(str(path))
        raise UserError(f"cannot write {name}: {error.strerror or error}") from error


def _write(
    stream: BinaryIO,
    kind: str,
    chunks: Iterable[Samples],
    path: str | Path,
    tell: Callable[[str], object],
) -> int:
    written = 0
    clean = map(clean_samples, chunks)
    if kind in ("wav", "ci8"):
        integers = Integers(kind)
        if kind == "wav":
            stream.write(wav_header(None))
            values = to_passband(clean)
        else:
            values = (chunk.view(np.float32) for chunk in clean)
        for piece in values:
            stream.write(integers.to_bytes(piece))
            written += len(piece) // (1 if kind == "wav" else 2)
        if problem := integers.problem():
            tell(f"{printable(str(path))}: {problem}")
        return written
    for chunk in clean:
        stream.write(chunk.view(np.float32).astype("<f4").tobytes())
        written += len(chunk)
    return written
