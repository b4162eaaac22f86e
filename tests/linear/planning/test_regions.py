"""Groups of coefficients, and how strong they are in each region."""

import pytest
import torch

from semjscc.linear.overview import mean_places
from semjscc.linear.planning.regions import (
    FARTHEST,
    LAYOUTS,
    Layout,
    block_counts,
    groups,
    strengths,
)
from semjscc.linear.spectrum import order, variances
from semjscc.linear.transform import BLOCK


def group_of(layout: Layout, colour: int, down: int, across: int) -> int:
    natural = (colour * BLOCK + down) * BLOCK + across
    return int(groups(layout)[order().tolist().index(natural)])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_coefficient_but_the_means_has_a_group(layout: Layout) -> None:
    found = groups(layout)
    assert (found < 0).nonzero().flatten().tolist() == sorted(mean_places())
    assert set(found[found >= 0].tolist()) == set(range(layout.group_count))


def test_groups_tell_directions_bands_and_colour_apart() -> None:
    layout = Layout(4, (2, 5))
    assert layout.group_count == 10
    assert [group_of(layout, 0, *f) for f in ((1, 0), (0, 1), (1, 1))] == [0, 1, 2]
    assert [group_of(layout, 0, *f) for f in ((4, 1), (1, 4), (4, 2))] == [3, 4, 5]
    assert [group_of(layout, 0, *f) for f in ((15, 7), (7, 15), (15, 8))] == [6, 7, 8]
    assert [group_of(layout, c, *f) for c in (1, 2) for f in ((1, 0), (9, 9))] == [9] * 4


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_strength_counts_steps_of_one_and_a_half_octaves(layout: Layout) -> None:
    plain = variances().sqrt()[:, None, None].repeat(1, 9, 10)
    assert strengths(plain, layout).shape == (layout.group_count, *layout.regions((9, 10)))
    assert not strengths(plain, layout).any()
    group = groups(layout) == 1
    side = layout.side
    plain[group, -1:, :side] *= 2 ** (1.5 / 2)
    found = strengths(plain, layout)
    expected = torch.zeros_like(found)
    if 9 % side in (0, 1):  # the last row of blocks is a row of regions
        expected[1, -1, 0] = 1
    assert torch.equal(found, expected)


def test_strengths_stay_in_their_range() -> None:
    layout = LAYOUTS[0]
    plain = variances().sqrt()[:, None, None].repeat(1, 1, 2)
    plain[..., 0], plain[..., 1] = plain[..., 0] * 1e9, 0
    assert strengths(plain, layout)[:, 0].T.tolist() == [
        [FARTHEST] * layout.group_count,
        [-FARTHEST] * layout.group_count,
    ]


def test_regions_at_the_edges_have_fewer_blocks() -> None:
    assert block_counts((3, 5), 2).tolist() == [[4, 4, 2], [2, 2, 1]]
