"""A blur that is another in each region."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from semjscc.allocation.background import TRIED
from semjscc.allocation.policy import LEAST_IMPORTANCE, Policy
from semjscc.allocation.smoothing import (
    SMOOTHING_FILE,
    WIDEST,
    blur,
    chosen_strength,
    smooth,
    widths,
)
from semjscc.linear.transform import BLOCK


def noise(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(2))


def weights_of(size: tuple[int, int]) -> Tensor:
    blocks = 2, -(-size[0] // BLOCK), -(-size[1] // BLOCK)
    return Policy("importance-energy").weights(noise(*blocks))


sides = st.integers(1, 40)


@settings(max_examples=15)
@given(sides, sides, st.floats(0, 20))
def test_any_size_stays_an_image(height: int, width: int, strength: float) -> None:
    images, weights = noise(2, 3, height, width), weights_of((height, width))
    found = smooth(images, weights, strength)
    assert found.shape == images.shape
    assert found.min() >= images.min() - 1e-5
    assert found.max() <= images.max() + 1e-5
    alone = smooth(images[1:], weights[1:], strength)
    torch.testing.assert_close(alone[0], found[1])


def test_without_strength_or_exponent_nothing_changes() -> None:
    images = noise(2, 3, 33, 40)
    assert smooth(images, weights_of((33, 40)), 0) is images
    alike = Policy("importance-energy", 0).weights(noise(2, 3, 3))
    assert torch.equal(smooth(images, alike, 5.0), images)


def test_one_colour_stays_as_it_is() -> None:
    grey = torch.full((2, 3, 37, 50), 0.3)
    torch.testing.assert_close(smooth(grey, weights_of((37, 50)), 9.0), grey)


def test_the_less_a_block_matters_the_wider_is_its_blur() -> None:
    weights = torch.tensor([[[LEAST_IMPORTANCE, 0.25, 0.5, 1.0, 7.0]]])
    # Bilinear, so that half a pixel from a block's middle the neighbour has a share of 1/32.
    near = widths(weights, (16, 80), 2.0)[0, 7, 7::16].tolist()
    assert near == pytest.approx([6, 2, 2 * (2**0.5 - 1), 0, 0], abs=0.15)
    assert near == sorted(near, reverse=True)
    assert widths(weights, (16, 80), 100.0).max() == WIDEST


@pytest.mark.parametrize("deviation", [0.0, 0.3, 1.0, 1.7, 3.3, 6.0, WIDEST])
def test_a_point_becomes_a_spot_of_the_variance_asked_for(deviation: float) -> None:
    point = torch.zeros(1, 3, 101, 101)
    point[..., 50, 50] = 1
    spot = blur(point, torch.full((1, 101, 101), deviation))[0, 0].double()
    places = torch.arange(-50, 51, dtype=torch.float64)
    assert float(spot.sum()) == pytest.approx(1, abs=1e-5)
    # Narrow kernels are sampled coarsely, and what lies beyond three deviations is cut off.
    assert float(spot.sum(dim=0) @ places**2) == pytest.approx(deviation**2, rel=0.05, abs=0.1)


def test_sharp_regions_stay_as_they_are_beside_blurred_ones() -> None:
    images = noise(1, 3, 32, 64)
    found = smooth(images, torch.tensor([[[1.0, 1.0, 0.1, 0.1]] * 2]), 4.0)
    assert torch.equal(found[..., :24], images[..., :24])
    assert found[..., 40:].std() < images[..., 40:].std() / 4


def test_the_strength_is_the_one_that_its_file_shows_to_be_best() -> None:
    content = json.loads(SMOOTHING_FILE.read_text())
    assert content["split"] == "val"
    chosen = chosen_strength()
    tried = ", ".join(f"{share * chosen:g}" for share in TRIED)
    losses = {
        name: means["loss"]
        for name, means in content["means"]["all"].items()
        if name.startswith("exponent 1, best of 0, ") and name.count(",") == 1 + len(TRIED)
    }
    assert min(losses, key=lambda name: losses[name]) == f"exponent 1, best of 0, {tried}"
