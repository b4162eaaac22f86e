"""A recording that was not made for the waveform: its spectrum turned round, and moved."""

from collections.abc import Iterable, Iterator

import numpy as np

from semjscc.radio.sampling.resampling import Samples


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
    carrier = np.zeros(0, np.complex64)
    for chunk in chunks:
        if len(carrier) < len(chunk):
            carrier = np.exp(-2j * np.pi * cycles * np.arange(len(chunk))).astype(np.complex64)
        # Whole turns go first: a long recording has many of them.
        phase = np.exp([-2j * np.pi * ((start * cycles) % 1)]).astype(np.complex64)
        yield np.multiply(chunk, carrier[: len(chunk)] * phase)
        start += len(chunk)
