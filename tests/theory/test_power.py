"""Power 1 for each image alone, the order of I and Q, and the weighing of received symbols."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from semjscc.channels.power import normalise_power
from semjscc.codecs.symbols import from_symbols, to_symbols, weigh


def latent(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def power(symbols: Tensor) -> Tensor:
    """(B, k) -> (B,)"""
    return symbols.abs().double().square().mean(dim=1)


def assert_unit_power(symbols: Tensor) -> None:
    torch.testing.assert_close(
        power(symbols), torch.ones(len(symbols), dtype=torch.float64), atol=1e-5, rtol=0
    )


@given(
    batch=st.integers(1, 4),
    pairs=st.integers(1, 8),
    rows=st.integers(1, 6),
    columns=st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_every_image_has_power_one(
    batch: int, pairs: int, rows: int, columns: int, seed: int
) -> None:
    symbols = to_symbols(latent(batch, 2 * pairs, rows, columns, seed=seed))
    assert symbols.shape == (batch, pairs * rows * columns)
    assert symbols.dtype == torch.complex64
    assert_unit_power(symbols)


def test_no_image_borrows_power_from_another() -> None:
    dark, bright = latent(1, 4, 3, 3, seed=1) * 1e-3, latent(1, 4, 3, 3, seed=2) * 1e3
    black = torch.zeros(1, 4, 3, 3)
    together = to_symbols(torch.cat([dark, bright, black]))
    assert_unit_power(together)
    alone = torch.cat([to_symbols(image) for image in (dark, bright, black)])
    torch.testing.assert_close(together, alone)


def test_zero_latent_becomes_constant_symbols_of_power_one() -> None:
    symbols = to_symbols(torch.zeros(2, 6, 4, 5))
    assert_unit_power(symbols)
    assert (symbols == symbols[0, 0]).all()


@pytest.mark.parametrize("exponent", [-30, -20, -10, -3, 3, 10, 20, 30])
def test_symbols_do_not_depend_on_the_scale_of_the_latent(exponent: int) -> None:
    values = latent(2, 4, 5, 3)
    scaled = to_symbols(values * 10.0**exponent)
    assert_unit_power(scaled)
    torch.testing.assert_close(scaled, to_symbols(values), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("scale", [0.0, 1e-40, 1e-30, 1.0, 1e30])
def test_gradient_is_finite_at_every_scale(scale: float) -> None:
    values = (latent(2, 4, 3, 3) * scale).requires_grad_()
    towards = latent(2, 18, 2, seed=3)
    (torch.view_as_real(to_symbols(values)) * towards).sum().backward()
    assert values.grad is not None
    assert torch.isfinite(values.grad).all()


def test_gradient_beside_a_black_image_is_that_of_the_image_alone() -> None:
    def gradient(values: Tensor) -> Tensor:
        values = values.clone().requires_grad_()
        torch.view_as_real(to_symbols(values)).pow(3).sum().backward()
        assert values.grad is not None
        return values.grad

    image = latent(1, 4, 3, 3)
    beside = gradient(torch.cat([torch.zeros_like(image), image]))
    assert torch.isfinite(beside).all()
    torch.testing.assert_close(beside[1:], gradient(image))


def test_gradient_agrees_with_finite_differences() -> None:
    def function(values: Tensor) -> Tensor:
        return torch.view_as_real(normalise_power(torch.complex(values[0], values[1])))

    values = latent(2, 2, 5).double().requires_grad_()
    assert torch.autograd.gradcheck(function, (values,))


def test_neighbouring_channels_become_in_phase_and_quadrature_channel_by_channel() -> None:
    channels = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]], [[7.0, 8.0]]]])
    expected = torch.tensor([[1 + 3j, 2 + 4j, 5 + 7j, 6 + 8j]])
    # The mean of |x|² is (10 + 20 + 74 + 100) / 4.
    torch.testing.assert_close(to_symbols(channels), expected / math.sqrt(51))


def test_from_symbols_puts_each_symbol_where_it_came_from() -> None:
    symbols = torch.tensor([[1 + 3j, 2 + 4j, 5 + 7j, 6 + 8j]])
    expected = torch.tensor([[[[1.0, 2.0]], [[3.0, 4.0]], [[5.0, 6.0]], [[7.0, 8.0]]]])
    assert torch.equal(from_symbols(symbols, 4, 1, 2), expected)


@given(
    batch=st.integers(1, 3),
    pairs=st.integers(1, 8),
    rows=st.integers(1, 6),
    columns=st.integers(1, 6),
    seed=st.integers(0, 99),
)
def test_round_trip_gives_the_latent_up_to_its_scale(
    batch: int, pairs: int, rows: int, columns: int, seed: int
) -> None:
    values = latent(batch, 2 * pairs, rows, columns, seed=seed)
    back = from_symbols(to_symbols(values), 2 * pairs, rows, columns)
    # |x|² counts two latent numbers, so unit power is a latent of variance 1/2.
    scale = (2 * values.square().mean(dim=(1, 2, 3), keepdim=True)).sqrt()
    torch.testing.assert_close(back * scale, values, atol=1e-5, rtol=1e-4)


def test_weight_is_one_over_one_plus_n0_for_images_and_for_symbols() -> None:
    symbols = torch.tensor([[2 + 4j, 1 - 1j], [6 + 0j, 0 - 3j]])
    torch.testing.assert_close(
        weigh(symbols, torch.tensor([0.0, 2.0])),
        torch.tensor([[2 + 4j, 1 - 1j], [2 + 0j, 0 - 1j]]),
    )
    torch.testing.assert_close(
        weigh(symbols, torch.tensor([[1.0, 0.0], [5.0, 0.5]])),
        torch.tensor([[1 + 2j, 1 - 1j], [1 + 0j, 0 - 2j]]),
    )


@pytest.mark.parametrize("count", [1, 3, 64, 1001])
@pytest.mark.parametrize("value", [1.0, math.nan, math.inf, -math.inf])
def test_erased_symbol_is_zero_whatever_stands_there(value: float, count: int) -> None:
    # Several lengths, since vectorised and scalar complex division are different code.
    symbols = torch.full((2, count), complex(value, value), dtype=torch.complex64)
    symbols[1] = 3 + 3j
    variance = torch.full((2, count), math.inf)
    variance[1] = 0.5
    weighed = weigh(symbols, variance)
    assert torch.equal(weighed[0], torch.zeros(count, dtype=torch.complex64))
    torch.testing.assert_close(weighed[1], torch.full((count,), 2 + 2j))
    assert torch.equal(weigh(symbols, variance[:, 0]), weighed)


def test_gradient_through_an_erased_symbol_is_zero_and_through_others_the_weight() -> None:
    symbols = torch.ones(1, 2, dtype=torch.complex64, requires_grad=True)
    torch.view_as_real(weigh(symbols, torch.tensor([[math.inf, 1.0]]))).sum().backward()
    assert symbols.grad is not None
    torch.testing.assert_close(symbols.grad, torch.tensor([[0 + 0j, 0.5 + 0.5j]]))


@pytest.mark.parametrize("variance", [0.1, 1.0, 3.0])
def test_weight_is_the_linear_estimate_of_least_squared_error(variance: float) -> None:
    count = 200_000
    random = torch.Generator().manual_seed(4)
    sent = torch.randn(1, count, dtype=torch.complex64, generator=random)
    noise = torch.randn(1, count, dtype=torch.complex64, generator=random)
    received = sent + variance**0.5 * noise

    def error(estimate: Tensor) -> float:
        return (estimate - sent).abs().double().square().mean().item()

    weighed = weigh(received, torch.tensor([variance]))
    assert error(weighed) == pytest.approx(variance / (1 + variance), rel=0.02)
    for factor in (0.9, 0.97, 1.03, 1.1):
        assert error(weighed * factor) > error(weighed)
