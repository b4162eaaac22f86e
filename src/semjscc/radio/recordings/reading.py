"""The bytes of a recording as samples, piece by piece, whatever is wrong with them."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semjscc.errors import UserError
from semjscc.radio.recordings.containers import HEAD, check_raw
from semjscc.radio.recordings.formats import SampleFormat
from semjscc.radio.recordings.kinds import PIPE
from semjscc.radio.recordings.stretches import Readable, Stretches
from semjscc.radio.sampling.resampling import Samples

CHUNK = 1 << 16
"""Samples at most in one piece."""
_FIRST = 8 * CHUNK
"""Bytes at most in the first piece of a pipe, which is looked at."""
LARGEST = 1e9
"""A float sample beyond is damage, and its power would not fit into float32."""


class Begun:
    """A stream whose first bytes, ``head``, were looked at and are still to be read."""

    def __init__(self, stream: Readable, most: int) -> None:
        """Read what has arrived, at most so much, but enough to tell a container by."""
        self._stream = stream
        self.head = b""
        while len(self.head) < HEAD and (more := _read_some(stream, most - len(self.head))):
            self.head += more

    def read(self, most: int, /) -> bytes:
        """What has arrived, without waiting for more; nothing at the end."""
        if not self.head:
            return _read_some(self._stream, most)
        part, self.head = self.head[:most], self.head[most:]
        return part


def begin_pipe(name: str) -> Begun:
    """Wait for the first bytes of standard input.

    Raises:
        UserError: it cannot be read.
    """
    try:
        # Never left: a descriptor that is not ours is not closed.
        return Begun(open_source(Path(PIPE)).__enter__(), _FIRST)
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}") from error


def numbers_in(
    source: Path | Begun,
    name: str,
    form: SampleFormat,
    tell: Callable[[str], object],
    stretches: Sequence[range] | None = None,
) -> Iterator[NDArray[np.float32]]:
    """The numbers of a file that holds samples: I and Q in turn, or those of a real signal.

    Args:
        source: the file.
        name: what messages call it.
        form: of its samples.
        tell: takes a line for the user.
        stretches: bytes of the file that hold samples, in order; None for all.

    Raises:
        UserError: it begins as a container, such as WAV.
    """
    told = False
    size = form.sample_bytes
    with open_source(source) as opened:
        stream = opened if stretches is None else Stretches(opened, stretches)
        begun = stream if isinstance(stream, Begun) else Begun(stream, CHUNK * size)
        check_raw(begun.head, name, form.name)
        for data in whole_samples(begun, size, None, name, tell):
            numbers = form.values(data)
            clean = finite_numbers(numbers, form.numbers)
            if clean is not numbers and not told:
                told = True
                tell(f"{name} has samples that are not finite numbers: taken as 0")
            yield clean


def whole_samples(
    stream: Readable, size: int, promised: int | None, name: str, tell: Callable[[str], object]
) -> Iterator[bytes]:
    """Pieces of whole samples of ``size`` bytes, as they come, up to what is promised."""
    rest, read = b"", 0
    limit = sys.maxsize if promised is None else promised
    while data := _read_some(stream, min(CHUNK * size - len(rest), limit - read)):
        read += len(data)
        data = rest + data
        whole = len(data) // size * size
        rest = data[whole:]
        if whole:
            yield data[:whole]
    if rest or (promised is not None and read < promised):
        tell(f"{name} is cut off at its end: what is there is read")


def _read_some(stream: Readable, most: int) -> bytes:
    """What has arrived, without waiting for more; nothing at the end."""
    # Buffered readers have read1; raw ones, as that of a pipe, do the same in read.
    read = getattr(stream, "read1", stream.read)
    return read(most)


def unbroken(chunks: Iterator[Samples], name: str) -> Iterator[Samples]:
    """The same chunks, where what goes wrong with the file is one line.

    Raises:
        UserError: the file cannot be read, or has no samples.
    """
    empty = True
    try:
        for chunk in chunks:
            empty = False
            yield chunk
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}") from error
    if empty:
        raise UserError(f"{name} is empty: it holds no samples")


def clean_samples(samples: Samples) -> Samples:
    """The same array, or a copy whose damaged samples are 0."""
    samples = np.ascontiguousarray(samples, np.complex64)
    axes = samples.view(np.float32)
    clean = finite_numbers(axes, 2)
    return samples if clean is axes else clean.view(np.complex64)


def finite_numbers(numbers: NDArray[np.float32], numbers_each: int) -> NDArray[np.float32]:
    """The same array, or a copy with 0 for damaged samples, of so many numbers each."""
    # Not "larger than": every comparison with NaN is false.
    sound = np.abs(numbers) <= LARGEST
    if sound.all():
        return numbers
    sound = sound.reshape(-1, numbers_each).all(axis=1)
    return np.where(np.repeat(sound, numbers_each), numbers, np.float32(0))


def open_source(source: Path | Begun) -> contextlib.AbstractContextManager[Readable]:
    """A file, standard input without its buffer, or what has begun.

    A thread that waits in the buffer holds its lock, and the interpreter, which closes it at the
    end, aborts over that.
    """
    if isinstance(source, Begun):
        return contextlib.nullcontext(source)
    if str(source) != PIPE:
        return source.open("rb")
    try:
        descriptor = sys.stdin.fileno()
    except (AttributeError, OSError):  # what stands in for standard input may have none
        return contextlib.nullcontext(sys.stdin.buffer)
    return open(descriptor, "rb", buffering=0, closefd=False)
