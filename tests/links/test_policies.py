"""Links with every policy and source: what all hold to, and what each does with a picture."""

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from semjscc.allocation.marks import Box
from semjscc.allocation.masks import drawn_mask
from semjscc.allocation.policy import Policy
from semjscc.allocation.sender import Allocation, ByMask, BySaliency
from semjscc.channels import CHANNELS
from semjscc.codecs.bandwidth import channel_uses
from semjscc.codecs.deep import Deep
from semjscc.data.drawn.backdrops import backdrop
from semjscc.errors import UserError
from semjscc.linear.planning.announcement import NO_BLOCK
from semjscc.links import CodecLink, Situation, SymbolLink, open_link
from semjscc.links.base import Transmission
from semjscc.links.joint_coding.hybrid import HybridLink
from semjscc.links.joint_coding.linear_adaptive import AdaptiveLinearLink
from semjscc.links.separate_coding.source import SourceStage
from semjscc.perception.base import Perception
from semjscc.randomness import Draws
from semjscc.results.fingerprint import link_fingerprint

RATIO, SNR_DB = Fraction(1, 24), 10.0
WORDS = ("uniform", "energy", "importance", "importance-energy", "importance-energy:saliency")
KINDS = ("linear-adaptive", "hybrid", "deep")


@cache
def photograph(height: int, width: int) -> Tensor:
    """(1, 3, H, W), of one of scikit-image's photographs."""
    pixels = backdrop(np.random.default_rng(3), "test", max(height, width))
    return torch.from_numpy(pixels[:height, :width]).permute(2, 0, 1)[None] / 255


@cache
def codec() -> Deep:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Deep(width=4, encoder_blocks=(1, 1), decoder_blocks=(1, 1, 1))


def made(kind: str, allocation: Allocation | None) -> SymbolLink:
    if kind == "deep":
        return CodecLink(kind, codec(), allocation=allocation)
    if kind == "hybrid":
        return HybridLink(kind, SourceStage("", "jpeg"), allocation)
    return AdaptiveLinearLink(kind, allocation)


def allocation(word: str, perception: Perception) -> Allocation:
    word, _, source = word.partition(":")
    name, _, exponent = word.partition("@")
    policy = Policy(name, float(exponent or 1))
    if source:
        return BySaliency(policy)
    return Allocation(policy, perception if policy.weighs else None)


def sent(kind: str, word: str | None, images: Tensor, perception: Perception) -> Transmission:
    link = made(kind, None if word is None else allocation(word, perception))
    return link.transmit(images, RATIO, SNR_DB)


@pytest.mark.parametrize("word", WORDS)
@given(
    st.sampled_from(KINDS),
    st.integers(16, 150),
    st.integers(16, 150),
    st.sampled_from([Fraction(1, n) for n in (384, 96, 24, 6)]),
    st.sampled_from([-5, 0, 10, 20]),
)
@settings(max_examples=6)
def test_k_symbols_of_power_one_make_an_image_whatever_the_policy(
    tiny_perception: Perception,
    word: str,
    kind: str,
    height: int,
    width: int,
    ratio: Fraction,
    snr_db: int,
) -> None:
    link = made(kind, allocation(word, tiny_perception))
    images = photograph(150, 150)[..., :height, :width]
    symbols = link.transmit(images, ratio, float(snr_db)).symbols
    assert symbols.shape == (1, channel_uses(height, width, ratio))
    power = float(symbols.abs().square().mean())
    # A transport block alone has the power of its constellation, which is 1 in the mean.
    assert power == pytest.approx(1, abs=1e-4 if kind != "hybrid" else 0.3)
    where = Situation(CHANNELS["awgn"], float(snr_db), ratio, Draws(0, [0]))
    received = link.send(images, where).images
    assert received is not None
    assert received.shape == images.shape
    assert received.isfinite().all()


