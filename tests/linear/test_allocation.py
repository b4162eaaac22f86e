"""Water-filling against a general optimiser, and the least-squares estimate against its formula."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from torch import Tensor

from semjscc.linear.allocation import amplitudes, estimate, expected_error

SEEDS = st.integers(0, 2**31)


def random_variances(seed: int, *shape: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.empty(shape, dtype=torch.float64).log_normal_(0, 2, generator=generator)


@given(SEEDS, st.floats(-20, 40), st.integers(1, 30))
def test_the_power_is_spent_and_no_more(seed: int, snr_db: float, count: int) -> None:
    variances = random_variances(seed, 3, count)
    counts = torch.arange(1, count + 1, dtype=torch.float64)
    noise = torch.tensor([10 ** (-snr_db / 10)] * 3, dtype=torch.float64)
    power = torch.tensor([1.0, 10.0, 0.1], dtype=torch.float64)
    sent = amplitudes(variances, power, noise, counts)
    assert (sent >= 0).all()
    spent = (counts * sent.square() * variances).sum(dim=-1)
    torch.testing.assert_close(spent, power)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("noise", [0.05, 2.0])
def test_no_other_allocation_has_less_error(seed: int, noise: float) -> None:
    variances, power = random_variances(seed, 6), 6.0
    counts = torch.tensor([1.0, 2, 1, 3, 1, 1], dtype=torch.float64)
    sent = amplitudes(variances, power, noise, counts)
    n = torch.tensor(noise, dtype=torch.float64)
    ours = float((counts * expected_error(sent, variances, n)).sum())
    sigma2, many = variances.numpy(), counts.numpy()

    def error(shares: np.ndarray) -> float:
        powers = power * shares**2 / (many * shares**2).sum()
        return float((many * sigma2 * noise / (powers + noise)).sum())

    found = min(
        minimize(error, np.random.default_rng(start).uniform(0.1, 1, 6), method="BFGS").fun
        for start in range(5)
    )
    assert ours <= found * (1 + 1e-9)
    assert ours == pytest.approx(found, rel=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_no_other_allocation_has_less_weighted_error(seed: int) -> None:
    variances, weights, noise, power = random_variances(seed, 6), random_variances(99, 6), 0.3, 6.0
    powers = amplitudes(weights * variances, power, noise).square() * weights * variances
    sigma2, many = variances.numpy(), weights.numpy()

    def error(spent: np.ndarray) -> float:
        return float((many * sigma2 * noise / (spent + noise)).sum())

    def of_shares(shares: np.ndarray) -> float:
        return error(power * shares**2 / (shares**2).sum())

    ours = error(powers.numpy())
    found = min(
        minimize(of_shares, np.random.default_rng(start).uniform(0.1, 1, 6), method="BFGS").fun
        for start in range(5)
    )
    assert ours <= found * (1 + 1e-9)
    assert ours == pytest.approx(found, rel=1e-4)


def test_water_filling_by_hand() -> None:
    # sigma 3, 2, 1 with N = 1 and power 4: the level over the first two is (4 + 2)/5 = 1.2, and
    # 1 · 1.2 > 1, so that the third has a share too: (4 + 3)/6 = 7/6.
    variances = torch.tensor([9.0, 1.0, 4.0])
    powers = amplitudes(variances, 4.0, 1.0).square() * variances
    assert powers.tolist() == pytest.approx([2.5, 1 / 6, 4 / 3], abs=1e-6)
    # With less power the weakest has none: level (1 + 2)/5 = 0.6 is below 1, too: only the first.
    powers = amplitudes(variances, 0.4, 1.0).square() * variances
    assert powers.tolist() == pytest.approx([0.4, 0, 0], abs=1e-6)


def test_without_noise_power_goes_with_the_standard_deviation() -> None:
    variances = torch.tensor([9.0, 0.0, 1.0])
    powers = amplitudes(variances, 8.0, 0.0).square() * variances
    assert powers.tolist() == pytest.approx([6.0, 0.0, 2.0])


def test_nothing_is_gained_by_sending_a_coefficient_twice() -> None:
    once = expected_error(torch.tensor(2.0), torch.tensor(3.0), torch.tensor(0.5))
    # Two numbers of half the power each, averaged: one number with half the noise.
    twice = expected_error(torch.tensor(2.0**0.5), torch.tensor(3.0), torch.tensor(0.25))
    assert float(once) == pytest.approx(float(twice))


@given(SEEDS, st.floats(-10, 30))
@settings(max_examples=20)
def test_the_estimate_is_off_by_what_the_formula_says(seed: int, snr_db: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    variances = random_variances(seed, 8)
    noise = torch.tensor(10 ** (-snr_db / 10), dtype=torch.float64)
    sent = amplitudes(variances, 8.0, noise)
    draws = torch.randn(20_000, 8, dtype=torch.float64, generator=generator)
    coefficients = variances.sqrt() * draws
    noisy = noise.sqrt() * torch.randn(20_000, 8, dtype=torch.float64, generator=generator)
    errors = estimate(sent * coefficients + noisy, sent, variances, noise) - coefficients
    expected = expected_error(sent, variances, noise)
    # Six standard errors of a mean of squares of Gaussians.
    torch.testing.assert_close(
        errors.square().mean(dim=0) / expected, torch.ones(8).double(), atol=6 * 0.01, rtol=0
    )


def test_what_is_erased_is_estimated_as_zero_and_not_looked_at() -> None:
    received = torch.tensor([float("nan"), float("inf"), 1.0])
    noise = torch.tensor([torch.inf, torch.inf, 0.0])
    found = estimate(received, torch.tensor(2.0), torch.tensor(3.0), noise)
    assert found.tolist() == [0.0, 0.0, 0.5]
    error = expected_error(torch.tensor([0.0, 2.0, 2.0]), torch.tensor(3.0), noise)
    assert error.tolist() == [3.0, 3.0, 0.0]


def test_gradients_are_finite_where_nothing_is_sent() -> None:
    variances = torch.tensor([9.0, 1e-6, 0.0], dtype=torch.float64, requires_grad=True)
    noise = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    sent = amplitudes(variances, 1.0, noise)
    assert sent[1:].tolist() == [0.0, 0.0]
    sent.sum().backward()
    assert variances.grad is not None
    assert variances.grad.isfinite().all()


def test_gradients_are_those_of_finite_differences() -> None:
    variances = random_variances(7, 2, 5).requires_grad_()
    noise = torch.tensor([0.3, 0.1], dtype=torch.float64, requires_grad=True)
    torch.autograd.gradcheck(lambda v, n: amplitudes(v, 5.0, n), (variances, noise))
