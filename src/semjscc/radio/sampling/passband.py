"""Complex baseband to the real signal of a sound card, and back.

    x ─► low-pass ─► s = √2·Re(x·e^{jωt}) ─► WAV ─► √2·s·e^{-jωt} ─► low-pass ─► x'

ω is 1500 Hz at 8000 samples a second. The same filter stands at both ends, as in a single-sideband
radio: it passes ±1300 Hz (within 0.001 dB) and stops from ±1500 Hz on (-78 dB), so that neither
the mirror image, nor a sound card's DC, nor noise from beyond the voice band folds onto the signal,
and the power and Es/N0 of what lies within ±1300 Hz stay what they were.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from semjscc.radio.sampling.resampling import Samples

AUDIO_RATE = 8000
CENTRE_HZ = 1500
PASS_HZ, STOP_HZ = 1300, 1500
_TAPS = 201
"""Kaiser's rule for 80 dB and the transition of 200 Hz: (80 - 8)/(2.285·2π·200/8000) + 1."""
_TURN = np.exp(2j * np.pi * CENTRE_HZ / AUDIO_RATE * np.arange(16)).astype(np.complex64)
"""1500/8000 is 3/16: after 16 samples the carrier has come round."""


def to_passband(chunks: Iterable[Samples]) -> Iterator[NDArray[np.float32]]:
    """Complex baseband (N,) in pieces to as many real samples of the same power."""
    start = 0
    for chunk in _low_pass(chunks):
        yield np.float32(2**0.5) * (chunk * _carrier(start, len(chunk))).real
        start += len(chunk)


def to_baseband(chunks: Iterable[NDArray[np.float32]]) -> Iterator[Samples]:
    """Real samples (N,) in pieces to as many of complex baseband: undoes `to_passband`."""
    yield from _low_pass(_turn_down(chunks))


def _turn_down(chunks: Iterable[NDArray[np.float32]]) -> Iterator[Samples]:
    start = 0
    for chunk in chunks:
        yield np.float32(2**0.5) * (chunk * _carrier(start, len(chunk)).conj())
        start += len(chunk)


def _carrier(start: int, count: int) -> Samples:
    """e^{jωt} from sample ``start`` on."""
    return _TURN[(start + np.arange(count)) % len(_TURN)]


def _low_pass(chunks: Iterable[Samples]) -> Iterator[Samples]:
    """Filter without delay: the first output belongs to the first sample."""
    half = _TAPS // 2
    held = np.zeros(half, np.complex64)
    for chunk in chunks:
        held = np.concatenate([held, chunk])
        if len(held) >= _TAPS:
            yield np.convolve(held, _FILTER, "valid")
            held = held[len(held) - _TAPS + 1 :]
    held = np.concatenate([held, np.zeros(half, np.complex64)])
    if len(held) >= _TAPS:
        yield np.convolve(held, _FILTER, "valid")


def _design() -> Samples:
    """A windowed sinc with gain 1 at zero frequency; Kaiser's β = 0.1102·(80 - 8.7)."""
    places = np.arange(_TAPS) - _TAPS // 2
    taps = np.sinc((PASS_HZ + STOP_HZ) / AUDIO_RATE * places) * np.kaiser(_TAPS, 7.857)
    return (taps / taps.sum()).astype(np.complex64)


_FILTER = _design()
