"""Pictures of what networks on another device see: what is drawn lies on the CPU in the end."""

from fractions import Fraction

import pytest
import torch

from semjscc.channels.awgn import awgn
from semjscc.data import load_data
from semjscc.images import to_uint8
from semjscc.links import Situation, open_link
from semjscc.perception.store import open_perception
from semjscc.randomness import Draws
from semjscc.report.strip import make_rows, strip_figure
from semjscc.transmission import transmit
from semjscc.web.compare import compare
from semjscc.web.pictures import importance_picture
from stand_in_device import SECOND, SecondDevice

_SITUATION = Situation(awgn, 10.0, Fraction(1, 24), Draws(0, [0]))


@pytest.mark.parametrize(
    ("network", "source", "size"), [("signs-a", "signs", 64), ("scenes-detector-a", "scenes", 128)]
)
def test_a_strip_and_an_answer_of_the_page(network: str, source: str, size: int) -> None:
    data = load_data(source, "test", limit=1, size=size)
    images = data.batch([0])
    here = open_perception(network)
    targets = data.targets(here.task.target, [0])
    (row,) = make_rows(images, targets, [open_link("linear", "", here)], here, _SITUATION)
    ((delivery,),) = [list(compare(images[0], [open_link("linear", "", here)], here, _SITUATION))]
    importance = importance_picture(images[0], here)
    sent, report = transmit(to_uint8(images[0]), open_link("linear", ""), here, _SITUATION)
    with SecondDevice():
        there = open_perception(network, device=SECOND)
        link = open_link("linear", "", there)
        (other,) = make_rows(images, targets, [link], there, _SITUATION)
        strip_figure([other], "second")
        ((again,),) = [list(compare(images[0], [link], there, _SITUATION))]
        seen = importance_picture(images[0], there)
        arrived = transmit(to_uint8(images[0]), link, there, _SITUATION)
    for one, two in zip(row, other, strict=True):
        assert one.caption == two.caption
        torch.testing.assert_close(two.image.cpu(), one.image)
    assert again.shown.device == torch.device("cpu")
    torch.testing.assert_close(again.shown, delivery.shown)
    torch.testing.assert_close(seen, importance)
    assert arrived[1] == report
    torch.testing.assert_close(arrived[0], sent)
