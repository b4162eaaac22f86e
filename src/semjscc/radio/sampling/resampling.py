"""Band-limited interpolation: fractional delays, and the receiver's own sample clock.

A windowed sinc of 32 taps (Kaiser, polyphase with linear interpolation between 512 phases)
reproduces what lies within 80 % of the Nyquist band with an error below -70 dB of the signal;
oversampled waveforms lie there. See Laakso et al., "Splitting the unit delay", 1996.

Shapes: N samples of complex baseband.
"""

import math
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.complex64]
"""(N,) complex baseband."""

REACH = 16
"""Samples before, and as many after the wanted instant that an interpolation looks at."""
_PHASES = 512
_SHAPE = 7.0
"""Of the Kaiser window: passband against ripple, best near 80 % of the Nyquist band."""
_BLOCK = 1 << 13
"""Outputs at a time, so that their windows stay in the processor's cache."""


def interpolation_taps(fraction: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of the 2·REACH samples around an instant.

    Args:
        fraction: (M,) in [0, 1], how far the instant lies behind sample i.

    Returns:
        (M, 2·REACH), for the samples i - REACH + 1 … i + REACH.
    """
    away = np.arange(1 - REACH, REACH + 1) - fraction[:, None]
    window = np.i0(_SHAPE * np.sqrt(np.clip(1 - (away / REACH) ** 2, 0, 1))) / np.i0(_SHAPE)
    return np.sinc(away) * window


def resample(samples: Samples, ppm: float, delay: float = 0.0) -> Samples:
    """What another sample clock makes of a signal: `resample_chunks` of one chunk."""
    return np.concatenate([*resample_chunks([samples], ppm, delay), np.zeros(0, np.complex64)])


def resample_chunks(chunks: Iterable[Samples], ppm: float, delay: float = 0.0) -> Iterator[Samples]:
    """y[n] = x((n - delay)·(1 + ppm·1e-6)), x band-limited and 0 outside what is given.

    Args:
        chunks: the signal x in pieces of any length, N samples in all.
        ppm: by how much the sender's clock is the faster one, in parts per million: a tone of
            f Hz is received at f·(1 + ppm·1e-6).
        delay: in samples of the receiver, not negative, whole or not.

    Yields:
        y, ⌈delay + N/(1 + ppm·1e-6)⌉ samples in all, the same for any division into chunks.
    """
    if ppm == 0 and delay == 0:
        yield from chunks
        return
    step = 1 + ppm * 1e-6
    # Before the interpolator reaches the first sample there is nothing but silence.
    done = max(0, math.ceil(delay) - REACH)
    yield from _silence(done)
    held = np.zeros(2 * REACH + 2, np.complex64)
    first = -len(held)  # the place of held[0] in the signal
    for chunk in chunks:
        held = np.concatenate([held, chunk])
        stop = math.ceil(delay + (first + len(held) - REACH) / step)
        yield from _interpolate(held, first, step, delay, range(done, stop))
        done = max(done, stop)
        passed = math.floor((done - delay) * step) - REACH - first
        if passed > 0:
            held, first = held[passed:], first + passed
    count = first + len(held)
    held = np.concatenate([held, np.zeros(REACH + 1, np.complex64)])
    stop = math.ceil(delay + count / step)
    yield from _interpolate(held, first, step, delay, range(done, stop))


def _interpolate(
    held: Samples, first: int, step: float, delay: float, outputs: range
) -> Iterator[Samples]:
    """The outputs of those numbers from the samples that begin at place ``first``."""
    if not outputs:
        return
    windows = np.lib.stride_tricks.sliding_window_view(held, 2 * REACH)
    for start in range(outputs.start, outputs.stop, _BLOCK):
        places = (np.arange(start, min(start + _BLOCK, outputs.stop)) - delay) * step
        whole = np.floor(places).astype(np.int64)
        phase = (places - whole) * _PHASES
        row = phase.astype(np.int64)
        taps = _TABLE[row] + (phase - row).astype(np.float32)[:, None] * _RISE[row]
        yield np.einsum("nk,nk->n", windows[whole - REACH + 1 - first], taps)


def _silence(count: int) -> Iterator[Samples]:
    """``count`` zeros in pieces of bounded length."""
    for start in range(0, count, 1 << 16):
        yield np.zeros(min(1 << 16, count - start), np.complex64)


_TAPS = interpolation_taps(np.arange(_PHASES + 2) / _PHASES)
_TABLE = _TAPS[:-1].astype(np.float32)
_RISE = np.diff(_TAPS, axis=0).astype(np.float32)
