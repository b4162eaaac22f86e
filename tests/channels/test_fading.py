"""Rayleigh fading against its closed forms."""

import functools
import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import binom, kstest

from semjscc.channels import CHANNELS, Channel
from semjscc.channels.awgn import awgn
from semjscc.channels.base import Ergodic, Outage, said_of
from semjscc.channels.equaliser import equalise
from semjscc.channels.fading import block_rayleigh, ergodic_snr, fast_rayleigh
from semjscc.randomness import Draws

IMAGES = 4000


def qpsk(images: int, symbols: int) -> torch.Tensor:
    bits = np.random.default_rng(0).integers(0, 2, (images, symbols, 2))
    return torch.view_as_complex(torch.from_numpy(2 * bits - 1).float()) * 0.5**0.5


@pytest.mark.parametrize(
    ("channel", "shape"), [(block_rayleigh, (IMAGES,)), (fast_rayleigh, (IMAGES, 8))]
)
def test_gain_is_rayleigh_of_mean_power_one(channel: Channel, shape: tuple[int, ...]) -> None:
    _, knowledge = channel(qpsk(IMAGES, 8), 10.0, Draws(0, range(IMAGES)))
    assert knowledge.gain.shape == shape
    power = knowledge.gain.abs().square().flatten().numpy()
    assert kstest(power, "expon").pvalue > 0.01
    turn = (knowledge.gain.angle().flatten().numpy() + math.pi) / (2 * math.pi)
    assert kstest(turn, "uniform").pvalue > 0.01


@pytest.mark.parametrize("channel", [block_rayleigh, fast_rayleigh])
@pytest.mark.parametrize("snr_db", [0.0, 10.0])
def test_qpsk_errors_are_those_of_rayleigh_fading(channel: Channel, snr_db: float) -> None:
    sent = qpsk(IMAGES, 1)  # one symbol an image: all decisions are independent
    symbols, variance = equalise(*channel(sent, snr_db, Draws(1, range(IMAGES))))
    wrong = int((symbols.real.sign() != sent.real.sign()).sum())
    # Per bit SNR is half of Es/N0: P = (1 - sqrt(g/(1 + g)))/2 (Proakis, chapter 13).
    g = 10 ** (snr_db / 10) / 2
    low, high = binom.interval(0.999, IMAGES, (1 - math.sqrt(g / (1 + g))) / 2)
    assert low <= wrong <= high
    assert (variance > 0).all()


@pytest.mark.parametrize("channel", [block_rayleigh, fast_rayleigh])
def test_equalised_noise_is_what_the_receiver_is_told(channel: Channel) -> None:
    sent = qpsk(500, 64)
    symbols, variance = equalise(*channel(sent, 5.0, Draws(2, range(500))))
    normal = (symbols - sent) / variance.sqrt()
    assert float(normal.abs().square().mean()) == pytest.approx(1, abs=0.02)


def test_gain_is_the_images_own_at_any_snr_and_in_any_batch() -> None:
    sent = qpsk(5, 16)
    _, low = block_rayleigh(sent, 0.0, Draws(0, range(5)))
    _, high = block_rayleigh(sent[3:4], 20.0, Draws(0, [3]))
    assert torch.equal(low.gain[3:4], high.gain)
    assert set(CHANNELS) == {"awgn", "block-rayleigh", "fast-rayleigh"}


@pytest.mark.parametrize("mean_db", [-25.0, -15.0, 0.0, 10.0, 30.0])
def test_fast_fading_has_the_ergodic_capacity(mean_db: float) -> None:
    gamma = 10 ** (mean_db / 10)
    ergodic = quad(lambda power: math.exp(-power) * math.log2(1 + power * gamma), 0, 60)[0]
    assert math.log2(1 + 10 ** (ergodic_snr(mean_db) / 10)) == pytest.approx(ergodic, rel=1e-3)


def test_what_a_sender_may_know_is_what_happens() -> None:
    outage = said_of(block_rayleigh)
    assert isinstance(outage, Outage)
    _, knowledge = block_rayleigh(qpsk(IMAGES, 1), 10.0, Draws(3, range(IMAGES)))
    own_db = 10 + 20 * knowledge.gain.abs().log10()
    for snr_db in (0.0, 7.0, 12.0):
        low, high = binom.interval(0.999, IMAGES, outage.arrives(snr_db, 10.0))
        assert low <= int((own_db >= snr_db).sum()) <= high
    steady, fast = said_of(awgn), said_of(fast_rayleigh)
    assert isinstance(steady, Ergodic)
    assert steady.snr_db(7.0) == 7.0
    assert isinstance(fast, Ergodic)
    assert fast.snr_db(7.0) < 7.0


def test_what_a_channel_says_is_not_said_of_one_around_it() -> None:
    @functools.wraps(awgn)
    def around(*arguments: Any) -> Any:
        return block_rayleigh(*arguments)

    assert said_of(around) is None
    assert said_of(functools.partial(awgn)) is None
