"""How many numbers each patch sends."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from semjscc.codecs.depths import proportional_depths, random_depths, sent, uniform_depths


@given(rows=st.integers(1, 40), columns=st.integers(1, 40), share=st.floats(0, 1))
def test_uniform_depths_differ_by_one_at_most(rows: int, columns: int, share: float) -> None:
    numbers = round(share * 256 * rows * columns)
    depths = uniform_depths(numbers, rows, columns)
    assert depths.shape == (rows, columns)
    assert int(depths.sum()) == numbers
    assert int(depths.max() - depths.min()) <= 1


def test_what_is_left_over_is_spread_evenly() -> None:
    assert uniform_depths(10, 2, 4).flatten().tolist() == [1, 1, 1, 2, 1, 1, 1, 2]


@given(
    shares=st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=60),
    filled=st.floats(0, 1),
    most=st.integers(1, 256),
)
def test_proportional_depths_have_the_sum_and_keep_the_limit(
    shares: list[float], filled: float, most: int
) -> None:
    numbers = round(filled * most * len(shares))
    depths = proportional_depths(torch.tensor([shares]), numbers, most)
    assert int(depths.sum()) == numbers
    assert int(depths.min()) >= 0
    assert int(depths.max()) <= most


def test_depths_are_in_proportion_below_the_limit() -> None:
    depths = proportional_depths(torch.tensor([[1.0, 2.0, 5.0], [1.0, 1.0, 98.0]]), 80, 60)
    assert depths.tolist() == [[10, 20, 50], [10, 10, 60]]


def test_random_depths_are_unlike_and_follow_from_the_draws() -> None:
    def draw(seed: int) -> torch.Tensor:
        return random_depths(np.random.default_rng(seed), 2048, (5, 8, 8), 256)

    depths = draw(0)
    assert depths.sum(dim=(1, 2)).tolist() == [2048] * 5
    assert depths.float().std() > 5
    torch.testing.assert_close(draw(0), depths)
    assert not torch.equal(draw(1), depths)


@pytest.mark.parametrize("depth", [0, 1, 5])
def test_the_first_numbers_are_sent(depth: int) -> None:
    mask = sent(torch.full((2, 3, 4), depth), 5)
    assert mask.shape == (2, 5, 3, 4)
    assert mask[:, :depth].all()
    assert not mask[:, depth:].any()
