"""Weights of squares as levels, and back to regions and blocks."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.linear.planning.regions import LAYOUTS, Layout
from semjscc.linear.planning.weights import (
    FARTHEST_LEVEL,
    highest,
    over_blocks,
    quantise,
    squares,
    true_over_told,
)


def test_a_level_is_three_quarters_of_an_octave_above_the_mean() -> None:
    size = (8, 8)
    weights = torch.ones(size)
    weights[:4, :4] = 2.0**0.75
    weights[4:, :4] = 2.0**-0.75
    weights[:, 4:] = 2 - (2.0**0.75 + 2.0**-0.75) / 2  # so that the mean is 1
    assert quantise(7 * weights).tolist() == [[1, 0], [-1, 0]]


@given(st.sampled_from(LAYOUTS), st.integers(1, 20), st.integers(1, 20), st.integers(0, 99))
@settings(max_examples=40)
def test_blocks_have_the_level_of_their_square_and_regions_the_highest(
    layout: Layout, rows: int, columns: int, seed: int
) -> None:
    weights = torch.rand(rows, columns, generator=torch.Generator().manual_seed(seed)) ** 4
    levels = quantise(weights)
    assert levels.shape == squares((rows, columns))
    assert int(levels.abs().max()) <= FARTHEST_LEVEL
    assert torch.equal(levels, quantise(1000 * weights))
    blocks = over_blocks(levels, (rows, columns))
    assert blocks.shape == (rows, columns)
    assert blocks[-1, -1] == levels[-1, -1]
    regions = highest(levels, layout, (rows, columns))
    assert regions.shape == layout.regions((rows, columns))
    side = layout.side
    assert regions[0, 0] == blocks[:side, :side].max()
    down, across = regions.shape[0] - 1, regions.shape[1] - 1
    assert regions[-1, -1] == blocks[down * side :, across * side :].max()


def test_where_nothing_matters_all_weighs_the_same() -> None:
    assert len(quantise(torch.zeros(5, 5)).unique()) == 1


def test_what_is_told_too_high_is_put_right() -> None:
    weights = torch.ones(8, 8)
    assert true_over_told(weights, torch.zeros(2, 2)) == 1
    assert true_over_told(weights, torch.ones(2, 2)) == pytest.approx(2**-0.75)
    halves = torch.tensor([4.0, 1.0]).repeat_interleave(4).expand(4, 8)
    told = torch.tensor([[2, 0]])
    error = torch.tensor([2**-0.75, 1.0])
    true = float((torch.tensor([1.6, 0.4]) * error).sum())
    expected = true / float((torch.tensor([2**1.5, 1.0]) * error).sum())
    assert true_over_told(halves, told) == pytest.approx(expected)
