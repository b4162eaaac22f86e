"""Schemes for channels that say nothing of themselves, against channels of which all is known."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from semjscc.channels.awgn import awgn
from semjscc.channels.base import Channel, ChannelKnowledge
from semjscc.channels.fading import block_rayleigh, rayleigh_arrives
from semjscc.links import Situation
from semjscc.links.separate_coding import rehearsal
from semjscc.links.separate_coding.rehearsal import rehearsed_snr
from semjscc.links.separate_coding.separate import SeparateLink
from semjscc.links.separate_coding.source import SourceStage
from semjscc.randomness import Draws
from semjscc.separation.choice import Worth, outage_snr, worth_of
from semjscc.separation.table import choose_mode

K = 128
WORTH = worth_of("", Fraction(1, 24))


def silent(channel: Channel) -> Channel:
    """The same channel without a word of itself."""

    def unsaid(*arguments: Any) -> tuple[Tensor, ChannelKnowledge]:
        return channel(*arguments)

    return unsaid


def strong_and_weak(
    symbols: Tensor, snr_db: float, draws: Draws
) -> tuple[Tensor, ChannelKnowledge]:
    """Half of the symbols 9 dB above the other half, as on a band with a fade; mean power 1."""
    power = torch.where(torch.arange(symbols.shape[1]) % 2 == 0, 1.776, 0.224)
    gain = power.sqrt().to(symbols.dtype).expand(symbols.shape)
    received, knowledge = awgn(gain * symbols, snr_db, draws)
    return received, ChannelKnowledge(gain, knowledge.noise_variance)


def misjudged(symbols: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
    """Interference of the noise's own power, of which the receiver knows nothing."""
    received, knowledge = awgn(symbols, snr_db - 3, draws)
    return received, ChannelKnowledge(knowledge.gain, knowledge.noise_variance / 2)


@pytest.fixture(autouse=True)
def few_trials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "TRIALS", 40)
    monkeypatch.setattr(rehearsal, "_known", {})


@pytest.mark.parametrize("snr_db", [0.0, 10.0])
def test_awgn_by_another_name_has_the_schemes_of_awgn(snr_db: float) -> None:
    named = choose_mode(K, snr_db)
    found = rehearsed_snr(silent(awgn), K, snr_db, WORTH)
    assert named is not None
    assert snr_db - 0.5 <= found <= snr_db + 1
    tried = choose_mode(K, found)
    assert tried is not None
    assert tried.payload_bits >= named.payload_bits


def test_block_fading_that_says_nothing_is_designed_for_all_the_same() -> None:
    found = rehearsed_snr(silent(block_rayleigh), K, 10.0, WORTH)

    def worth(snr_db: float) -> float:
        return WORTH.expected(snr_db, rayleigh_arrives(snr_db, 10.0))

    best = outage_snr(WORTH, lambda snr_db: rayleigh_arrives(snr_db, 10.0))
    # Forty trials do not find the very best, but nothing that is far from it.
    assert worth(found) > 0.9 * worth(best)


@pytest.mark.parametrize("channel", [strong_and_weak, misjudged])
def test_a_channel_worse_than_its_mean_snr_gets_a_scheme_that_arrives(channel: Channel) -> None:
    found = rehearsed_snr(channel, K, 10.0, WORTH)
    mode = choose_mode(K, found)
    assert mode is not None
    fresh = Draws(7, range(40))
    assert rehearsal._arrived_share(channel, mode, K, 10.0, fresh) >= 0.85
    hopeful = choose_mode(K, 10.0)
    assert hopeful is not None
    assert rehearsal._arrived_share(channel, hopeful, K, 10.0, fresh) <= 0.5


def test_where_nothing_arrives_the_mean_is_left() -> None:
    def dead(symbols: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
        received, knowledge = awgn(symbols, snr_db, draws)
        return received, ChannelKnowledge(knowledge.gain, knowledge.noise_variance * math.inf)

    assert rehearsed_snr(dead, K, 10.0, WORTH) == 10.0
    assert rehearsed_snr(silent(awgn), K, -30.0, WORTH) == -30.0


def test_separate_asks_and_else_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Channel, int, float]] = []

    def tried(channel: Channel, k: int, snr_db: float, worth: Worth) -> float:
        assert np.array_equal(worth.scores, WORTH.scores)
        asked.append((channel, k, snr_db))
        return 4.5

    monkeypatch.setattr("semjscc.links.separate_coding.separate.rehearsed_snr", tried)
    link = SeparateLink("separate", SourceStage("", "jpeg"))
    size, ratio = (32, 32), Fraction(1, 24)

    def snr(channel: Channel, link: SeparateLink = link) -> float:
        return link.sender_snr_db(Situation(channel, 10.0, ratio, Draws(0, [0]), 8.0), size)

    assert snr(awgn) == 8.0
    assert snr(block_rayleigh) == outage_snr(WORTH, lambda s: rayleigh_arrives(s, 8.0))
    assert not asked
    unsaid = silent(awgn)
    assert snr(unsaid) == 4.5
    assert asked == [(unsaid, 128, 8.0)]
    assert snr(unsaid, SeparateLink("separate@12", SourceStage("", "jpeg"), 12.0)) == 12.0
    assert len(asked) == 1
