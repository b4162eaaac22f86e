"""The links without training: what both hold to at any size, ratio and SNR, and what each does."""

from collections import OrderedDict
from fractions import Fraction
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from semjscc.channels import CHANNELS
from semjscc.channels.base import ChannelKnowledge
from semjscc.codecs.bandwidth import channel_uses, measured_ratio
from semjscc.data.drawn.backdrops import backdrop
from semjscc.images import quantise
from semjscc.linear.level import from_words
from semjscc.linear.planning.announcement import NO_BLOCK
from semjscc.linear.spectrum import mean_colour
from semjscc.links import Situation, SymbolLink, open_link
from semjscc.links.base import Control
from semjscc.links.joint_coding.linear_adaptive import AdaptiveLinearLink
from semjscc.losses import distillation_error
from semjscc.perception.base import Perception
from semjscc.randomness import Draws

WEIGHING = "linear-adaptive+importance-energy"
NAMES = ("linear", "linear-adaptive", WEIGHING)
RATIOS = st.sampled_from([Fraction(1, n) for n in (384, 192, 96, 48, 20, 6, 2, 1)])


@cache
def photograph(height: int, width: int) -> Tensor:
    """(1, 3, H, W), of one of scikit-image's photographs."""
    pixels = backdrop(np.random.default_rng(3), "test", max(height, width))
    return torch.from_numpy(pixels[:height, :width]).permute(2, 0, 1)[None] / 255


@cache
def network() -> Perception:
    """Looks at the top of a picture: the response to its edges."""
    with torch.random.fork_rng():
        torch.manual_seed(0)  # the same in whatever order tests run
        edges = nn.Conv2d(3, 4, 3, padding=1)
    made = nn.Sequential(OrderedDict(edges=edges, seen=nn.ReLU(), mean=TopHalf()))
    return Perception(made, layers=("edges",), class_names=list("abcd"), name="top")


