"""Boxes as people write them, and what of boxes and masks fits a picture."""

import pytest

from semjscc.allocation.marks import Box, check_box, check_mask_size, parse_box
from semjscc.errors import UserError


def test_a_box_is_four_whole_numbers() -> None:
    assert parse_box("10,20,30,40") == Box(left=10, top=20, width=30, height=40)
    assert parse_box("-1,0,0,5") == Box(-1, 0, 0, 5)


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1.5,2,3,4", "1, 2,3,4"])
def test_other_words_are_no_box(text: str) -> None:
    assert parse_box(text) is None


def test_a_box_may_touch_the_edges() -> None:
    check_box(Box(0, 0, 60, 40), (40, 60))
    check_box(Box(59, 39, 1, 1), (40, 60))


@pytest.mark.parametrize("box", [(1, 0, 60, 40), (0, 1, 60, 40), (-1, 0, 5, 5), (0, -1, 5, 5)])
def test_a_box_that_leaves_the_picture_is_refused(box: tuple[int, int, int, int]) -> None:
    said = f"the box {','.join(map(str, box))} does not lie within the picture of 60 x 40 pixels"
    with pytest.raises(UserError, match=said):
        check_box(Box(*box), (40, 60))


@pytest.mark.parametrize("box", [(5, 5, 0, 5), (5, 5, 5, 0), (5, 5, -3, 5)])
def test_an_empty_box_is_refused(box: tuple[int, int, int, int]) -> None:
    with pytest.raises(UserError, match="is empty: its width and height must be at least 1"):
        check_box(Box(*box), (40, 60))


@pytest.mark.parametrize("mask", [(40, 60), (20, 30), (400, 600), (13, 20), (14, 20), (27, 40)])
def test_a_mask_may_have_any_size_of_the_same_aspect(mask: tuple[int, int]) -> None:
    check_mask_size("m.png", mask, (40, 60))


@pytest.mark.parametrize("mask", [(60, 40), (40, 40), (20, 33), (400, 580)])
def test_a_mask_of_another_aspect_is_refused(mask: tuple[int, int]) -> None:
    with pytest.raises(UserError, match=r"the mask m.png has .* another aspect .* 60 x 40"):
        check_mask_size("m.png", mask, (40, 60))
