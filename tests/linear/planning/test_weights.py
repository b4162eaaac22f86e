"""Weights of regions as levels, and back to regions and blocks."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.linear.planning.regions import LAYOUTS, Layout
from semjscc.linear.planning.weights import (
    FARTHEST_LEVEL,
    over_blocks,
    over_regions,
    quantise,
    squares,
    true_over_told,
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_level_is_three_quarters_of_an_octave_above_the_mean(layout: Layout) -> None:
    size = (16, 16)
    weights = torch.ones(size)
    weights[:8, :8] = 2.0**0.75
    weights[8:, :8] = 2.0**-0.75
    weights[:, 8:] = 2 - (2.0**0.75 + 2.0**-0.75) / 2  # so that the mean is 1
    levels = over_blocks(quantise(7 * weights, layout), layout, size)
    assert (levels[:8, :8] == 1).all()
    assert (levels[8:, :8] == -1).all()
    assert (levels[:, 8:] == 0).all()


@given(st.sampled_from(LAYOUTS), st.integers(1, 20), st.integers(1, 20), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_regions_and_blocks_have_the_level_of_their_square(
    layout: Layout, rows: int, columns: int, seed: int
) -> None:
    weights = torch.rand(rows, columns, generator=torch.Generator().manual_seed(seed)) ** 4
    levels = quantise(weights, layout)
    assert levels.shape == squares(layout, (rows, columns))
    assert int(levels.abs().max()) <= FARTHEST_LEVEL
    assert torch.equal(levels, quantise(1000 * weights, layout))
    blocks = over_blocks(levels, layout, (rows, columns))
    regions = over_regions(levels, layout, (rows, columns))
    assert blocks.shape == (rows, columns)
    assert regions.shape == layout.regions((rows, columns))
    side = layout.side
    repeated = regions.repeat_interleave(side, 0).repeat_interleave(side, 1)
    assert torch.equal(repeated[:rows, :columns], blocks)


def test_where_nothing_matters_all_weighs_the_same() -> None:
    levels = quantise(torch.zeros(5, 5), LAYOUTS[1])
    assert len(levels.unique()) == 1


def test_what_is_told_too_high_is_put_right() -> None:
    weights, layout = torch.ones(8, 8), LAYOUTS[3]
    assert true_over_told(weights, torch.zeros(1, 1), layout) == 1
    assert true_over_told(weights, torch.ones(1, 1), layout) == pytest.approx(2**-0.75)
    halves = torch.tensor([4.0, 1.0]).repeat_interleave(4).expand(4, 8)
    told = torch.tensor([[2, 0]])
    error = torch.tensor([2**-0.75, 1.0])
    true = float((torch.tensor([1.6, 0.4]) * error).sum())
    expected = true / float((torch.tensor([2**1.5, 1.0]) * error).sum())
    assert true_over_told(halves, told, LAYOUTS[2]) == pytest.approx(expected)
