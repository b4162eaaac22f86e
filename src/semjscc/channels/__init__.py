"""What happens to complex symbols on their way; knows nothing of images."""

from semjscc.channels.awgn import awgn
from semjscc.channels.base import Channel, ChannelKnowledge
from semjscc.channels.fading import block_rayleigh, fast_rayleigh
from semjscc.errors import UserError, did_you_mean, printable
from semjscc.parts.named import find_function

__all__ = ["CHANNELS", "Channel", "ChannelKnowledge", "channel_named"]

AWGN = "awgn"
CHANNELS: dict[str, Channel] = {
    AWGN: awgn,
    "block-rayleigh": block_rayleigh,
    "fast-rayleigh": fast_rayleigh,
}
"""The channels by the names that the command line, recipes and plans take."""


def channel_named(name: str) -> Channel:
    """One of `CHANNELS`, or a function of the user's own as ``my.module:name``.

    Raises:
        UserError: there is none, or it is no channel.
    """
    if name in CHANNELS:
        return CHANNELS[name]
    if ":" in name:
        return find_function(name, "channel", ("symbols", "snr_db", "draws"))
    hint = did_you_mean(name, CHANNELS)
    known = f"; there are {', '.join(CHANNELS)}, or your own as my.module:name"
    raise UserError(f"no channel '{printable(name)}'{hint or known}")
