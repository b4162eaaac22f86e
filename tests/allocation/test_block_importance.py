"""What a sender finds to matter."""

import pytest
import torch

from semjscc.allocation.importance import block_importance
from semjscc.importance.maps import importance_map
from semjscc.perception.base import Perception


@pytest.mark.parametrize("size", [(48, 64), (50, 33), (16, 16)])
def test_a_block_is_as_important_as_its_pixels(
    tiny_perception: Perception, size: tuple[int, int]
) -> None:
    images = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1))
    found = block_importance(tiny_perception, images)
    assert found.shape == (2, -(-size[0] // 16), -(-size[1] // 16))
    assert (found >= 0).all()
    pixels = importance_map(tiny_perception, images, layer="stage2")
    torch.testing.assert_close(found[:, 0, 0], pixels[:, :16, :16].mean(dim=(1, 2)))
