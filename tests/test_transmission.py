"""One image over the air: what is looked at before the work begins."""

import math
from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from torch import Tensor, nn

from semjscc.channels.awgn import awgn
from semjscc.errors import UserError
from semjscc.images import quantise
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


class Dimmed(Link):
    """Dims the image in place, and sends it."""

    name = "dimmed"

    def __init__(self, control_bits: int = 0) -> None:
        self.control_bits = control_bits

    def send(self, images: Tensor, situation: Situation) -> Received:
        received = NoChannel().send(images.mul_(0.5), situation)
        return replace(received, channel_uses=72, control_bits=self.control_bits)


def test_a_link_that_works_in_place_is_compared_with_what_was_sent(
    tiny_perception: Perception,
) -> None:
    white = torch.full_like(IMAGE, 255)
    received, report = transmit(white, Dimmed(), tiny_perception, SITUATION)
    assert torch.equal(received, quantise(torch.full((3, 24, 24), 0.5)))
    assert report.psnr_db == pytest.approx(-20 * math.log10(1 - 128 / 255), abs=1e-3)


def test_what_no_link_may_give_is_refused(tiny_perception: Perception) -> None:
    with pytest.raises(UserError, match="link dimmed gave as control_bits -5"):
        transmit(IMAGE, Dimmed(-5), tiny_perception, SITUATION)
