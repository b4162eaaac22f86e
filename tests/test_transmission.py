"""One image over the air: what is looked at before the work begins."""

from fractions import Fraction

import pytest
import torch
from torch import Tensor, nn

from semjscc.channels.awgn import awgn
from semjscc.errors import UserError
from semjscc.links import Link, NoChannel, Received, Situation
from semjscc.perception.base import Perception
from semjscc.randomness import Draws
from semjscc.transmission import transmit

IMAGE = torch.zeros(3, 24, 24, dtype=torch.uint8)
SITUATION = Situation(awgn, 3.0, Fraction(1, 24), Draws(0, [0]))


class Untouched(Link):
    """A link that must not be used."""

    name = "untouched"

    def send(self, images: Tensor, situation: Situation) -> Received:
        del images, situation
        raise AssertionError("the work has begun")


def test_a_network_that_cannot_look_is_told_before_the_work() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 2))
    perception = Perception(network, layers=(), class_names=["a", "b"], name="own")
    with pytest.raises(UserError, match="own cannot look at images of 24 x 24 pixels"):
        transmit(IMAGE, Untouched(), perception, SITUATION)


def test_an_image_without_error_has_no_psnr(tiny_perception: Perception) -> None:
    received, report = transmit(IMAGE, NoChannel(), tiny_perception, SITUATION)
    assert torch.equal(received, IMAGE.float())
    assert report.psnr_db is None
    assert report.before == report.after
    # As in results: it met no channel.
    assert (report.snr_db, report.ratio, report.ratio_measured) == (None, None, None)
    assert report.channel_uses == 0
