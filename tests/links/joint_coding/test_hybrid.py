"""A coarse image by bits and its error by numbers: each part as the link that it comes from."""

from collections.abc import Sequence
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from semjscc.channels import CHANNELS
from semjscc.channels.awgn import awgn
from semjscc.channels.base import ChannelKnowledge, undisturbed
from semjscc.codecs.bandwidth import channel_uses
from semjscc.data.drawn.backdrops import backdrop
from semjscc.images import quantise
from semjscc.linear.spectrum import mean_colour
from semjscc.links import Situation, open_link
from semjscc.links.joint_coding.hybrid import LOST, HybridLink, coarse_uses
from semjscc.links.joint_coding.linear_adaptive import AdaptiveLinearLink
from semjscc.links.separate_coding.separate import SeparateLink
from semjscc.links.separate_coding.source import Payload, SourceControl, SourceStage
from semjscc.perception.base import Perception
from semjscc.randomness import Draws

RATIO = Fraction(1, 12)


@cache
def photographs(height: int, width: int, count: int = 2) -> Tensor:
    """(B, 3, H, W), pieces of scikit-image's photographs."""
    random = np.random.default_rng(3)
    pieces = [backdrop(random, "test", max(height, width)) for _ in range(count)]
    stacked = np.stack([piece[:height, :width] for piece in pieces])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2) / 255


@pytest.fixture(scope="module")
def link() -> HybridLink:
    return HybridLink("hybrid", SourceStage("", "jpeg"))


def situation(snr_db: float, ratio: Fraction = RATIO, channel: str = "awgn") -> Situation:
    return Situation(CHANNELS[channel], snr_db, ratio, Draws(0, [0, 1]))


@given(
    st.integers(16, 70),
    st.integers(16, 70),
    st.sampled_from([Fraction(1, n) for n in (768, 384, 48, 6, 1)]),
    st.sampled_from([-12, -5, 0, 10, 30]),
)
@settings(max_examples=12)
def test_k_symbols_make_images_at_any_size_ratio_and_snr(
    link: HybridLink, height: int, width: int, ratio: Fraction, snr_db: int
) -> None:
    images = photographs(height, width)
    received = link.send(images, situation(float(snr_db), ratio))  # checks number and power
    assert received.images is not None
    assert received.images.shape == images.shape
    assert received.channel_uses == channel_uses(height, width, ratio)
    assert torch.equal(received.images, quantise(received.images))


def test_what_arrives_is_the_coarse_image_and_the_estimate_of_its_error(link: HybridLink) -> None:
    images, snr_db = photographs(64, 80), 10.0
    uses = channel_uses(64, 80, RATIO)
    first = coarse_uses(uses)
    coarse = SeparateLink("separate-jpeg", SourceStage("", "jpeg"))
    sent = coarse.transmit_in(first, images, RATIO, snr_db)
    known = coarse.receive(sent.symbols, undisturbed(2), sent.control).images
    assert known is not None
    grey = mean_colour()[:, None, None]
    fine = AdaptiveLinearLink().transmit_in(uses - first, images - known + grey, RATIO, snr_db)
    whole = link.transmit(images, RATIO, snr_db)
    assert torch.equal(whole.symbols, torch.cat([sent.symbols, fine.symbols], dim=1))

    received, knowledge = awgn(whole.symbols, snr_db, Draws(0, [0, 1]))
    error, _ = AdaptiveLinearLink().estimate(received[:, first:], knowledge, fine.control)
    found = link.receive(received, knowledge, whole.control)
    columns = ChannelKnowledge(knowledge.gain[:, None], knowledge.noise_variance[:, None])
    again = link.receive(received, columns, whole.control).images
    assert again is not None
    assert found.images is not None
    torch.testing.assert_close(found.images, quantise(known + error - grey), rtol=0, atol=0)
    assert torch.equal(again, found.images)
    assert found.delivered.all()
    assert ((found.images - images).square().mean() < (known - images).square().mean()).all()


