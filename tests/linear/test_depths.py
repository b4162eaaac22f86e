"""How many coefficients each block sends."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from semjscc.linear.depths import sent, uniform_depths


@given(rows=st.integers(1, 40), columns=st.integers(1, 40), share=st.floats(0, 1))
def test_uniform_depths_differ_by_one_at_most(rows: int, columns: int, share: float) -> None:
    numbers = round(share * 256 * rows * columns)
    depths = uniform_depths(numbers, rows, columns)
    assert depths.shape == (rows, columns)
    assert int(depths.sum()) == numbers
    assert int(depths.max() - depths.min()) <= 1


def test_what_is_left_over_is_spread_evenly() -> None:
    assert uniform_depths(10, 2, 4).flatten().tolist() == [1, 1, 1, 2, 1, 1, 1, 2]


@pytest.mark.parametrize("depth", [0, 1, 5])
def test_the_first_coefficients_are_sent(depth: int) -> None:
    mask = sent(torch.full((2, 3, 4), depth), 5)
    assert mask.shape == (2, 5, 3, 4)
    assert mask[:, :depth].all()
    assert not mask[:, depth:].any()
