"""Strong coefficients as several numbers: the same power, and the best of what arrives."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from semjscc.linear.planning.repetition import LARGEST_POWER, gather, spread, times

COUNTS = st.lists(st.integers(1, 9), min_size=1, max_size=12)


def test_no_number_is_meant_to_have_more_than_the_largest_power() -> None:
    powers = LARGEST_POWER * torch.tensor([0.0, 0.5, 1.0, 1.001, 2.0, 36.4])
    assert times(powers).tolist() == [1, 1, 1, 2, 2, 37]


@given(COUNTS, st.integers(0, 99))
def test_spreading_keeps_the_power_and_gathering_brings_all_of_it_back(
    counts: list[int], seed: int
) -> None:
    values = torch.randn(len(counts), generator=torch.Generator().manual_seed(seed))
    sent = spread(values, torch.tensor(counts))
    assert sent.shape == (sum(counts),)
    assert float(sent.square().sum()) == pytest.approx(float(values.square().sum()), rel=1e-5)
    for noise in (0.0, 1e-6, 0.3):
        found, left = gather(sent, torch.full_like(sent, noise), torch.tensor(counts))
        torch.testing.assert_close(found, values)
        torch.testing.assert_close(left, torch.full_like(values, noise))


def test_each_number_counts_as_much_as_it_is_worth() -> None:
    # Of two halves of power 1/2 the one with four times the noise counts a quarter of the other.
    numbers, noise = torch.tensor([1.0, 2.0]), torch.tensor([0.1, 0.4])
    found, left = gather(numbers, noise, torch.tensor([2]))
    assert found.item() == pytest.approx((0.8 * 1.0 + 0.2 * 2.0) * math.sqrt(2))
    assert left.item() == pytest.approx(2 / (1 / 0.1 + 1 / 0.4))


def test_what_is_erased_is_not_looked_at() -> None:
    numbers = torch.tensor([math.nan, 3.0, math.inf, math.nan, 5.0])
    noise = torch.tensor([math.inf, 0.5, math.inf, math.inf, 0.25])
    found, left = gather(numbers, noise, torch.tensor([2, 2, 1]))
    assert found.tolist() == pytest.approx([3 * math.sqrt(2), 0.0, 5.0])
    assert left.tolist() == [1.0, math.inf, 0.25]
