"""The page's link that knows what matters: what a person may say, and what comes of it."""

from fractions import Fraction

import pytest
import torch
from torch import Tensor

from semjscc.allocation.marks import Box
from semjscc.errors import UserError
from semjscc.images import to_float
from semjscc.links import SymbolLink, Transmission, open_link
from semjscc.links.joint_coding.linear_adaptive import symbols_of_blocks
from semjscc.perception.base import Perception
from semjscc.web.examples import examples
from semjscc.web.importance import (
    NAME,
    check_alpha,
    importance_link,
    read_box,
    symbols_picture,
    what_matters,
)
from semjscc.web.models import OWN, load_judge
from semjscc.web.result_html import box_style
from semjscc.web.updates import AS_IT_IS, AS_TRAINED, ask, drop, show
from semjscc.web.uploads.reading import Picture

SIZE = 128, 192
BOX = Box(0, 0, 96, 128)


@pytest.fixture(scope="module")
def photograph() -> Picture:
    """A part of one in which there is detail all over."""
    whole = next(one.picture for one in examples() if one.name == "cat")
    return Picture(whole.pixels[:, 100 : 100 + SIZE[0], 100 : 100 + SIZE[1]].contiguous())


@pytest.fixture(scope="module")
def network() -> Perception:
    return load_judge("signs-a")


def sent_by(link: SymbolLink, picture: Picture) -> Transmission:
    return link.transmit(to_float(picture.pixels)[None], Fraction(1, 48), 5.0)


def left_share(taken: Tensor) -> float:
    """The part of all that lies in the left half."""
    return float(taken[..., : taken.shape[-1] // 2].sum() / taken.sum())


@pytest.mark.parametrize(
    ("text", "box"),
    [("", None), (" \n", None), ("1,2,3,4", (1, 2, 3, 4)), (" 1, 2,3 ,4", (1, 2, 3, 4))],
)
def test_a_box_is_four_numbers_or_nothing(text: str, box: tuple[int, ...] | None) -> None:
    assert read_box(text) == box


@pytest.mark.parametrize("text", [None, 3, ["1,2,3,4"], "1,2,3", "a,b,c,d", "1.5,2,3,4", "1" * 99])
def test_what_is_no_box_is_one_line(text: object) -> None:
    with pytest.raises(UserError, match=r"a box x,y,w,h") as caught:
        read_box(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("alpha", [None, "1", True, [0.5], -0.25, 1.5, float("nan"), float("inf")])
def test_no_other_alpha_than_the_sliders(alpha: object) -> None:
    with pytest.raises(UserError, match="α "):
        check_alpha(alpha)
    assert check_alpha(1) == 1.0


def test_symbols_go_where_a_box_is(photograph: Picture, network: Perception) -> None:
    plain, half, whole = (
        symbols_of_blocks(sent.symbols[0], sent.control[0])
        for sent in (
            sent_by(importance_link(alpha, BOX, SIZE, network), photograph)
            for alpha in (0.0, 0.5, 1.0)
        )
    )
    assert plain.shape == (8, 12)
    assert left_share(plain) + 0.1 < left_share(half) < left_share(whole)
    sent = sent_by(importance_link(1.0, BOX, SIZE, network), photograph)
    # Some tell of regions and of the overview.
    assert 0.5 < float(whole.sum()) / sent.symbols.shape[1] < 1
    drawn = symbols_picture(photograph.pixels, sent)
    assert drawn.shape == photograph.pixels.shape
    assert 0 <= float(drawn.min()) <= float(drawn.max()) <= 1
    assert float(drawn[..., :96].mean()) > float(drawn[..., 96:].mean())


def test_it_is_linear_adaptive_with_that_policy(photograph: Picture, network: Perception) -> None:
    for alpha in (0.5, 1.0):
        named = open_link(f"linear-adaptive+importance-energy@{alpha}", "signs", network)
        assert isinstance(named, SymbolLink)
        own = sent_by(importance_link(alpha, None, SIZE, network), photograph)
        assert torch.equal(own.symbols, sent_by(named, photograph).symbols)
    plain = open_link("linear-adaptive", "")
    assert isinstance(plain, SymbolLink)
    own = sent_by(importance_link(0.0, BOX, SIZE, network), photograph)
    assert torch.equal(own.symbols, sent_by(plain, photograph).symbols)


def test_what_is_said_of_it() -> None:
    assert "as the network says, with α = 0.5" in what_matters(0.5, None, SIZE)
    assert "the box 0,0,96,128" in what_matters(0.25, BOX, SIZE)
    assert "all regions count alike" in what_matters(0.0, BOX, SIZE)
    assert "one weight" in what_matters(0.5, None, (64, 64))


def test_a_box_lies_in_the_square_that_frames_an_image() -> None:
    assert box_style(Box(0, 0, 50, 100), (100, 200)) == (
        "left:0.00%;top:25.00%;width:25.00%;height:50.00%"
    )
    assert box_style(Box(10, 20, 1, 2), (100, 50)) == (
        "left:35.00%;top:20.00%;width:1.00%;height:2.00%"
    )


def test_the_card_shows_where_its_symbols_went(photograph: Picture) -> None:
    final: dict[str, str] = {}
    text = "0,0,96,128"
    wish = photograph, "signs", OWN, AS_IT_IS, "1/24", "awgn"
    for update in show(ask(*wish, 5.0, [NAME], 1.0, text)):
        final |= update
    assert f'class="link {NAME}"' in final[NAME]
    assert 'alt="where symbols went"' in final[NAME]
    assert f"the box {text}, with α = 1" in final[NAME]
    assert 'class="box"' in final["original"]
    assert 'data-width="192" data-height="128"' in final["original"]
    assert "all 4 links" in final["status"]
    for update in drop(ask(*wish, -4.0, [NAME])):
        final |= update
    assert "as the network says" in final[NAME]


def test_a_box_counts_only_where_the_link_is_shown(photograph: Picture) -> None:
    wish = photograph, "signs", OWN, AS_IT_IS, "1/24", "awgn", 5.0
    assert ask(*wish, [], 1.0, "0,0,999,9") == ask(*wish)
    with pytest.raises(UserError, match="does not lie within the picture of 192 x 128 pixels"):
        ask(*wish, [NAME], 1.0, "0,0,999,9")
    with pytest.raises(UserError, match="a box x,y,w,h"):
        ask(*wish, [], 1.0, "x")
    trained = photograph, "signs", OWN, AS_TRAINED, "1/24", "awgn", 5.0
    with pytest.raises(UserError, match="does not lie within the picture of 64 x 64 pixels"):
        ask(*trained, [NAME], 1.0, "0,0,96,9")
