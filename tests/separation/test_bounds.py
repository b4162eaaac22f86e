"""Bounds against an independent derivation, the real channel's formula and their limits."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.separation.bounds import capacity_bits, finite_bits, normal_approximation, snr_for

Q_INVERSE = {0.5: 0.0, 0.01: 2.3263479, 1e-3: 3.0902323}
"""Table of the normal distribution."""


@pytest.mark.parametrize(
    ("k", "snr_db", "bits"), [(100, 0.0, 100), (64, 10.0, 221), (512, 20.0, 3409), (1, -30.0, 0)]
)
def test_capacity_is_shannons(k: int, snr_db: float, bits: int) -> None:
    assert capacity_bits(k, snr_db) == bits


@pytest.mark.parametrize("error", [0.01, 1e-3])
@pytest.mark.parametrize(("n", "power"), [(2000, 1.0), (500, 0.1), (128, 100.0)])
def test_complex_channel_is_two_real_ones(n: int, power: float, error: float) -> None:
    # Polyanskiy et al. 2010, equations 293 and 296: a real channel with n uses.
    capacity = math.log2(1 + power) / 2
    dispersion = power / 2 * (power + 2) / (power + 1) ** 2 * math.log2(math.e) ** 2
    real = n * capacity - math.sqrt(n * dispersion) * Q_INVERSE[error] + math.log2(n) / 2
    ours = normal_approximation(n // 2, 10 * math.log10(power), error)
    assert ours == pytest.approx(real, rel=1e-6)


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 10.0])
def test_backoff_is_the_deviation_of_the_information_density(snr_db: float) -> None:
    snr, count = 10 ** (snr_db / 10), 400_000
    random = np.random.Generator(np.random.Philox(1))
    noise = random.normal(size=(2, count)).T @ [1, 1j] * 0.5**0.5
    received = snr**0.5 + noise
    # log2 of p(y|x)/p(y) for one symbol of constant power under the best output distribution.
    density = math.log2(1 + snr) + math.log2(math.e) * (
        np.abs(received) ** 2 / (1 + snr) - np.abs(noise) ** 2
    )
    k = 1000
    backoff = normal_approximation(k, snr_db, 0.5) - normal_approximation(k, snr_db, 0.01)
    assert backoff == pytest.approx(math.sqrt(k) * density.std() * Q_INVERSE[0.01], rel=0.01)


def test_eleven_bits_fit_64_symbols_at_minus_5_db() -> None:
    # By hand: 25.37 - 2.3263 * sqrt(64 * 0.8790) + 3.5 = 11.42.
    assert finite_bits(64, -5.0) == 11


def test_finite_reaches_capacity_for_long_blocks_only() -> None:
    share = [finite_bits(k, 5.0) / capacity_bits(k, 5.0) for k in (64, 512, 8192, 10**8)]
    assert share == sorted(share)
    assert share[0] < 0.9
    assert share[-1] == pytest.approx(1, abs=1e-3)


def test_nothing_fits_where_there_is_no_signal() -> None:
    assert finite_bits(4, -20.0, 1e-6) == 0


@given(
    k=st.integers(16, 10_000),
    snr_db=st.floats(-4, 30),
    error=st.sampled_from([0.1, 0.01, 1e-3]),
)
@settings(max_examples=50)
def test_finite_is_below_capacity_and_grows_with_error(k: int, snr_db: float, error: float) -> None:
    assert 0 <= finite_bits(k, snr_db, error / 10) <= finite_bits(k, snr_db, error)
    assert finite_bits(k, snr_db, 0.01) <= capacity_bits(k, snr_db)


@given(k=st.integers(16, 10_000), snr_db=st.floats(0, 30))
@settings(max_examples=50)
def test_snr_for_is_the_inverse(k: int, snr_db: float) -> None:
    assert snr_for(k, normal_approximation(k, snr_db)) == pytest.approx(snr_db, abs=2e-3)