@pytest.mark.parametrize("kind", KINDS)
def test_without_an_exponent_there_is_no_importance(kind: str, tiny_perception: Perception) -> None:
    images = photograph(128, 128)
    for word, same in (("importance-energy@0", "energy"), ("importance@0", "uniform")):
        first, second = (sent(kind, one, images, tiny_perception) for one in (word, same))
        assert torch.equal(first.symbols, second.symbols)
        assert first.control == second.control
    plain, energy = (sent(kind, one, images, tiny_perception) for one in (None, "energy"))
    assert torch.equal(plain.symbols, energy.symbols)


@pytest.mark.parametrize("kind", ["linear-adaptive", "deep"])
def test_uniform_tells_regions_apart_in_nothing(kind: str, tiny_perception: Perception) -> None:
    images = torch.full((1, 3, 64, 128), 0.5)
    noise = torch.randn(3, 64, 64, generator=torch.Generator().manual_seed(1))
    images[..., 64:] += 0.2 * noise
    blocks = []
    for word in ("uniform", "energy"):
        link = made(kind, allocation(word, tiny_perception))
        (control,) = link.transmit(images.clamp(0, 1), Fraction(1, 6), 20.0).control
        assert control.announced is not None
        blocks.append(control.announced.block)
    assert blocks[0] == NO_BLOCK  # so that both ends take all regions to be alike
    assert blocks[1] != NO_BLOCK


BOX = Box(0, 0, 64, 128)
"""The left half."""


@pytest.mark.parametrize("name", ["importance", "importance-energy"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_person_marks_arrives_better_and_the_rest_stays_recognisable(
    kind: str, name: str
) -> None:
    images = photograph(128, 128)
    mask = drawn_mask([BOX], [], (128, 128))
    marked = ByMask(Policy(name), mask=mask)
    plain = Allocation(Policy("energy" if name == "importance-energy" else "uniform"))
    where = Situation(CHANNELS["awgn"], SNR_DB, RATIO, Draws(0, [0]))
    errors = []
    for one in (plain, marked):
        received = made(kind, one).send(images, where).images
        assert received is not None
        squared = (received - images).square()
        errors.append((float(squared[..., :64].mean()), float(squared[..., 64:].mean())))
    (inside, outside), (marked_inside, marked_outside) = errors
    assert marked_inside < 0.8 * inside
    assert marked_outside > outside
    assert marked_outside < 0.5 * float(images[..., 64:].var())


def test_a_sender_without_a_network_weighs_by_what_stands_out() -> None:
    link = open_link("linear-adaptive+importance-energy:saliency", "")
    assert link.facts() == {"name": link.name, "importance": "saliency"}
    plain = open_link("linear-adaptive", "")
    images = photograph(128, 128)
    assert isinstance(link, SymbolLink)
    assert isinstance(plain, SymbolLink)
    symbols = [one.transmit(images, RATIO, SNR_DB).symbols for one in (link, plain)]
    assert not torch.equal(*symbols)
    with pytest.raises(UserError, match="or add :predicted or :saliency, which need none"):
        open_link("linear-adaptive+importance-energy", "")


def test_a_mask_is_in_the_name_and_in_the_fingerprint(tiny_perception: Perception) -> None:
    first, second = torch.zeros(2, 128, 32)
    first[:64], second[64:] = 1, 1
    name = "linear-adaptive+importance-energy"
    links = [open_link(name, "", important=mask) for mask in (first, second)]
    links.append(open_link(name, "", tiny_perception))
    links.append(open_link(f"{name}:saliency", ""))
    assert links[0].name == f"{name}:mask"
    assert links[0].facts()["importance"] == "mask"
    assert "importance" not in links[2].facts()
    prints = {link_fingerprint(link) for link in links}
    assert None not in prints
    assert len(prints) == len(links)
    with pytest.raises(UserError, match="--important needs a policy"):
        open_link("linear-adaptive", "", important=first)
