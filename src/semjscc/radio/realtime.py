"""A recording played at its own speed, as a radio would deliver it, to a receiver that may be slow.

A thread reads and waits for nobody. What finds the buffer full is lost, and reads as silence; the
receiver asks afterwards which frames that hit.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np

from semjscc.radio.sampling.resampling import Samples

BUFFER_SAMPLES = 1 << 23
"""Four seconds of ``sdr``, 64 MB."""
PIECE_S = 0.05
"""Played at once: what has gone by is there soon, however large the pieces of a file are."""
_SILENCE = 1 << 16
_PATIENCE_S = 0.2


class Player:
    """Plays chunks at a rate into a bounded buffer; iterate over it to listen.

    Args:
        chunks: complex64 baseband in pieces.
        rate: samples a second; infinite to play as fast as they come.
        room: samples that the buffer holds at most, or a single chunk.
    """

    def __init__(self, chunks: Iterable[Samples], rate: float, room: int = BUFFER_SAMPLES) -> None:
        self._chunks, self._rate, self._room = chunks, rate, room
        self._lock = threading.Condition()
        self._buffer: deque[Samples | int] = deque()  # a number is so many lost samples
        self._holes: deque[tuple[int, int]] = deque()
        self._error: BaseException | None = None
        self._ended = self._stopped = False
        self.played = 0
        """Samples that went by."""
        self.buffered = 0
        """Samples that wait for the receiver."""
        self.lost = 0
        """Samples that found no room."""

    def __iter__(self) -> Iterator[Samples]:
        thread = threading.Thread(target=self._play, name="player", daemon=True)
        thread.start()
        try:
            while True:
                with self._lock:
                    while not self._buffer and not self._ended:
                        self._lock.wait(_PATIENCE_S)
                    if not self._buffer:
                        break
                    piece = self._buffer.popleft()
                    if not isinstance(piece, int):
                        self.buffered -= len(piece)
                if isinstance(piece, int):
                    for start in range(0, piece, _SILENCE):
                        yield np.zeros(min(_SILENCE, piece - start), np.complex64)
                else:
                    yield piece
        finally:
            self._stopped = True
        if self._error is not None:
            raise self._error

    def holes(self, start: int, stop: int) -> list[int]:
        """How many samples each hole between two positions has there; none if nothing was lost.

        Earlier ones are not asked for again.
        """
        with self._lock:
            while self._holes and self._holes[0][1] <= start:
                self._holes.popleft()
            parts = [min(high, stop) - max(low, start) for low, high in self._holes]
            return [part for part in parts if part > 0]

    def _play(self) -> None:
        begin, dropping = time.monotonic(), False
        try:
            for chunk in _pieces(self._chunks, self._rate * PIECE_S):
                late = time.monotonic() - begin - (self.played + len(chunk)) / self._rate
                if late < 0:
                    time.sleep(-late)
                if self._stopped:
                    return
                with self._lock:
                    # Once it has begun, until half is free: one long hole costs fewer frames.
                    limit = self._room // 2 if dropping else self._room
                    dropping = self.buffered > 0 and self.buffered + len(chunk) > limit
                    self._lose(len(chunk)) if dropping else self._keep(chunk)
                    self.played += len(chunk)
                    self._lock.notify()
        except BaseException as error:  # handed to the thread that listens
            self._error = error
        finally:
            with self._lock:
                self._ended = True
                self._lock.notify()

    def _keep(self, chunk: Samples) -> None:
        self._buffer.append(chunk)
        self.buffered += len(chunk)

    def _lose(self, count: int) -> None:
        self.lost += count
        end = self.played + count
        last = self._buffer[-1] if self._buffer else None
        if isinstance(last, int) and self._holes:
            self._buffer[-1] = last + count
            self._holes[-1] = (self._holes[-1][0], end)
        else:
            self._buffer.append(count)
            self._holes.append((self.played, end))


def _pieces(chunks: Iterable[Samples], most: float) -> Iterator[Samples]:
    for chunk in chunks:
        length = int(max(min(most, len(chunk)), 1))
        for start in range(0, len(chunk), length):
            yield chunk[start : start + length]
