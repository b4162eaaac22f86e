"""Rayleigh fading against its closed forms."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import binom, kstest

from semjscc.channels import CHANNELS, Channel
from semjscc.channels.fading import block_rayleigh, fast_rayleigh
from semjscc.links.base import equalise
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
