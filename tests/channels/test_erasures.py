"""A lost tail and lost packets: what arrives is as of AWGN, and the rest is known to be lost."""

import math
import pickle
from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from torch import Tensor

from semjscc.channels import channel_named, channel_text
from semjscc.channels.awgn import awgn
from semjscc.channels.equaliser import equalise
from semjscc.channels.erasures import PACKET, Bursts, Cut
from semjscc.channels.passing import through_channel
from semjscc.errors import UserError
from semjscc.randomness import Draws
from semjscc.results.fingerprint import channel_fingerprint


def ones(images: int, k: int) -> Tensor:
    return torch.ones(images, k, dtype=torch.complex64)


@given(st.integers(1, 300), st.fractions(Fraction(1, 1000), 1))
def test_the_first_symbols_arrive_as_without_the_cut(k: int, share: Fraction) -> None:
    sent, draws = ones(2, k), Draws(0, [3, 5])
    whole, _ = awgn(sent, 5.0, draws)
    symbols, knowledge = through_channel(Cut(share), sent, 5.0, draws)
    count = math.ceil(share * k)
    assert count >= 1
    assert torch.equal(symbols[:, :count], whole[:, :count])
    assert not symbols[:, count:].any()
    assert knowledge.noise_variance.isinf().sum(dim=1).tolist() == [k - count] * 2


@given(st.integers(1, 300), st.integers(0, 4))
def test_whole_packets_are_lost_and_more_of_them_with_a_higher_probability(
    k: int, fifths: int
) -> None:
    sent, draws = ones(2, k), Draws(0, [1, 2])
    lost = []
    for probability in (Fraction(fifths, 5), Fraction(fifths + 1, 5)):
        symbols, variance = equalise(*Bursts(probability)(sent, 5.0, draws))
        assert torch.equal(variance.isinf(), symbols == 0)
        for packet in variance.isinf().split(PACKET, dim=1):
            assert (packet.all(dim=1) | ~packet.any(dim=1)).all()
        lost.append(variance.isinf())
    assert (lost[0] <= lost[1]).all()
    alone, _ = Bursts(Fraction(1, 2))(sent[:1], 5.0, Draws(0, [2]))
    both, _ = Bursts(Fraction(1, 2))(sent, 5.0, draws)
    assert torch.equal(alone[0], both[1])


def test_packets_are_lost_as_often_as_is_said() -> None:
    _, knowledge = Bursts(Fraction(1, 10))(ones(40, 100 * PACKET), 5.0, Draws(0, range(40)))
    count = int(knowledge.noise_variance.isinf().sum()) // PACKET
    low, high = binom.interval(0.999, 4000, 0.1)
    assert low <= count <= high


def test_a_name_says_how_much_is_lost() -> None:
    assert channel_named("cut@0.25") == Cut(Fraction(1, 4)) == channel_named("cut@1/4")
    assert channel_named("bursts@.1") == Bursts(Fraction(1, 10))
    # What a sender has found out about a channel is kept by the object.
    assert channel_named("cut@0.25") is channel_named("cut@1/4")
    names = ["cut@0.25", "cut@1/4", "cut@.250", "bursts@1/3", "bursts@0.0", "awgn", "mine:cut@1/4"]
    spellings = ["cut@0.25", "cut@0.25", "cut@0.25", "bursts@1/3", "bursts@0", "awgn", names[-1]]
    assert list(map(channel_text, names)) == spellings
    assert pickle.loads(pickle.dumps(channel_named("bursts@0.1"))) == Bursts(Fraction(1, 10))
    assert channel_fingerprint(channel_named("cut@0.25")) == ""


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cut", "like 0.25 or 1/4"),
        ("cut@0", "above 0 and at most 1"),
        ("cut@1.5", "above 0 and at most 1"),
        ("cut@1e-999999999", "above 0"),
        ("cut@1/0", "above 0"),
        ("bursts@-0.1", "how likely a packet is lost"),
        ("bursts@nan", "from 0 to 1"),
        ("burst@0.1", "no channel"),
    ],
)
def test_what_is_no_such_channel_is_one_line(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        channel_named(name)
