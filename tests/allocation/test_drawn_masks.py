"""What a person says to matter, as a mask and as importance of blocks."""

import pytest
import torch

from semjscc.allocation.marks import Box
from semjscc.allocation.masks import block_mask, drawn_mask
from semjscc.errors import UserError

SIZE = (40, 48)


def test_boxes_and_masks_add_up() -> None:
    left = torch.zeros(20, 24)
    left[:, :12] = 1
    drawn = drawn_mask([Box(40, 4, 8, 6), Box(44, 0, 2, 40)], [left], SIZE)
    assert drawn.shape == SIZE
    assert (drawn[:, :22] == 1).all()
    assert (drawn[:, 27:40] == 0).all()
    assert (drawn[4:10, 40:] == 1).all()
    assert (drawn[:, 44:46] == 1).all()
    assert (drawn[10:, 40:44] == 0).all()


def test_grey_matters_by_half() -> None:
    assert drawn_mask([], [torch.full((10, 12), 0.5)], SIZE).unique().tolist() == [0.5]


def test_a_black_mask_is_refused() -> None:
    with pytest.raises(UserError, match="the mask is black all over"):
        drawn_mask([], [torch.zeros(SIZE)], SIZE)


def test_a_block_matters_by_its_share() -> None:
    images = torch.rand(2, 3, *SIZE)
    found = block_mask(drawn_mask([Box(0, 0, 16, 16), Box(16, 32, 8, 8)], [], SIZE), images)
    assert found.shape == (2, 3, 3)
    assert torch.equal(found[0], found[1])
    # The last row of blocks is half of the picture's last row, repeated.
    expected = torch.tensor([[1.0, 0, 0], [0, 0, 0], [0, 0.5, 0]])
    torch.testing.assert_close(found[0], expected)


def test_it_belongs_to_pictures_of_its_size() -> None:
    with pytest.raises(UserError, match="the mask is of"):
        block_mask(torch.ones(SIZE), torch.zeros(1, 3, 48, 48))
