"""The means of blocks, transformed once more."""

import numpy as np
import pytest
import torch
from scipy.fft import dctn

from semjscc.linear.overview import CORNER, SLOPE, from_overview, law, mean_places, to_overview
from semjscc.linear.transform import BLOCK, COEFFICIENTS, analyse


def coefficients(rows: int, columns: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(rows)
    return torch.randn(COEFFICIENTS, rows, columns, generator=generator)


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (8, 8)])
def test_only_means_change_and_nothing_is_lost(size: tuple[int, int]) -> None:
    before = coefficients(*size)
    after = to_overview(before)
    others = [place for place in range(COEFFICIENTS) if place not in mean_places()]
    assert torch.equal(after[others], before[others])
    torch.testing.assert_close(after.square().sum(), before.square().sum())
    torch.testing.assert_close(from_overview(after), before, atol=1e-5, rtol=0)


def test_it_is_the_cosine_transform_of_each_colours_means() -> None:
    before = coefficients(3, 5)
    places = mean_places()
    expected = [dctn(before[place].numpy(), norm="ortho") for place in places]
    np.testing.assert_allclose(to_overview(before)[places], np.stack(expected), atol=1e-5)


def test_means_stand_where_a_picture_of_one_colour_is_all_there_is() -> None:
    grey, blue = torch.full((1, 3, BLOCK, BLOCK), 0.9), torch.zeros(1, 3, BLOCK, BLOCK)
    blue[:, 2] = 1
    for picture in (grey, blue):
        found = analyse(picture)[0, :, 0, 0].abs()
        assert set((found > 1e-3).nonzero().flatten().tolist()) <= set(mean_places())


def test_the_law_keeps_the_mean_and_falls_as_the_power_of_frequency() -> None:
    power = law(2, 1).flatten()
    assert power.mean().item() == pytest.approx(1)
    # Frequencies 0 and 1/4 cycle a block.
    ratio = ((0.25**2 + CORNER**2) / CORNER**2) ** SLOPE
    assert (power[0] / power[1]).item() == pytest.approx(ratio)
    assert law(1, 1).tolist() == [[1.0]]
    both = law(9, 7)
    assert (both.diff(dim=0) < 0).all()
    assert (both.diff(dim=1) < 0).all()
