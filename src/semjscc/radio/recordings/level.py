"""How strong the signal of a recording is, where there is one.

    samples ─► blocks ─► power of each in dB ─► two groups far apart? ─► signal less silence

A recording has silences around its frames, empty or full of noise, and their share says nothing of
the signal. Blocks are told apart by Otsu's threshold (1979) on their powers in dB; where the groups
it makes lie no further apart than halves of one, all of it is signal.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semjscc.radio.recordings.reading import clean_samples
from semjscc.radio.sampling.resampling import Samples

BLOCK = 256
"""Samples: short against any silence, and long enough for a power to within a few per cent."""
MOST_BLOCKS = 1 << 20
"""Beyond, neighbours become one: a quarter of an hour at 2 Msps has four times as long ones."""
APART = 4.0
"""Distance of two groups over their spread (Ashman's D) from which on they are two; 2.7 is that of
the halves of a normal distribution."""
CLEARLY_APART_DB, MANY = 3.0, 30
"""Groups are this far apart, or of so many blocks, lest chance makes two of a few."""
DEEPEST_DB = 60.0
"""Below the loudest block, all is equally silent."""


@dataclass(frozen=True)
class Level:
    """What was measured.

    Attributes:
        power: mean |x|² of the signal while it is on, without that of the silences; 0 where there
            is none.
        present: samples with a signal.
        heard: samples in all.
    """

    power: float
    present: int
    heard: int


def measure_level(chunks: Iterable[Samples]) -> Level:
    """The level of a recording, in bounded memory.

    Args:
        chunks: complex64 baseband (N,) in pieces; the result does not depend on them.
    """
    energy, filled, length, heard = _blocks(chunks)
    # Samples that are nothing at all are silence, also within a block.
    full = filled >= max(1, int(filled.max(initial=0)) // 4)
    power = np.divide(energy, filled, out=np.zeros_like(energy), where=full)
    on = _loud(power, full)
    silence = ~on & ~_beside(on)
    if not silence.any():  # what is quieter lasts too short for that
        on = full
    if not on.any():
        return Level(0.0, 0, heard)
    size = np.full(len(energy), length)
    size[-1] = heard - length * (len(energy) - 1)
    floor = float(energy[silence].sum() / size[silence].sum()) if silence.any() else 0.0
    if floor:  # a block at the edge of a noisy silence is partly noise
        inner = on & ~_beside(~on)
        chosen = inner if inner.any() else on
    else:
        on = chosen = on | (full & _beside(on))
    mean = float(energy[chosen].sum() / filled[chosen].sum())
    return Level(max(mean - floor, 0.0), int(filled[on].sum()), heard)


def _blocks(
    chunks: Iterable[Samples],
) -> tuple[NDArray[np.float64], NDArray[np.int64], int, int]:
    """Of each block the sum of |x|² and how many samples are not 0; its length, and all samples."""
    energy, filled = np.zeros(0), np.zeros(0, np.int64)
    waiting: list[tuple[NDArray[np.float64], NDArray[np.int64]]] = []
    rest, heard, length, count = np.zeros(0), 0, BLOCK, 0
    for chunk in chunks:
        samples = clean_samples(chunk)
        heard += len(samples)
        power = np.square(samples.real, dtype=np.float64) + np.square(
            samples.imag, dtype=np.float64
        )
        rest = np.concatenate([rest, power])
        whole = len(rest) // length
        blocks = rest[: whole * length].reshape(whole, length)
        rest = rest[whole * length :]
        waiting.append((blocks.sum(axis=1), np.count_nonzero(blocks, axis=1)))
        count += whole
        if count >= MOST_BLOCKS:
            energy, filled = _joined(energy, filled, waiting)
            waiting = []
            if len(energy) % 2 == 0:
                energy, filled = (kept.reshape(-1, 2).sum(axis=1) for kept in (energy, filled))
                length, count = 2 * length, len(energy)
    if len(rest):
        waiting.append((np.array([rest.sum()]), np.array([np.count_nonzero(rest)])))
    return *_joined(energy, filled, waiting), length, heard


def _joined(
    energy: NDArray[np.float64],
    filled: NDArray[np.int64],
    more: list[tuple[NDArray[np.float64], NDArray[np.int64]]],
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    return (
        np.concatenate([energy, *(one for one, _ in more)]),
        np.concatenate([filled, *(other for _, other in more)]),
    )


def _loud(power: NDArray[np.float64], full: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of the blocks that are not empty have a signal."""
    if not full.any():
        return full
    least = power.max() / 10 ** (DEEPEST_DB / 10)
    levels = 10 * np.log10(np.maximum(power, least))
    ordered = np.sort(levels[full])
    count = np.arange(1, len(ordered))
    if not len(count):
        return full
    sums, squares = np.cumsum(ordered), np.cumsum(ordered**2)
    low, high = sums[:-1] / count, (sums[-1] - sums[:-1]) / count[::-1]
    low_spread = np.maximum(squares[:-1] / count - low**2, 0)
    high_spread = np.maximum((squares[-1] - squares[:-1]) / count[::-1] - high**2, 0)
    best = int(np.argmin(low_spread * count + high_spread * count[::-1]))
    spread = np.sqrt((low_spread[best] + high_spread[best]) / 2)
    distance, fewer = high[best] - low[best], min(best + 1, len(ordered) - best - 1)
    if distance <= APART * spread or (distance < CLEARLY_APART_DB and fewer < MANY):
        return full
    return full & (levels > ordered[best])


def _beside(blocks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Next to one of them, on either side."""
    beside = np.zeros_like(blocks)
    beside[1:] |= blocks[:-1]
    beside[:-1] |= blocks[1:]
    return beside
