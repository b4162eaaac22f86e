"""What happens to complex symbols on their way; knows nothing of images."""

from semjscc.channels.awgn import awgn
from semjscc.channels.base import Channel, ChannelKnowledge
from semjscc.channels.fading import block_rayleigh, fast_rayleigh

__all__ = ["CHANNELS", "Channel", "ChannelKnowledge"]

CHANNELS: dict[str, Channel] = {
    "awgn": awgn,
    "block-rayleigh": block_rayleigh,
    "fast-rayleigh": fast_rayleigh,
}
"""The channels by the names the command line takes."""
