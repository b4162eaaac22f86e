"""A channel of one's own: a jammer wipes out one stretch of every image's symbols.

python examples/custom_channel.py --images 100
"""

import argparse
from fractions import Fraction

import torch
from torch import Tensor

from semjscc.channels import CHANNELS, ChannelKnowledge
from semjscc.channels.awgn import awgn
from semjscc.checkpoint import locate
from semjscc.data import load_data
from semjscc.evaluation.grid import Grid
from semjscc.evaluation.measurement import evaluate
from semjscc.links import open_link
from semjscc.perception.store import load_perception
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=100)
    count = parser.parse_args().images
    CHANNELS["jammer"] = jammer
    links = [open_link(name, "signs") for name in ("semantic", "djscc")]
    data, perception = load_data("signs", "test", limit=count), load_perception(locate("signs-a"))
    for channel in ("awgn", "jammer"):
        grid = Grid(ratios=(Fraction(1, 48),), snrs_db=(10.0,), channel=channel)
        for record in evaluate(links, data, perception, grid):
            print(f"{channel:8}{record.link:10}{record.value:.1%}, {record.psnr_db:.1f} dB")
