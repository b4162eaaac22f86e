"""A latent with more numbers than k symbols hold: what is sent, and where it comes back."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from semjscc.codecs.symbols import from_symbols, to_symbols

PAIRS = 3
sides = st.integers(1, 9)


def latent(rows: int, columns: int, pairs: int = PAIRS) -> Tensor:
    """No number is zero, and no two are equal."""
    count = 2 * pairs * rows * columns
    order = torch.randperm(count, generator=torch.Generator().manual_seed(count)) + 1
    return order.float().reshape(1, 2 * pairs, rows, columns)


def kept(k: int, rows: int, columns: int) -> Tensor:
    """(C, h, w), where a number is sent."""
    return from_symbols(to_symbols(latent(rows, columns), k), 2 * PAIRS, rows, columns)[0] != 0


@given(rows=sides, columns=sides, data=st.data())
def test_k_numbers_come_back_where_they_were_and_the_rest_is_zero(
    rows: int, columns: int, data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, PAIRS * rows * columns))
    values = latent(rows, columns)
    symbols = to_symbols(values, k)
    assert symbols.shape == (1, k)
    torch.testing.assert_close(symbols.abs().square().mean(), torch.tensor(1.0))
    back = from_symbols(symbols, 2 * PAIRS, rows, columns)
    sent = kept(k, rows, columns)
    assert int(sent.sum()) == 2 * k
    assert torch.equal(sent[0::2], sent[1::2])
    # Two numbers make a symbol, and the scale is that of those that are sent.
    scale = (values[0][sent].square().sum() / k).sqrt()
    torch.testing.assert_close(back * scale, values * sent)


@given(rows=sides, columns=sides, data=st.data())
def test_first_channels_are_whole_and_of_the_last_more_symbols_only_add_positions(
    rows: int, columns: int, data: st.DataObject
) -> None:
    k = data.draw(st.integers(1, PAIRS * rows * columns - 1))
    sent, more = kept(k, rows, columns), kept(k + 1, rows, columns)
    whole = k // (rows * columns)
    assert sent[: 2 * whole].all()
    assert not sent[2 * whole + 2 :].any()
    assert (more | ~sent).all()


@pytest.mark.parametrize(("rows", "columns"), [(16, 16), (32, 32), (56, 84), (64, 17)])
@pytest.mark.parametrize("part", [8, 4, 2])
def test_no_part_of_the_image_goes_short(rows: int, columns: int, part: int) -> None:
    sent = kept(rows * columns // part, rows, columns)[0].float()
    # A square of four positions for each that is sent has one of them, or a few more or less.
    side = 2 * round(part**0.5)
    square = torch.nn.functional.avg_pool2d(sent[None], side, 1) * side**2
    assert square.min() >= 1
    assert square.max() <= 2 * side**2 / part


def test_without_k_everything_is_sent() -> None:
    values = latent(4, 5)
    assert torch.equal(to_symbols(values), to_symbols(values, 3 * 20))


def test_gradient_reaches_what_is_sent_and_nothing_else() -> None:
    values = latent(4, 5).requires_grad_()
    received = from_symbols(to_symbols(values, 27), 2 * PAIRS, 4, 5)
    (received * torch.arange(received.numel()).reshape(received.shape)).sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad[0] != 0, kept(27, 4, 5))
