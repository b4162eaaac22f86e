"""Channels on another device than the CPU, where their draws are made."""

import pytest
import torch

from semjscc.channels import channel_named
from semjscc.channels.equaliser import equalise
from semjscc.channels.passing import through_channel
from semjscc.randomness import Draws
from stand_in_device import SECOND, SecondDevice


@pytest.mark.parametrize(
    "name", ["awgn", "block-rayleigh", "fast-rayleigh", "cut@0.25", "bursts@0.1"]
)
def test_what_a_channel_does_is_the_same(name: str) -> None:
    symbols = torch.randn(3, 40, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    draws = Draws(1, [0, 1, 2])
    here = equalise(*through_channel(channel_named(name), symbols, 5.0, draws))
    with SecondDevice():
        received, knowledge = through_channel(channel_named(name), symbols.to(SECOND), 5.0, draws)
        assert received.device == SECOND
        there = [one.cpu() for one in equalise(received, knowledge)]
    torch.testing.assert_close(there, list(here), rtol=0, atol=0, equal_nan=True)
