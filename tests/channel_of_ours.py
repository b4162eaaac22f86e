"""A channel of the user's own, in a module that another process imports quickly."""

from torch import Tensor

from semjscc.channels import ChannelKnowledge
from semjscc.channels.awgn import awgn
from semjscc.randomness import Draws


def halved(symbols: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
    """AWGN at half the amplitude; no process has a name for it but the one that gives it one."""
    received, knowledge = awgn(symbols / 2, snr_db, draws)
    return received, ChannelKnowledge(knowledge.gain / 2, knowledge.noise_variance)
