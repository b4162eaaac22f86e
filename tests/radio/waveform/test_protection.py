"""The header's code: where it works, and that nothing else passes."""

import numpy as np

from semjscc.radio.waveform.header import Header, header_bits
from semjscc.radio.waveform.protection import agrees, protect, soft_bits, unprotect
from waveforms import control, normal

COUNT = 768  # QPSK symbols: 16 of 48, as in `sdr`

BITS = header_bits(Header(control(), 3, 0))
OTHER = header_bits(Header(control(), 4, 0))


def heard(bits: list[int], snr_db: float, seed: int) -> np.ndarray:
    noise = 10 ** (-snr_db / 10)
    received = protect(bits, COUNT) + noise**0.5 * normal(np.random.default_rng(seed), COUNT)
    return soft_bits(received, np.full(COUNT, noise))


def test_symbols_are_qpsk() -> None:
    symbols = protect(BITS, COUNT)
    np.testing.assert_allclose(np.abs(symbols), 1)
    assert np.abs(symbols.mean()) < 0.1


def test_headers_arrive_at_minus_six_db() -> None:
    # 112 bits on 1536: Es/N0 of -6 dB is Eb/N0 of 2.4 dB.
    for seed in range(6):
        assert unprotect(heard(BITS, -6.0, seed)) == BITS


def test_noise_is_no_header() -> None:
    rng = np.random.default_rng(1)
    for _ in range(6):
        llr = soft_bits(normal(rng, COUNT), np.ones(COUNT))
        assert unprotect(llr) is None
        assert not agrees(llr, BITS)
    assert not agrees(np.zeros(512), BITS)


def test_an_expected_header_is_recognised_and_another_is_not() -> None:
    recognised = 0
    following = [header_bits(Header(control(1024), 3, burst)) for burst in range(22)]
    for seed in range(20):
        for snr_db in (-5.0, 20.0):
            llr = heard(following[seed], snr_db, seed)
            recognised += agrees(llr, following[seed])
            assert not agrees(llr, following[seed + 1])
            assert not agrees(llr, following[seed + 2])
            assert not agrees(llr, OTHER)
    # One standard deviation below the mean: 84 % at -5 dB, all at 20 dB.
    assert 30 <= recognised <= 40


def test_erased_symbols_count_for_nothing() -> None:
    received = protect(BITS, COUNT)
    noise = np.full(COUNT, 0.01)
    received[::2], noise[::2] = complex(np.nan, np.inf), np.inf
    assert unprotect(soft_bits(received, noise)) == BITS
