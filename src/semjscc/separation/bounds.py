"""How many bits k complex symbols can carry on an AWGN channel, whatever the code."""

import math
from statistics import NormalDist

ERROR_RATE = 0.01
"""Of blocks: what counts as reliable."""


def capacity_bits(k: int, snr_db: float) -> int:
    """Shannon's limit: k·log2(1 + SNR) bits, rounded down.

    Args:
        k: complex symbols.
        snr_db: Es/N0 in dB.
    """
    return math.floor(k * _capacity(10 ** (snr_db / 10)))


def finite_bits(k: int, snr_db: float, error: float = ERROR_RATE) -> int:
    """The normal approximation of what the best code of this length carries, rounded down.

        k·C - sqrt(k·V)·Q⁻¹(error) + log2(2k)/2,  at least 0
        C = log2(1 + S),  V = S(S + 2)/(1 + S)² · log2(e)²

    Polyanskiy, Poor, Verdú 2010 (doi 10.1109/TIT.2010.2043769), theorem 54 and equation 296, for
    a real channel of n uses: C and V are half of these, and the last term is log2(n)/2. A complex
    use is two real ones of the same SNR, so n = 2k. The power is that of the whole codeword.

    Args:
        k: complex symbols.
        snr_db: Es/N0 in dB.
        error: block error rate.
    """
    return max(0, math.floor(normal_approximation(k, snr_db, error)))


def normal_approximation(k: float, snr_db: float, error: float = ERROR_RATE) -> float:
    """`finite_bits` before rounding and clipping."""
    snr = 10 ** (snr_db / 10)
    dispersion = snr * (snr + 2) / (1 + snr) ** 2 * math.log2(math.e) ** 2
    backoff = math.sqrt(k * dispersion) * NormalDist().inv_cdf(1 - error)
    return k * _capacity(snr) - backoff + math.log2(2 * k) / 2


def snr_for(k: float, bits: float, error: float = ERROR_RATE) -> float:
    """The SNR in dB at which the normal approximation reaches ``bits``, to 0.001 dB."""
    # Below the least SNR the approximation falls as the SNR rises; it is of no use there.
    low, high = -30.0, 100.0
    while high - low > 1e-3:
        middle = (low + high) / 2
        if normal_approximation(k, middle, error) < bits:
            low = middle
        else:
            high = middle
    return high


def _capacity(snr: float) -> float:
    return math.log2(1 + snr)
