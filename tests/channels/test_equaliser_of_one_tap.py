"""The equaliser of one tap: erased symbols, and gains whose squares no float32 holds."""

import math

import pytest
import torch

from semjscc.channels.base import ChannelKnowledge
from semjscc.channels.equaliser import equalise
from semjscc.randomness import Draws

SENT = Draws(0, range(3)).complex_normal("sent", 16)


@pytest.mark.parametrize("gain", [complex("nan"), complex("inf"), 0j, 1e-40 + 0j, 1j])
def test_erased_symbols_are_zero_whatever_their_gain_says(gain: complex) -> None:
    lost = torch.arange(16) % 3 == 0
    gains = torch.where(lost, gain, 0.5j).expand(3, 16)
    received = torch.where(lost, complex("nan"), SENT * 0.5j).requires_grad_()
    noise = torch.where(lost, math.inf, 0.1).expand(3, 16)
    symbols, variance = equalise(received, ChannelKnowledge(gains, noise))
    torch.testing.assert_close(symbols, torch.where(lost, 0j, SENT))
    torch.testing.assert_close(variance, torch.where(lost, math.inf, 0.4).expand(3, 16))
    symbols.abs().sum().backward()
    assert received.grad is not None
    assert received.grad.isfinite().all()


def test_a_gain_of_zero_erases_an_image() -> None:
    knowledge = ChannelKnowledge(torch.tensor([1, 0j, 2]), torch.tensor([0.1, 0.0, 0.1]))
    symbols, variance = equalise(SENT, knowledge)
    assert torch.equal(symbols[1], torch.zeros_like(symbols[1]))
    assert variance[:, 0].tolist() == pytest.approx([0.1, math.inf, 0.025])


@pytest.mark.parametrize("size", [1e-37, 1e-25, 1e-16, 1e-5, 1e16, 1e25, 1e37])
def test_any_finite_gain_is_undone(size: float) -> None:
    gain = torch.tensor([size * (0.6 + 0.8j), 1j, 0.5])
    symbols, variance = equalise(SENT * gain[:, None], ChannelKnowledge(gain, torch.ones(3)))
    torch.testing.assert_close(symbols, SENT)
    wanted = torch.tensor([[size**-2.0], [1.0], [4.0]], dtype=torch.float64).float()
    torch.testing.assert_close(variance, wanted)


@pytest.mark.parametrize("size", [1e-12, 1e-3, 1.0, 1e3, 1e12])
def test_ordinary_gains_keep_their_last_bits_beside_others(size: float) -> None:
    gain = size * Draws(1, range(3)).complex_normal("gain", 16)
    noise = torch.full((3, 16), 0.1)
    received = SENT * gain
    strength = gain.abs().square()
    plain = received * gain.conj() / strength, noise / strength
    for got, wanted in zip(equalise(received, ChannelKnowledge(gain, noise)), plain, strict=True):
        assert torch.equal(got, wanted)
    gain[0, 0], gain[0, 1], noise[0, 2] = 1e-25, 1e25, math.inf
    for got, wanted in zip(equalise(received, ChannelKnowledge(gain, noise)), plain, strict=True):
        assert torch.equal(got.flatten()[3:], wanted.flatten()[3:])
