"""Samples to the bytes of a recording."""

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.radio.recordings.formats import SOUND, raw_format
from semjscc.radio.recordings.integers import Integers
from semjscc.radio.recordings.reading import clean_samples
from semjscc.radio.recordings.sound.wav import wav_header
from semjscc.radio.sampling.passband import to_passband
from semjscc.radio.sampling.resampling import Samples


def write_through(
    start: Callable[[], contextlib.AbstractContextManager[BinaryIO]],
    kind: str,
    chunks: Iterable[Samples],
    path: str | Path,
    tell: Callable[[str], object],
) -> int:
    """To a pipe or a device, which takes what comes; returns how many samples it were.

    Args:
        start: opens it.
        kind: of the recording.
        chunks: complex64 baseband (N,) in pieces.
        path: what messages call it.
        tell: takes a line for the user.

    Raises:
        UserError: it cannot be written.
    """
    try:
        with start() as stream:
            written = write_samples(stream, kind, chunks, path, tell)
            stream.flush()
            return written
    except OSError as error:
        name = printable(str(path))
        raise UserError(f"cannot write {name}: {error.strerror or error}") from error


def write_samples(
    stream: BinaryIO,
    kind: str,
    chunks: Iterable[Samples],
    path: str | Path,
    tell: Callable[[str], object],
) -> int:
    """The bytes of a kind, for SigMF those of the data; returns how many samples it were."""
    form = SOUND if kind == "wav" else raw_format("cf32" if kind == "sigmf" else kind)
    numbers = map(clean_samples, chunks)
    if kind == "wav":
        stream.write(wav_header(None))
        numbers = to_passband(numbers)
    integers = None if form.number.kind == "f" else Integers(form)
    written = 0
    for piece in numbers:
        values = piece.view(np.float32)
        stream.write(
            integers.to_bytes(values) if integers else values.astype(form.number).tobytes()
        )
        written += len(piece)
    if integers and (problem := integers.problem()):
        tell(f"{printable(str(path))}: {problem}")
    return written
