"""A recording that was not made for the waveform: its spectrum turned round, and moved."""

from collections.abc import Iterable, Iterator

import numpy as np

from semjscc.radio.recordings.resampling import Samples


def swap_iq(chunks: Iterable[Samples]) -> Iterator[Samples]:
    """I for Q and Q for I, which turns the spectrum round."""
    for chunk in chunks:
        yield np.complex64(1j) * chunk.conj()


def mix_down(chunks: Iterable[Samples], offset_hz: float, rate: float) -> Iterator[Samples]:
    """Move what lies at an offset to 0 Hz.

    Args:
        chunks: the signal in pieces.
        offset_hz: above the centre of the recording.
        rate: samples a second.
    """
    cycles = offset_hz / rate
    start = 0
    for chunk in chunks:
        # Whole turns go before float32 comes: a long recording has many of them.
        turns = np.remainder(np.arange(start, start + len(chunk)) * -cycles, 1).astype(np.float32)
        yield chunk * np.exp(np.complex64(2j * np.pi) * turns)
        start += len(chunk)
