"""What a sender finds to matter."""

import pytest
import torch
from torch import Tensor, nn

from semjscc.allocation.importance import NEIGHBOURS, block_importance, looked_at, misled_by
from semjscc.errors import UserError
from semjscc.importance.maps import importance_map
from semjscc.perception.base import Perception, looking_at


def pictures(*size: int) -> Tensor:
    return torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("size", [(48, 64), (50, 33), (16, 16)])
def test_a_block_is_looked_at_as_its_pixels_are(
    tiny_perception: Perception, size: tuple[int, int]
) -> None:
    images = pictures(*size)
    found = looked_at(tiny_perception, images)
    assert found.shape == (2, -(-size[0] // 16), -(-size[1] // 16))
    assert (found >= 0).all()
    pixels = importance_map(tiny_perception, images, layer="stage2")
    torch.testing.assert_close(found[:, 0, 0], pixels[:, :16, :16].mean(dim=(1, 2)))


@pytest.mark.parametrize(
    ("layers", "used"),
    [
        (("stage1", "head"), "stage1"),  # two numbers an image have no places
        (("head", "stage2"), "stage2"),
        (("head", "head", "stage3"), "stage3"),
        (("input", "head"), "input"),
    ],
)
def test_a_layer_with_maps_is_looked_at(
    tiny_perception: Perception, layers: tuple[str, ...], used: str
) -> None:
    looking = looking_at(tiny_perception, layers)
    expected = importance_map(tiny_perception, pictures(32, 48), layer=used)
    found = looked_at(looking, pictures(32, 48))
    torch.testing.assert_close(found[:, 0, 0], expected[:, :16, :16].mean(dim=(1, 2)))


def test_a_network_without_maps_is_refused(tiny_perception: Perception) -> None:
    images = pictures(32, 48)
    with pytest.raises(UserError, match=r"layer 'head' of tiny has no maps: .* name a layer with"):
        block_importance(looking_at(tiny_perception, ["head"]), images, images)
    with pytest.raises(UserError, match="tiny names no layers: importance needs one with maps"):
        block_importance(looking_at(tiny_perception, []), images, images)


class Halves(nn.Module):
    """Two classes: how bright the left half is, and how bright the right."""

    def forward(self, images: Tensor) -> Tensor:
        half = images.shape[-1] // 2
        halves = images[..., :half], images[..., half:]
        return torch.stack([part.mean(dim=(1, 2, 3)) for part in halves], dim=1)


def test_an_error_misleads_by_the_loss_that_it_makes() -> None:
    network = Perception(Halves(), layers=(), class_names=["left", "right"], name="halves")
    side = 16 * 2 * (NEIGHBOURS + 1)
    images = torch.full((1, 3, 16, side), 0.5)
    images[..., : side // 2] += 0.01
    received = images.clone()
    received[..., : side // 2] -= 0.02  # towards the wrong class: the left was the brighter half
    received[..., side // 2 :] -= 0.04  # towards the right one
    found = misled_by(network, images, received)
    # With p the wrong class's probability, the loss falls by p/n for each of the left's n values,
    # which the network sees four times as large.
    wrong = network(received).softmax(1)[0, 1]
    expected = wrong * 4 / (3 * 16 * side // 2) / 0.02
    middle = NEIGHBOURS // 2
    torch.testing.assert_close(found[0, 0, middle], expected, rtol=1e-3, atol=0)
    assert (found[0, 0, -middle - 1 :] == 0).all()


def test_without_an_error_only_where_the_network_looks_counts(tiny_perception: Perception) -> None:
    images = pictures(48, 64)
    looks = looked_at(tiny_perception, images)
    found = block_importance(tiny_perception, images, images)
    torch.testing.assert_close(found, looks / looks.mean(dim=(1, 2), keepdim=True))


def test_an_image_alone_is_as_important_as_among_others(tiny_perception: Perception) -> None:
    images = pictures(96, 160)
    received = images * torch.linspace(0.2, 1, 160)
    together = block_importance(tiny_perception, images, received)
    assert (together != block_importance(tiny_perception, images, images)).any()
    for place in range(2):
        one = slice(place, place + 1)
        alone = block_importance(tiny_perception, images[one], received[one])
        torch.testing.assert_close(alone, together[one], rtol=1e-4, atol=1e-5)
