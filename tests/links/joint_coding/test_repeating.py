"""A receiver that asks once more: what it asks for, what it costs, and what it brings."""

import math
from dataclasses import replace
from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor

from semjscc.channels import channel_named
from semjscc.channels.erasures import PACKET
from semjscc.data.drawn.backdrops import backdrop
from semjscc.errors import UserError
from semjscc.links import Received, Situation, open_link
from semjscc.links.catalogue import find_link
from semjscc.links.check_received import check_received
from semjscc.links.joint_coding.linear_adaptive import AdaptiveLinearLink
from semjscc.links.joint_coding.progressive import ProgressiveLink
from semjscc.links.joint_coding.repeating import SCALE_BITS, RepeatingLink
from semjscc.links.separate_coding.source import mean_image
from semjscc.perception.base import Perception
from semjscc.radio.supported_links import check_carried
from semjscc.randomness import Draws
from semjscc.transmission import transmit

RATIO = Fraction(1, 24)
SIDE = 192
K = 4608
INNER = AdaptiveLinearLink()
LINKS = (INNER, ProgressiveLink("ordered", INNER))


@cache
def photograph() -> Tensor:
    """(1, 3, 192, 192), of one of scikit-image's photographs."""
    pixels = backdrop(np.random.default_rng(3), "test", SIDE)
    return torch.from_numpy(pixels[:SIDE, :SIDE]).permute(2, 0, 1)[None] / 255


def situation(channel: str, draw: int = 0) -> Situation:
    return Situation(channel_named(channel), 10.0, RATIO, Draws(0, [0], draw))


def images_of(received: Received) -> Tensor:
    assert received.images is not None
    return received.images


def errors(link: AdaptiveLinearLink | ProgressiveLink | RepeatingLink, channel: str) -> list[float]:
    return [
        float(
            (images_of(link.send(photograph(), situation(channel, draw))) - photograph())
            .square()
            .mean()
        )
        for draw in range(3)
    ]


@pytest.mark.parametrize("inner", LINKS)
def test_where_nothing_is_lost_nothing_is_asked_for(
    inner: AdaptiveLinearLink | ProgressiveLink,
) -> None:
    plain = inner.send(photograph(), situation("awgn"))
    asking = RepeatingLink("asking", inner, Fraction(1, 4)).send(photograph(), situation("awgn"))
    assert torch.equal(images_of(plain), images_of(asking))
    assert asking.repeated is not None
    assert asking.repeated.tolist() == [0]
    assert asking.channel_uses == plain.channel_uses == K
    assert asking.control_bits == plain.control_bits + SCALE_BITS


@pytest.mark.parametrize("inner", LINKS)
def test_what_is_asked_for_is_counted_and_brings_more_than_chance(
    inner: AdaptiveLinearLink | ProgressiveLink,
) -> None:
    share, channel = Fraction(1, 10), "bursts@0.15"
    found = {}
    for by_chance in (False, True):
        link = RepeatingLink("asking", inner, share, by_chance=by_chance)
        received = link.send(photograph(), situation(channel))
        check_received("asking", photograph(), received, RATIO)
        assert received.repeated is not None
        assert 0 < int(received.repeated[0]) <= share * K
        assert int(received.repeated[0]) > share * K - PACKET
        found[by_chance] = sum(errors(link, channel))
    assert found[False] < found[True]
    assert found[True] < sum(errors(inner, channel))


def test_a_lost_block_is_asked_for_first() -> None:
    link = RepeatingLink("asking", INNER, Fraction(1, 4))
    sent = INNER.transmit(photograph(), RATIO, 10.0)
    (control,) = sent.control
    assert control.announced is not None
    block = control.announced.block.uses(K)
    assert PACKET < block < 2 * PACKET
    # All is lost but the block's beginning; what is worth most of the rest stands behind it.
    start, end = PACKET // 2, 2 * PACKET
    variance = torch.full((K,), math.inf)
    variance[:start] = 0.1
    symbols = torch.where(variance.isinf(), 0, sent.symbols[0])
    places = link._asked_for(symbols, variance, control, Draws(0, [0]))
    assert torch.equal(places[: end - start].sort().values, torch.arange(start, end))
    by_chance = RepeatingLink("asking", INNER, Fraction(1, 4), by_chance=True)
    others = by_chance._asked_for(symbols, variance, control, Draws(0, [0]))
    assert len(others) == len(places) == K // 4
    assert not torch.equal(others[: end - start].sort().values, torch.arange(start, end))


def test_a_small_image_asks_for_a_part_of_a_packet() -> None:
    small = photograph()[..., :64, :64]
    link = RepeatingLink("asking", INNER, Fraction(1, 10))
    received = link.send(small, situation("bursts@0.5"))
    assert received.repeated is not None
    assert received.repeated.tolist() == [received.channel_uses // 10]


def test_each_image_of_a_batch_asks_for_its_own() -> None:
    images = torch.cat([photograph(), photograph().flip(3)])
    for inner in LINKS:
        link = RepeatingLink("asking", inner, Fraction(1, 10))
        met = situation("bursts@0.2")
        together = link.send(images, replace(met, draws=Draws(0, [0, 1])))
        assert together.repeated is not None
        for row in range(2):
            alone = link.send(images[row][None], replace(met, draws=Draws(0, [row])))
            assert torch.equal(images_of(together)[row], images_of(alone)[0])
            assert alone.repeated is not None
            assert together.repeated[row] == alone.repeated[0]


def test_what_is_sent_again_stands_in_results_and_reports(tiny_perception: Perception) -> None:
    link = open_link("linear-adaptive+repeat@0.5", "")
    met = situation("bursts@0.3")
    _, report = transmit(photograph()[0], link, tiny_perception, met)
    again = report.channel_uses - K
    assert 0 < again <= K // 2
    assert report.ratio_measured == pytest.approx((K + again) / (3 * SIDE**2))


def test_names_and_what_they_need() -> None:
    link = open_link("linear-adaptive+progressive+repeat@0.1", "")
    assert isinstance(link, RepeatingLink)
    assert isinstance(link.inner, ProgressiveLink)
    assert link.facts()["name"] == link.name == "linear-adaptive+progressive+repeat@0.1"
    assert (link.share, link.by_chance) == (Fraction(1, 10), False)
    other = open_link("linear-adaptive+repeat-any@1/4", "")
    assert isinstance(other, RepeatingLink)
    assert (other.share, other.by_chance) == (Fraction(1, 4), True)
    for name in ("linear-adaptive+repeat", "linear-adaptive+repeat@0", "linear-adaptive+repeat@2"):
        with pytest.raises(UserError, match=r"like 0\.1 or 1/10"):
            find_link(name, "")
    with pytest.raises(UserError, match="linear has no plan"):
        find_link("linear+repeat@0.1", "")
    with pytest.raises(UserError, match="the modem has no way back to ask again"):
        check_carried(find_link("linear-adaptive+repeat@0.1", ""))


def test_links_without_a_plan_bear_what_is_lost() -> None:
    for channel in ("cut@0.01", "bursts@1"):
        lost = open_link("separate-jpeg@10", "").send(photograph(), situation(channel))
        assert not lost.delivered.any()
        assert torch.equal(images_of(lost)[0], mean_image("", (SIDE, SIDE)))
        for name in ("linear", "linear-adaptive"):
            assert (
                images_of(open_link(name, "").send(photograph(), situation(channel)))
                .isfinite()
                .all()
            )
    with pytest.raises(UserError, match="for awgn only"):
        open_link("capacity", "").send(photograph(), situation("cut@0.5"))
