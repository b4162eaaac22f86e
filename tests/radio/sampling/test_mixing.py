"""Spectra moved and turned round, against tones."""

import numpy as np
import pytest

from semjscc.radio.sampling.mixing import mix_down, swap_iq

RATE = 2.4e6


def tone(hz: float, count: int = 50_000, start: int = 0) -> np.ndarray:
    return np.exp(2j * np.pi * hz / RATE * np.arange(start, start + count))


@pytest.mark.parametrize("offset", [250e3, -1e6 / 3, 0.1])
def test_a_tone_at_the_offset_is_moved_with_its_phase(offset: float) -> None:
    sent = tone(offset + 1000).astype(np.complex64)
    (whole,) = mix_down([sent], offset, RATE)
    assert whole.dtype == np.complex64
    np.testing.assert_allclose(whole, tone(1000), atol=1e-5)
    parts = np.concatenate(list(mix_down(np.split(sent, [1, 1, 30_000]), offset, RATE)))
    np.testing.assert_allclose(parts, whole, atol=5e-7)


def test_swapped_axes_turn_the_spectrum_round() -> None:
    (swapped,) = swap_iq([np.array([1 + 2j, -3j], np.complex64)])
    assert swapped.tolist() == [2 + 1j, -3]
    assert swapped.dtype == np.complex64
    (back,) = swap_iq([swapped])
    assert back.tolist() == [1 + 2j, -3j]
    (turned,) = swap_iq([tone(1000).astype(np.complex64)])
    np.testing.assert_allclose(turned, 1j * tone(-1000), atol=1e-5)