class TopHalf(nn.Module):
    def forward(self, features: Tensor) -> Tensor:
        return features[:, :, : features.shape[2] // 2].mean(dim=(2, 3))


def opened(name: str) -> SymbolLink:
    link = open_link(name, "", network())
    assert isinstance(link, SymbolLink)
    assert link.name == name
    return link


def situation(snr_db: float, ratio: Fraction, draw: int = 0, channel: str = "awgn") -> Situation:
    return Situation(CHANNELS[channel], snr_db, ratio, Draws(0, [0], draw))


def error(link: SymbolLink, images: Tensor, where: Situation) -> float:
    found = link.send(images, where).images
    assert found is not None
    return float((found - images).square().mean())


@pytest.mark.parametrize("name", NAMES)
@given(
    st.integers(16, 70),
    st.integers(16, 70),
    RATIOS,
    st.sampled_from([-12, -5, 0, 10, 20, 30]),
    st.integers(0, 9),
)
@settings(max_examples=10)
def test_k_symbols_of_power_one_make_an_image_at_any_size_ratio_and_snr(
    name: str, height: int, width: int, ratio: Fraction, snr_db: int, seed: int
) -> None:
    link = opened(name)
    images = photograph(70, 70)[..., :height, :width] * (1 + seed) / 10
    sent = link.transmit(images, ratio, float(snr_db))
    assert sent.symbols.shape == (1, channel_uses(height, width, ratio))
    assert sent.symbols.dtype == torch.complex64
    assert float(sent.symbols.abs().square().mean()) == pytest.approx(1, abs=1e-4)
    symbols, knowledge = CHANNELS["awgn"](sent.symbols, float(snr_db), Draws(0, [seed]))
    received = link.receive(symbols, knowledge, sent.control)
    assert received.images is not None
    assert received.images.shape == images.shape
    assert torch.equal(received.images, quantise(received.images))
    assert received.channel_uses == round(measured_ratio(height, width, ratio) * images.numel())
    assert received.control_bits == sent.control[0].to_bits()


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_gets_better_with_the_snr_and_with_the_ratio(name: str) -> None:
    link, images = opened(name), photograph(96, 96)
    errors = [error(link, images, situation(snr, Fraction(1, 24))) for snr in (-5, 5, 20)]
    errors += [error(link, images, situation(20, Fraction(1, 6)))]
    assert all(worse > better for worse, better in pairwise(errors))


@pytest.mark.parametrize("name", NAMES)
def test_an_image_alone_and_among_others_is_sent_alike(name: str) -> None:
    link, ratio = opened(name), Fraction(1, 24)
    images = torch.cat([photograph(48, 48), photograph(48, 48).flip(3) * 0.2])
    together = link.transmit(images, ratio, 10.0)
    for place in range(2):
        alone = link.transmit(images[place : place + 1], ratio, 10.0)
        torch.testing.assert_close(together.symbols[place], alone.symbols[0])
        assert together.control[place] == alone.control[0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_picture_of_one_colour_arrives_as_such(name: str, value: float) -> None:
    images = torch.full((1, 3, 64, 48), value)
    found = opened(name).send(images, situation(20.0, Fraction(1, 12))).images
    assert found is not None
    assert float((found - images).abs().max()) < 0.1
    assert float((found - images).square().mean()) < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_over_a_noiseless_channel_all_that_is_sent_arrives(name: str) -> None:
    # At R = 1 there is room for every coefficient; what is left is the rounding of the gain.
    link, images = opened(name), photograph(64, 64)
    sent = link.transmit(images, Fraction(1), 26.0)
    knowledge = ChannelKnowledge(torch.ones(1, dtype=torch.complex64), torch.zeros(1))
    found = link.receive(sent.symbols, knowledge, sent.control).images
    assert found is not None
    assert float((found - images).square().mean()) < 3e-4


@pytest.mark.parametrize("name", NAMES)
def test_fading_and_erasures_cost_quality_and_never_the_picture(name: str) -> None:
    link, images, ratio = opened(name), photograph(96, 96), Fraction(1, 24)
    clean = error(link, images, situation(10.0, ratio))
    for channel in ("block-rayleigh", "fast-rayleigh"):
        faded = [error(link, images, situation(10.0, ratio, n, channel)) for n in range(4)]
        assert clean < float(np.mean(faded)) < float(images.var())
    sent = link.transmit(images, ratio, 10.0)
    lost = torch.where(torch.arange(sent.symbols.shape[1]) >= sent.symbols.shape[1] // 2, 0.1, 9e9)
    lost = torch.where(lost > 1, torch.inf, lost)[None]
    knowledge = ChannelKnowledge(torch.ones(1, dtype=torch.complex64), lost)
    found = link.receive(
        torch.where(lost.isinf(), torch.nan, sent.symbols), knowledge, sent.control
    ).images
    assert found is not None
    assert bool(found.isfinite().all())


def test_linear_tells_the_gain_and_the_snr() -> None:
    images, mean = photograph(32, 32), mean_colour()[:, None, None]
    (control,) = opened("linear").transmit(images, Fraction(1, 12), 7.4).control
    assert control.to_bits() == Control("linear", 32, 32, Fraction(1, 12)).to_bits() + 13
    gains, snrs_db = from_words([control.level or 0])
    assert snrs_db.tolist() == [7.0]
    (brighter,) = (
        opened("linear").transmit(mean + 2 * (images - mean), Fraction(1, 12), 7.4).control
    )
    assert float(from_words([brighter.level or 0])[0] / gains) == pytest.approx(2, rel=0.03)


def test_a_wrong_belief_costs_the_receiver_little() -> None:
    link, images, ratio = opened("linear"), photograph(128, 128), Fraction(1, 12)
    right = error(link, images, situation(10.0, ratio))
    for assumed in (5.0, 15.0):
        where = Situation(CHANNELS["awgn"], 10.0, ratio, Draws(0, [0]), assumed)
        assert right < error(link, images, where) < 1.5 * right


def adaptive() -> AdaptiveLinearLink:
    return AdaptiveLinearLink()


def test_adaptive_gives_busy_regions_the_room() -> None:
    generator = torch.Generator().manual_seed(4)
    images = torch.full((1, 3, 64, 128), 0.5)
    images[..., 64:] += 0.2 * torch.randn(1, 1, 64, 64, generator=generator)
    images = images.clamp(0, 1)
    where = situation(20.0, Fraction(1, 6))
    both = []
    for name in NAMES[:2]:
        found = opened(name).send(images, where).images
        assert found is not None
        both.append((found - images).square()[..., 64:].mean())
    assert both[1] < 0.8 * both[0]


@pytest.mark.parametrize("ratio", [Fraction(1, 48), Fraction(1, 12)])
def test_adaptive_is_ahead_of_linear_on_a_photograph(ratio: Fraction) -> None:
    images = photograph(256, 256)
    for snr_db in (0.0, 10.0):
        fixed, ours = (error(opened(name), images, situation(snr_db, ratio)) for name in NAMES[:2])
        assert ours < 0.9 * fixed


def test_a_policy_spends_where_the_network_looks() -> None:
    images, where = photograph(256, 256), situation(10.0, Fraction(1, 48))
    halves = []
    for name in ("linear-adaptive", f"{WEIGHING}@0.5", WEIGHING):
        link = open_link(name, "", network())
        found = link.send(images, where).images
        assert found is not None
        errors = (found - images).square().mean(dim=(0, 1, 3))
        halves.append((float(errors[:128].mean()), float(errors[128:].mean())))
    tops, bottoms = zip(*halves, strict=True)
    assert tops[2] < tops[1] < 0.95 * tops[0]
    assert bottoms[2] > bottoms[1] > 1.05 * bottoms[0]


def test_energy_is_what_is_done_without_a_policy() -> None:
    images, ratio = photograph(64, 64), Fraction(1, 12)
    plain, named = (
        open_link(name, "").transmit(images, ratio, 10.0)  # pyright: ignore[reportAttributeAccessIssue]
        for name in ("linear-adaptive", "linear-adaptive+energy")
    )
    assert torch.equal(plain.symbols, named.symbols)


def test_adaptive_needs_no_side_information_where_there_is_no_room_for_it() -> None:
    sent = adaptive().transmit(photograph(16, 16), Fraction(1, 48), 0.0)
    (control,) = sent.control
    assert control.announced is not None
    assert control.announced.block == NO_BLOCK
    symbols, knowledge = CHANNELS["awgn"](sent.symbols, 0.0, Draws(0, [0]))
    _, whole = adaptive().estimate(symbols, knowledge, sent.control)
    assert whole.tolist() == [True]


def test_where_the_side_information_is_lost_the_overview_remains() -> None:
    images, ratio = photograph(128, 128), Fraction(1, 12)
    sent = adaptive().transmit(images, ratio, 10.0)
    (control,) = sent.control
    assert control.announced is not None
    uses = control.announced.block.uses(sent.symbols.shape[1])
    assert uses > 0
    symbols, knowledge = CHANNELS["awgn"](sent.symbols, 10.0, Draws(0, [0]))
    symbols[:, :uses] = 0.5 * symbols[:, :uses].flip(1)
    _, whole = adaptive().estimate(symbols, knowledge, sent.control)
    assert whole.tolist() == [False]
    received = adaptive().receive(symbols, knowledge, sent.control)
    assert received.images is not None
    # The means of blocks are there: better than they could be guessed, and nothing finer.
    means = torch.nn.functional.avg_pool2d(images, 16)
    found = torch.nn.functional.avg_pool2d(received.images, 16)
    assert float((found - means).square().mean()) < 0.1 * float(means.var())
    spread = (received.images - found.repeat_interleave(16, 2).repeat_interleave(16, 3)).abs()
    assert float(spread.max()) < 2 / 255


def test_adaptive_tells_35_bits_besides_codec_size_and_ratio() -> None:
    (control,) = adaptive().transmit(photograph(64, 64), Fraction(1, 12), 10.0).control
    assert control.to_bits() == Control("x", 64, 64, Fraction(1, 12)).to_bits() + 35


def test_a_sender_that_tunes_is_understood_better(coarse_perception: Perception) -> None:
    judge = coarse_perception
    image, moved, squared = photograph(96, 128), {}, {}
    for name in ("linear-adaptive+importance-energy", "linear-adaptive+semantic"):
        link = open_link(name, "", judge)
        assert isinstance(link, SymbolLink)
        sent = link.transmit(image, Fraction(1, 96), 0.0)  # which takes most of the time
        decoded = [
            link.receive(*CHANNELS["awgn"](sent.symbols, 0.0, Draws(0, [0], draw)), sent.control)
            for draw in range(8)
        ]
        received = torch.cat([one.images for one in decoded if one.images is not None])
        moved[name] = float(distillation_error(judge, image, received).mean())
        squared[name] = float((received - image).square().mean())
    before, after = moved.values()
    assert after < before / 2
    before, after = squared.values()
    assert after < 1.5 * before
