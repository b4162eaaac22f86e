"""What stands out in a picture, without any network."""

import pytest
import torch
from torch import Tensor

from semjscc.allocation.policy import Policy
from semjscc.allocation.saliency import block_saliency


def textured_object(amplitude: float = 0.3) -> Tensor:
    """A square of noise, blocks 2 and 3 of 6, on a flat background."""
    generator = torch.Generator().manual_seed(1)
    images = torch.full((1, 3, 96, 96), 0.5)
    images[..., 32:64, 32:64] += amplitude * torch.randn(3, 32, 32, generator=generator)
    return images.clamp(0, 1)


@pytest.mark.parametrize("amplitude", [0.03, 0.3])
def test_a_textured_object_stands_out_of_a_flat_background(amplitude: float) -> None:
    found = block_saliency(textured_object(amplitude))[0]
    inside = torch.zeros(6, 6, dtype=torch.bool)
    inside[2:4, 2:4] = True
    assert found.shape == (6, 6)
    assert found[inside].min() > 3 * found[~inside].max()
    assert (found >= 0).all()


def test_an_object_without_texture_stands_out_by_its_contrast() -> None:
    images = torch.full((1, 3, 112, 112), 0.4)
    images[:, 0, 48:64, 48:64] = 0.7  # one whole block: no edge lies within any
    found = block_saliency(images)[0]
    assert found.argmax() == 3 * 7 + 3
    assert found[3, 3] > 3 * found.mean()


@pytest.mark.parametrize("side", [2, 3])
def test_the_mirrored_picture_has_the_mirrored_map(side: int) -> None:
    images = torch.rand(2, 3, 64, 80, generator=torch.Generator().manual_seed(2))
    images[:, :, :, :30] *= 0.2
    found = block_saliency(images)
    mirrored = block_saliency(images.flip(side)).flip(side - 1)
    torch.testing.assert_close(mirrored, found, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_in_a_flat_picture_all_weighs_alike(value: float) -> None:
    found = block_saliency(torch.full((1, 3, 40, 50), value))
    assert found.shape == (1, 3, 4)
    weights = Policy("importance-energy").weights(found)
    torch.testing.assert_close(weights, weights[..., :1, :1].expand_as(weights))


def test_an_image_alone_stands_out_as_among_others() -> None:
    images = torch.cat([textured_object(), textured_object(0.05).flip(3)])
    together = block_saliency(images)
    for place in range(2):
        torch.testing.assert_close(block_saliency(images[place][None])[0], together[place])
