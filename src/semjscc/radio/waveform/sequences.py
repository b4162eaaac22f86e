"""Everything both ends know beforehand: preamble, training, pilots, permutation, phases."""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from semjscc.radio.waveform.layout import burst_count, burst_span
from semjscc.radio.waveform.profiles import PREAMBLE_PERIODS, Profile
from semjscc.randomness import generator

SEED = 1
"""Another one is another waveform."""
CANDIDATES = 4096
_KEPT = 1
"""Sizes of images: the largest takes 128 MB, and a recording mostly has images of one size."""


@lru_cache
def preamble_period(profile: Profile) -> NDArray[np.complex128]:
    """One period: (size/2,) samples of mean power 1.

    Half an OFDM symbol repeats where only even carriers are in use; Zadoff-Chu phases (TS 38.211
    section 5.2.2) on them keep its peaks low.
    """
    even = profile.carrier_numbers[profile.carrier_numbers % 2 == 0]
    place = np.arange(len(even))
    spectrum = np.zeros(profile.size, np.complex128)
    spectrum[even] = np.exp(-1j * np.pi * place**2 / len(even))
    samples = np.asarray(scipy.fft.ifft(spectrum, norm="forward"))
    return samples[: profile.period] / len(even) ** 0.5


@lru_cache
def cover() -> NDArray[np.float64]:
    """The signs of the preamble's periods, (PREAMBLE_PERIODS,) of ±1.

    Correlating each period with the next and weighing by the product of their signs has no plateau
    and, since the products nearly cancel, is blind to a steady carrier. Of many random ones it is
    that with the lowest side lobes.
    """
    products = generator(SEED, "cover", 0).choice([-1.0, 1.0], (CANDIDATES, PREAMBLE_PERIODS - 1))
    products = products[np.abs(products.sum(axis=1)) == 1]
    spectrum = np.abs(np.fft.fft(products, 2 * PREAMBLE_PERIODS)) ** 2
    side_lobes = np.abs(np.fft.ifft(spectrum)[:, 1:PREAMBLE_PERIODS]).max(axis=1)
    best = products[np.argmin(side_lobes)]
    return np.concatenate([[1.0], np.cumprod(best)])


@lru_cache
def preamble(profile: Profile) -> NDArray[np.complex128]:
    """(preamble,) samples of mean power 1."""
    return np.outer(cover(), preamble_period(profile)).ravel()


@lru_cache
def known_symbol(profile: Profile, purpose: str) -> NDArray[np.float64]:
    """±1 on every carrier of a training symbol or end marker: (K,), one with low peaks."""
    numbers = profile.carrier_numbers
    signs = generator(SEED, purpose, profile.fft).choice([-1.0, 1.0], (CANDIDATES, len(numbers)))
    spectrum = np.zeros((CANDIDATES, 4 * profile.fft), np.complex64)
    spectrum[:, numbers] = signs
    return signs[np.argmin(np.abs(np.asarray(scipy.fft.ifft(spectrum))).max(axis=1))]


@lru_cache(maxsize=8)
def pilot_signs(profile: Profile, rows: int) -> NDArray[np.float64]:
    """±1 for a pilot on any carrier of any row of a burst: (rows, K); rows begin alike."""
    drawn = generator(SEED, "pilots", profile.fft).random((rows, len(profile.carriers)))
    return np.where(drawn < 0.5, -1.0, 1.0)


@lru_cache(maxsize=_KEPT)
def permutation(k: int) -> NDArray[np.int64]:
    """Which of k symbols is sent at each place: (k,).

    Neighbouring latents are alike, which costs peak power, and what a fade
    or a lost burst takes is spread.
    """
    return generator(SEED, "permutation", k).permutation(k)


def order_on_air(profile: Profile, k: int, *, in_order: bool) -> NDArray[np.int64]:
    """Which of an image's k symbols is sent at each place: (k,).

    Args:
        profile: the waveform.
        k: symbols of the image.
        in_order: whether they come in order of what they are worth; then they are permuted within
            each burst alone, so that the first bursts have what is worth most.
    """
    if not in_order:
        return permutation(k)
    spans = [burst_span(profile, k, burst) for burst in range(burst_count(profile, k))]
    return np.concatenate([start + permutation(stop - start) for start, stop in spans])


@lru_cache(maxsize=_KEPT)
def turns(k: int) -> NDArray[np.complex64]:
    """Pseudo-random quarter turns, one for each place: (k,)."""
    return (1j ** generator(SEED, "turns", k).integers(0, 4, k)).astype(np.complex64)


def filling(count: int) -> NDArray[np.complex128]:
    """QPSK of power 1 for the carriers that the last symbol has left: (count,)."""
    return np.exp(0.5j * np.pi * (generator(SEED, "filling", count).integers(0, 4, count) + 0.5))
