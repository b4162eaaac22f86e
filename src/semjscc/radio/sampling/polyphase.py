"""A recording of another sample rate, at that of a waveform: a polyphase filter, piece by piece.

    x ─► up ─► low-pass ─► down ─► y

The low-pass (Kaiser, 80 dB) reaches from a pass edge p to as far behind the lower rate's half, N,
so that what folds falls between p and N. p is 80 % of N, or the edge of the signal where that lies
higher. Levels stay, and so does noise in a hertz.
"""

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from semjscc.errors import UserError
from semjscc.radio.sampling.passband import AUDIO_RATE, CENTRE_HZ, PASS_HZ
from semjscc.radio.sampling.resampling import Samples, resample_chunks

ROOM = 1.1
"""A sample rate over the signal's bandwidth, at least: the filter's edge needs room."""
MOST_RATIO = 1000.0
"""Of two sample rates: the filter is as long."""
_REJECTION_DB, _SHAPE = 80.0, 7.857
"""Kaiser's β for that much."""
_MOST_TAPS = 1 << 18
"""Of all phases: a ratio that is not simple is met to within 50 parts per million."""
_LEAST_PPM = 0.01
"""That are worth an interpolation."""


def check_rate(rate: float, wanted: float, bandwidth: float, name: str, what: str) -> None:
    """Refuse a sample rate that a signal does not fit into, or that is absurd.

    Args:
        rate: samples a second of the recording.
        wanted: of the signal as it is to be.
        bandwidth: of the signal in Hz.
        name: of the recording, for messages.
        what: what the signal is called.

    Raises:
        UserError: it is one.
    """
    if rate < ROOM * bandwidth:
        raise UserError(
            f"{name} has {rate:g} samples a second, too few for {what}: record it with "
            f"{ROOM * bandwidth:.7g} or more"
        )
    if rate > MOST_RATIO * wanted:
        raise UserError(
            f"{name} has {rate:g} samples a second, too many for {what}: resample it to "
            f"{wanted:.7g}"
        )


def change_rate(
    chunks: Iterable[Samples], rate: float, wanted: float, bandwidth: float
) -> Iterator[Samples]:
    """The same signal at another sample rate.

    Args:
        chunks: complex64 baseband (N,) in pieces of any length.
        rate: samples a second that it has, at least `ROOM` times the bandwidth.
        wanted: samples a second that it shall have.
        bandwidth: of the signal around 0 Hz, which is kept.

    Yields:
        About N·wanted/rate samples in all, the same for any division into chunks; the first one is
        at the same instant.
    """
    _, up, down, _ = _design(rate, wanted, bandwidth)
    ppm = (rate * up / (down * wanted) - 1) * 1e6
    near = _by_simple_ratio(chunks, rate, wanted, bandwidth)
    return resample_chunks(near, ppm) if abs(ppm) > _LEAST_PPM else near


def _by_simple_ratio(
    chunks: Iterable[Samples], rate: float, wanted: float, bandwidth: float
) -> Iterator[Samples]:
    """The same with the nearest ratio of two numbers that a filter can have."""
    taps, up, down, reach = _design(rate, wanted, bandwidth)
    # The filter's output of this number is that of its first input.
    delay = math.ceil(reach * up / down)
    taps = np.concatenate([np.zeros(delay * down - reach * up, np.float32), taps])
    # Held samples begin at a multiple of ``down``, where an output lies, whatever the chunks are.
    first = -math.ceil(reach / down) * down
    held, done = np.zeros(-first, np.complex64), 0
    least = max(down, 2 * reach) * up // down

    def outputs(stop: int) -> Samples:
        """Those from number ``done`` on."""
        begin = delay - first * up // down + done
        return _filtered(held, taps, up, down)[begin : begin + stop - done]

    for chunk in chunks:
        held = np.concatenate([held, chunk])
        stop = (first + len(held) - 1 - reach) * up // down + 1
        if stop <= done + least:  # the held samples are filtered again each time
            continue
        yield outputs(stop)
        done = stop
        passed = (done * down // up - reach) // down * down - first
        if passed > 0:
            held, first = held[passed:], first + passed
    stop = math.ceil((first + len(held)) * up / down)
    held = np.concatenate([held, np.zeros(reach + 1, np.complex64)])
    if stop > done:
        yield outputs(stop)


def _filtered(samples: Samples, taps: NDArray[np.float32], up: int, down: int) -> Samples:
    from scipy.signal import upfirdn  # slow to import, and for other rates alone

    # I and Q each alone: half the products of complex numbers, since the filter is real.
    axes = np.ascontiguousarray(samples.view(np.float32).reshape(-1, 2).T)
    return np.ascontiguousarray(upfirdn(taps, axes, up, down).T).view(np.complex64)[:, 0]


def _design(
    rate: float, wanted: float, bandwidth: float
) -> tuple[NDArray[np.float32], int, int, int]:
    """The filter's taps at ``up`` times the rate, the ratio up/down, and its reach in samples."""
    nyquist = min(rate, wanted) / 2
    passed = max(0.8 * nyquist, bandwidth / 2)
    width = 2 * (nyquist - passed) / rate
    reach = math.ceil((_REJECTION_DB - 8) / (2.285 * 2 * math.pi * width) / 2)
    ratio = Fraction(rate / wanted).limit_denominator(max(1, _MOST_TAPS // (2 * reach)))
    up, down = ratio.denominator, ratio.numerator
    places = np.arange(-reach * up, reach * up + 1) / up
    taps = np.sinc(2 * nyquist / rate * places) * np.kaiser(len(places), _SHAPE)
    return (taps * (up / taps.sum())).astype(np.float32), up, down, reach


def change_rate_of_real(
    chunks: Iterator[NDArray[np.float32]], rate: float, name: str
) -> Iterator[NDArray[np.float32]]:
    """A real signal in the voice band, as a sound card would give it to a modem.

    Raises:
        UserError: its sample rate is too low, or absurd.
    """
    if rate == AUDIO_RATE:
        return chunks
    bandwidth = 2 * (CENTRE_HZ + PASS_HZ)
    check_rate(rate, AUDIO_RATE, bandwidth, name, "the voice band")
    complex_chunks = (chunk.astype(np.complex64) for chunk in chunks)
    return (each.real for each in change_rate(complex_chunks, rate, AUDIO_RATE, bandwidth))
