"""A channel of one's own: a jammer wipes out one stretch of every image's symbols.

    semjscc train hardened.yaml
    semjscc evaluate --data signs --links djscc,runs/hardened --channel jammer:jammer --ratio 1/24
        --snr 10 --limit 200 --out out

A channel is one function, which may be trained through as long as gradients pass.
"""

import torch
from torch import Tensor

from semjscc.channels import ChannelKnowledge
from semjscc.channels.awgn import awgn
from semjscc.randomness import Draws, generator

JAMMED = 0.25
"""Share of an image's symbols."""


def jammer(symbols: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
    """AWGN, and a quarter of the symbols (B, k) erased; the receiver knows which."""
    received, knowledge = awgn(symbols, snr_db, draws)
    k = symbols.shape[1]
    starts = [generator(draws.seed, "jammer", i, draws.draw).integers(k) for i in draws.indices]
    behind = (torch.arange(k) - torch.tensor(starts)[:, None]) % k  # (B, k), around the end
    variance = knowledge.noise_variance[:, None].where(behind >= JAMMED * k, torch.inf)
    return received, ChannelKnowledge(knowledge.gain, variance)
