"""Symbols, waveforms and plain noise for the modem's tests."""

from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from semjscc.codecs.bandwidth import channel_uses
from semjscc.links.base import Control
from semjscc.radio.waveform.profiles import PROFILES, Profile, sample_noise_variance

BOTH = pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)


def normal(rng: np.random.Generator, count: int) -> NDArray[np.complex128]:
    """CN(0, 1)."""
    return (rng.standard_normal(count) + 1j * rng.standard_normal(count)) / 2**0.5


def control(side: int = 64, ratio: Fraction = Fraction(1, 6)) -> Control:
    return Control("adaptive", side, side, ratio)


def latents(told: Control, seed: int = 0) -> NDArray[np.complex64]:
    """Gaussian symbols of mean power 1, as an image's latents are."""
    k = channel_uses(told.height, told.width, told.ratio)
    symbols = normal(np.random.default_rng(seed), k)
    return (symbols / np.sqrt(np.mean(np.abs(symbols) ** 2))).astype(np.complex64)


def over_the_air(
    waveform: NDArray[np.complexfloating],
    profile: Profile,
    snr_db: float,
    *,
    cfo_carriers: float = 0.0,
    delay: int = 777,
    tail: int = 300,
    seed: int = 0,
) -> NDArray[np.complex64]:
    """White noise, a frequency offset, and noise alone before and behind."""
    rng = np.random.default_rng(seed)
    clean = np.concatenate([np.zeros(delay), waveform, np.zeros(tail)])
    turned = clean * np.exp(2j * np.pi * cfo_carriers / profile.size * np.arange(len(clean)) + 1j)
    noise = sample_noise_variance(profile, snr_db) ** 0.5 * normal(rng, len(clean))
    return (turned + noise).astype(np.complex64)
