"""Frames over links: as images one by one, a few at a time."""

from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from torch import Tensor, nn

from moving_pictures import squares
from semjscc.channels.awgn import awgn
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.errors import UserError
from semjscc.images import quantise
from semjscc.links import CodecLink, Link, NoChannel, Received, Situation, open_link
from semjscc.perception.base import Perception, Preprocess
from semjscc.randomness import Draws
from semjscc.report.strip import sight
from semjscc.tasks import Detection
from semjscc.tasks.tags import enlarged
from semjscc.transmission import transmit
from semjscc.video.budget import Range
from semjscc.video.frames import Frame
from semjscc.video.side_by_side import panels_of
from semjscc.video.transmission import ratios_of, transmit_frames

RATIO = Fraction(1, 24)
SITUATION = Situation(awgn, 3.0, RATIO, Draws(5, [0]))


def clip(count: int) -> list[Frame]:
    """Every second frame of a clip of 25 a second, as a budget leaves them."""
    return [Frame(2 * n, Fraction(2 * n, 25), p) for n, p in enumerate(squares(count))]


def test_frames_are_sent_as_images_are_each_with_noise_of_its_own(
    tiny_perception: Perception,
) -> None:
    """The noise follows from seed and number, whatever else is sent with a frame."""
    link, frames = open_link("linear-adaptive", ""), clip(6)
    both = [(link, SITUATION), (NoChannel(), SITUATION)]
    sent = list(transmit_frames(frames, both, tiny_perception))
    assert [(one.number, one.time) for one in sent] == [(f.number, f.time) for f in frames]
    for frame, one in zip(frames, sent, strict=True):
        image = torch.from_numpy(frame.pixels).permute(2, 0, 1)
        alone = replace(SITUATION, draws=Draws(5, [frame.number]))
        received, report = transmit(image, link, tiny_perception, alone)
        over_link, untouched = one.arrived
        torch.testing.assert_close(over_link.image, received)
        assert over_link.psnr_db == pytest.approx(report.psnr_db)
        for seen, alone_seen in ((one.before, report.before), (over_link.after, report.after)):
            assert seen.things[0].label == alone_seen.label
            assert seen.things[0].confidence == pytest.approx(alone_seen.confidence, abs=1e-6)
        assert (over_link.link, over_link.delivered) == ("linear-adaptive", True)
        assert over_link.control_bits == report.control_bits
        assert torch.equal(untouched.image, image.float() / 255)
        assert untouched.psnr_db is None
    quality = {one.arrived[0].psnr_db for one in sent}
    assert len(quality) == 6


class Counting(Link):
    """Brings what it is given, and counts how many come at a time."""

    name = "counting"

    def __init__(self) -> None:
        self.batches: list[int] = []

    def send(self, images: Tensor, situation: Situation) -> Received:
        self.batches.append(len(images))
        assert len(situation.draws.indices) == len(images)
        received = NoChannel().send(images.mul_(0.5), situation)
        return replace(received, channel_uses=128, images=quantise(images))


def test_a_camera_does_not_wait_for_further_frames(tiny_perception: Perception) -> None:
    link = Counting()
    assert len(list(transmit_frames(clip(6), [(link, SITUATION)], tiny_perception))) == 6
    assert link.batches == [4, 2]
    asked = iter(clip(6))
    sent = transmit_frames(asked, [(link, SITUATION)], tiny_perception, live=True)
    first = next(sent)
    assert link.batches == [4, 2, 1]
    assert next(asked).number == 2
    # A link that works in place does not change what it is compared with.
    assert first.arrived[0].psnr_db is not None


class Speechless(Counting):
    name = "speechless"

    def send(self, images: Tensor, situation: Situation) -> Received:
        return replace(super().send(images, situation), images=None, outputs=torch.zeros(4, 5))


def test_a_link_that_brings_no_image_is_one_line(tiny_perception: Perception) -> None:
    with pytest.raises(UserError, match="the link 'speechless' brings no image"):
        list(transmit_frames(clip(4), [(Speechless(), SITUATION)], tiny_perception))


def test_which_ratios_a_link_takes() -> None:
    assert ratios_of(open_link("linear-adaptive+progressive", "")) == Range()
    assert ratios_of(open_link("semantic", "signs")) == Range(largest=Fraction(1, 6))
    one = CodecLink("one", DeepJSCC(ratio="1/12"))
    assert ratios_of(one) == Range(Fraction(1, 12), Fraction(1, 12), (Fraction(1, 12),))
    with pytest.raises(UserError, match="keeps to no budget of symbols: leave out --symbols"):
        ratios_of(open_link("linear-adaptive+repeat@0.1", ""))


class Finds(nn.Module):
    """One object in the left half of the image, surer the brighter that is."""

    def forward(self, images: Tensor) -> Tensor:
        sure = images[..., : images.shape[-1] // 2].mean(dim=(1, 2, 3))[:, None]
        box = images.new_tensor([0.125, 0.25, 0.5, 0.75]).expand(len(images), 4)
        return torch.cat([box, 9 * sure, torch.full_like(sure, -9)], dim=1)[:, None]


def test_what_a_detector_finds_is_drawn_over_panels_and_nothing_else() -> None:
    plain = Preprocess(mean=(0, 0, 0), std=(1, 1, 1))
    names = ("car", "sign")
    finder = Perception(
        Finds(), layers=("input",), class_names=names, preprocess=plain, task=Detection()
    )
    links = [(NoChannel(), SITUATION), (open_link("linear-adaptive", ""), SITUATION)]
    plain_ones = list(transmit_frames(clip(2), links, finder))
    for one, other in zip(transmit_frames(clip(2), links, finder, draw=True), plain_ones,
                          strict=True):  # fmt: skip
        assert torch.equal(one.arrived[1].image, other.arrived[1].image)
        assert (one.before, other.drawn, other.arrived[0].drawn) == (other.before, None, None)
        first, *panels = panels_of(one)
        right = sight("", one.image, finder).image
        assert torch.equal(first.image, right)
        assert right.shape == (3, 320, 320)
        for panel, arrived in zip(panels, one.arrived, strict=True):
            assert torch.equal(panel.image, sight("", arrived.image, finder).image)
            assert panel.caption.startswith("car")
        assert not torch.equal(first.image, enlarged(one.image[None])[0][0])
        assert torch.equal(panels_of(other)[0].image, one.image)
