"""A file that has other bytes among its samples, such as headers of blocks: its samples alone."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Protocol

_SKIPPED = 1 << 20
"""Bytes at once."""


class Readable(Protocol):
    """A stream as far as it is read here."""

    def read(self, most: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        ...


class Stretches:
    """Reads some stretches of a stream, one after another, as if there were nothing between.

    Args:
        stream: at its beginning; needs no seeking.
        stretches: numbers of the bytes to read, in order; it may end before them.
    """

    def __init__(self, stream: Readable, stretches: Iterable[range]) -> None:
        self._stream, self._place = stream, 0
        self._coming: Iterator[range] = chain(stretches)
        self._end = 0

    def read(self, most: int, /) -> bytes:
        """Up to so many bytes; none at the end."""
        while self._place >= self._end:
            stretch = next(self._coming, None)
            if stretch is None or not self._skip(stretch.start):
                return b""
            self._end = stretch.stop
        data = self._stream.read(min(most, self._end - self._place))
        self._place += len(data)
        return data

    def _skip(self, start: int) -> bool:
        """Go on to a byte; whether it could be reached."""
        while self._place < start:
            skipped = self._stream.read(min(_SKIPPED, start - self._place))
            if not skipped:
                return False
            self._place += len(skipped)
        return True


def stretches_of(
    starts: Sequence[tuple[int, int]], sample_bytes: int, trailing: int, size: int
) -> list[range]:
    """Where the samples of a file lie, whose captures have headers.

    Args:
        starts: of each capture, in order, its first sample and the bytes of the header before it.
        sample_bytes: of a sample.
        trailing: bytes behind the last sample.
        size: bytes of the file.

    Returns:
        Stretches within the file, none of them empty.
    """
    stretches: list[range] = []
    begin, sample = 0, 0
    for start, header in starts:
        if not header:
            continue
        end = begin + (start - sample) * sample_bytes
        stretches.append(range(begin, end))
        begin, sample = end + header, start
    stretches.append(range(begin, size - trailing))
    # What metadata claim may be numbers of any length, and lie beyond the file.
    within = [range(min(one.start, size), min(one.stop, size)) for one in stretches]
    return [one for one in within if one]
