"""The header's bits as QPSK symbols and back: CRC-24, 5G polar code, three repetitions.

    134 bits ─► CRC-24C, polar (512, 158) ─► repeat ─► permute ─► scramble ─► QPSK

The code is that of the 5G control channel (TS 38.212 section 7.3) as Sionna builds it, with its
CRC of 24 bits: of 10⁶ words of noise less than one passes, even though a list of 8 gives it eight
tries.
"""

from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray

from semjscc.radio.waveform.header import MESSAGE_BITS
from semjscc.radio.waveform.sequences import SEED
from semjscc.randomness import generator
from semjscc.separation.nr import Polar5GDecoder, Polar5GEncoder

CODED_BITS = 512
LIST_SIZE = 8
"""Of polar list decoding: the size of 3GPP's own reference curves."""
LEAST_AGREEMENT = 0.7
"""Share of the soft bits that must agree with an expected word; in noise it is 0.5 ± 0.03."""


def protect(bits: list[int], symbols: int) -> NDArray[np.complex128]:
    """Header bits (134,) to QPSK of power 1: (symbols,)."""
    scrambled = _codeword(tuple(bits))[_order(2 * symbols)] ^ _scrambling(2 * symbols)
    signs = 1 - 2.0 * scrambled
    return (signs[0::2] + 1j * signs[1::2]) / 2**0.5


def soft_bits(
    symbols: NDArray[np.complexfloating], noise_variance: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Log-likelihood ratios log p(0)/p(1) of the coded bits, repetitions added.

    Args:
        symbols: (H,), equalised.
        noise_variance: (H,) N0 of each, infinite for an erased one.

    Returns:
        (512,).
    """
    reliable = 2 * 2**0.5 / np.maximum(noise_variance, 1e-9)  # both axes: 4·x/(√2·N0)
    known = np.isfinite(noise_variance)
    axes = [np.where(known, axis, 0) * reliable for axis in (symbols.real, symbols.imag)]
    llr = np.stack(axes, axis=1).ravel()
    llr = llr * (1 - 2.0 * _scrambling(len(llr)))
    total = np.zeros(CODED_BITS)
    np.add.at(total, _order(len(llr)), llr)
    return total


def unprotect(llr: NDArray[np.floating]) -> list[int] | None:
    """Header bits (134,) from soft bits (512,), or None where the checksum fails."""
    with torch.inference_mode():
        scale = max(float(np.abs(llr).max()), 1e-9)
        # Sionna's decoders take log p(1)/p(0) and clip it; a list decoder needs no absolute scale.
        received = torch.from_numpy(-llr * min(1.0, 20 / scale)).float()[None]
        bits, intact = _decoder()(received)
    return [int(bit) for bit in bits[0]] if bool(intact[0]) else None


def agrees(llr: NDArray[np.floating], bits: list[int]) -> bool:
    """Whether soft bits (512,) are plainly those of a header that was to be expected.

    Much faster than decoding, and surer: all of the header is known, not its checksum alone.
    """
    word = 1 - 2.0 * _codeword(tuple(bits))
    strength = np.abs(llr)
    right = 1 / (1 + np.exp(-np.minimum(strength, 100.0)))
    # The words of two headers may differ in few places: no less must agree than the soft bits
    # themselves promise, but for one standard deviation. What is refused here is decoded.
    promised = np.sum(strength * right) - np.sqrt(np.sum(strength**2 * right * (1 - right)))
    agreeing = np.sum(strength * (llr * word > 0))
    return bool(agreeing >= max(promised, LEAST_AGREEMENT * np.sum(strength)) > 0)


@lru_cache(maxsize=64)
def _codeword(bits: tuple[int, ...]) -> NDArray[np.int64]:
    with torch.inference_mode():
        word = _encoder()(torch.tensor([bits], dtype=torch.float32))
    return word[0].numpy().astype(np.int64)


@lru_cache
def _encoder() -> Polar5GEncoder:
    return Polar5GEncoder(
        MESSAGE_BITS, CODED_BITS, channel_type="downlink", precision="single", device="cpu"
    )


@lru_cache
def _decoder() -> Polar5GDecoder:
    return Polar5GDecoder(
        _encoder(), "SCL", LIST_SIZE, return_crc_status=True, precision="single", device="cpu"
    )


@lru_cache
def _order(count: int) -> NDArray[np.int64]:
    """Which coded bit is sent at each of ``count`` places, so that repetitions stand far apart."""
    rounds = [
        generator(SEED, "header order", index).permutation(CODED_BITS)
        for index in range(-(-count // CODED_BITS))
    ]
    return np.concatenate(rounds)[:count]


@lru_cache
def _scrambling(count: int) -> NDArray[np.int64]:
    return generator(SEED, "header scrambling", 0).integers(0, 2, count)
