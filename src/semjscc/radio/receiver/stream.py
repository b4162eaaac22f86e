"""A recording that arrives in chunks of any size, read by absolute position."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

LOUDEST = 1e15
"""Beyond it a sample is no measurement, and its square would not fit."""


class Stream:
    """Samples by position; what was forgotten, or lies beyond the end, reads as zeros.

    Only what is asked for is taken from the source, and only what may be asked for again is kept:
    memory does not grow with the recording.
    """

    def __init__(self, chunks: Iterable[NDArray[np.complexfloating]]) -> None:
        self._chunks = iter(chunks)
        self._kept = np.zeros(0, np.complex64)
        self._origin = 0
        self._waiting: list[NDArray[np.complex64]] = []
        self.arrived = 0
        """Samples that the source has given so far."""
        self.ended = False
        """Whether there are no more."""

    def reach(self, position: int) -> bool:
        """Take from the source until there are samples up to ``position``; False if it ends."""
        while self.arrived < position and not self.ended:
            chunk = next(self._chunks, None)
            if chunk is None:
                self.ended = True
            else:
                clean = _clean(chunk)
                self._waiting.append(clean)
                self.arrived += len(clean)
        if self._waiting:
            self._kept = np.concatenate([self._kept, *self._waiting])
            self._waiting = []
        return self.arrived >= position

    def read(self, start: int, stop: int) -> NDArray[np.complex128]:
        """The samples from ``start`` to before ``stop``, of any sign: (stop − start,)."""
        self.reach(stop)
        result = np.zeros(max(stop - start, 0), np.complex128)
        low, high = max(start, self._origin), min(stop, self.arrived)
        if low < high:
            result[low - start : high - start] = self._kept[
                low - self._origin : high - self._origin
            ]
        return result

    def forget(self, position: int) -> None:
        """Samples before ``position`` are not needed again."""
        drop = min(max(position - self._origin, 0), len(self._kept))
        self._kept = self._kept[drop:].copy()
        self._origin += drop


def _clean(chunk: NDArray[np.complexfloating]) -> NDArray[np.complex64]:
    """What is no number, or no measurement, becomes 0."""
    samples = np.asarray(chunk).ravel()
    with np.errstate(all="ignore"):
        good = (np.abs(samples.real) < LOUDEST) & (np.abs(samples.imag) < LOUDEST)
        return np.where(good, samples, 0).astype(np.complex64)