def test_where_nothing_fits_all_symbols_are_linear(link: HybridLink) -> None:
    images, where = photographs(64, 80), situation(-8.0, Fraction(1, 384))
    sent = link.transmit(images, where.ratio, where.snr_db)
    assert all(isinstance(one, SourceControl) and one.mode is None for one in sent.control)
    hybrid, linear = link.send(images, where), AdaptiveLinearLink().send(images, where)
    assert hybrid.images is not None
    assert linear.images is not None
    assert torch.equal(hybrid.images, linear.images)
    assert hybrid.delivered.all()


class OnlyDark(SourceStage):
    """No bright image fits anywhere."""

    def encode(self, images: Tensor, budget: int, coders: Sequence[str]) -> list[Payload | None]:
        found = super().encode(images, budget, coders)
        return [
            None if image.mean() > 0.5 else one for image, one in zip(images, found, strict=True)
        ]


def test_an_image_alone_is_sent_as_among_others() -> None:
    link = HybridLink("hybrid", OnlyDark("", "jpeg"))
    images = photographs(48, 48) * torch.tensor([0.5, 2])[:, None, None, None]
    images = images.clamp(0, 1)
    together = link.transmit(images, RATIO, 5.0)
    modes = [one.mode for one in together.control if isinstance(one, SourceControl)]
    assert [mode is None for mode in modes] == [False, True]
    received = link.receive(together.symbols, undisturbed(2), together.control).images
    assert received is not None
    for place in range(2):
        alone = link.transmit(images[place][None], RATIO, 5.0)
        assert torch.equal(alone.symbols[0], together.symbols[place])
        assert alone.control[0] == together.control[place]
        found = link.receive(alone.symbols, undisturbed(1), alone.control).images
        assert found is not None
        assert torch.equal(found[0], received[place])


def test_a_lost_coarse_image_is_told(link: HybridLink) -> None:
    images = photographs(64, 80)
    sent = link.transmit(images, RATIO, 10.0)
    first = coarse_uses(sent.symbols.shape[1])
    noise = torch.full(sent.symbols.shape, 0.1)
    noise[0, :first] = torch.inf
    received, _ = awgn(sent.symbols, 10.0, Draws(0, [0, 1]))
    received[0, :first] = 0
    knowledge = ChannelKnowledge(torch.ones_like(sent.symbols), noise)
    found = link.receive(received, knowledge, sent.control)
    assert found.delivered.tolist() == [False, True]
    assert found.notes == [LOST, None]
    assert found.images is not None
    assert found.images.isfinite().all()


def test_weights_change_the_refinement_alone(link: HybridLink, tiny_perception: Perception) -> None:
    images = photographs(64, 80)
    weighing = open_link("hybrid+importance-energy", "", tiny_perception)
    assert isinstance(weighing, HybridLink)
    weighing._coarse = link._coarse
    plain, weighed = (one.transmit(images, RATIO, 10.0) for one in (link, weighing))
    first = coarse_uses(plain.symbols.shape[1])
    assert torch.equal(plain.symbols[:, :first], weighed.symbols[:, :first])
    assert not torch.equal(plain.symbols[:, first:], weighed.symbols[:, first:])


def test_only_the_numbers_of_the_refinement_are_tuned(
    link: HybridLink, tiny_perception: Perception
) -> None:
    images, snr_db = photographs(64, 80), 10.0
    weighing, tuning = (
        open_link(f"hybrid+{policy}", "", tiny_perception)
        for policy in ("importance-energy", "semantic")
    )
    assert isinstance(weighing, HybridLink)
    assert isinstance(tuning, HybridLink)
    weighing._coarse = tuning._coarse = link._coarse
    plain = weighing.transmit(images, RATIO, snr_db)
    tuned = tuning.transmit(images, RATIO, snr_db)
    assert tuned.control == plain.control  # the receiver is told nothing more
    announced = tuned.control[0].announced
    assert announced is not None
    first = coarse_uses(plain.symbols.shape[1])
    bits = first + announced.block.uses(plain.symbols.shape[1] - first)
    assert bits > first
    assert torch.equal(tuned.symbols[0, :bits], plain.symbols[0, :bits])
    moved = tuned.symbols[0, bits:] - plain.symbols[0, bits:]
    assert 0.01 < moved.abs().square().mean() < 1
    alone = tuning.transmit(images[1:], RATIO, snr_db)
    assert torch.equal(alone.symbols[0], tuned.symbols[1])
