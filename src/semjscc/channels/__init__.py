"""What happens to complex symbols on their way; knows nothing of images."""

from fractions import Fraction
from functools import cache

from semjscc.channels.awgn import awgn
from semjscc.channels.base import Channel, ChannelKnowledge
from semjscc.channels.erasures import Bursts, Cut
from semjscc.channels.fading import block_rayleigh, fast_rayleigh
from semjscc.decibels import parse_share, share_text
from semjscc.errors import UserError, did_you_mean, printable
from semjscc.parts.named import find_function

__all__ = [
    "CHANNELS",
    "LOSSY",
    "Channel",
    "ChannelKnowledge",
    "channel_named",
    "channel_text",
    "is_lossy",
]

AWGN = "awgn"
CHANNELS: dict[str, Channel] = {
    AWGN: awgn,
    "block-rayleigh": block_rayleigh,
    "fast-rayleigh": fast_rayleigh,
}
"""The channels by the names that the command line, recipes and plans take."""
CUT, BURSTS = "cut", "bursts"
LOSSY = {CUT: "cut@SHARE", BURSTS: "bursts@PROBABILITY"}
"""Those that take a number behind an @, and how they are written."""


def channel_named(name: str) -> Channel:
    """One of `CHANNELS` or of `LOSSY`, or a function of the user's own as ``my.module:name``.

    Raises:
        UserError: there is none, or it is no channel.
    """
    if name in CHANNELS:
        return CHANNELS[name]
    if is_lossy(name):
        return _lossy(*_numbered(name))
    if ":" in name:
        return find_function(name, "channel", ("symbols", "snr_db", "draws"))
    hint = did_you_mean(name, [*CHANNELS, *LOSSY])
    known = ", ".join([*CHANNELS, *LOSSY.values()])
    known = f"; there are {known}, or your own as my.module:name"
    raise UserError(f"no channel '{printable(name)}'{hint or known}")


def is_lossy(name: str) -> bool:
    """Whether a name is one of `LOSSY`, whatever stands behind its @."""
    return name.partition("@")[0] in LOSSY


def channel_text(name: str) -> str:
    """The one spelling of a channel's name: ``bursts@1/2`` is ``bursts@0.5``.

    Raises:
        UserError: it is one of `LOSSY` without such a number.
    """
    if not is_lossy(name):
        return name
    kind, number = _numbered(name)
    return f"{kind}@{share_text(number)}"


def _numbered(name: str) -> tuple[str, Fraction]:
    kind, _, text = name.partition("@")
    number = parse_share(text)
    if number is None or (kind == CUT and number == 0):
        what = {
            CUT: "the share of the symbols that arrive, above 0 and at most 1, like 0.25 or 1/4",
            BURSTS: "how likely a packet is lost, from 0 to 1, like 0.1 or 1/10",
        }
        raise UserError(f"channel {printable(name)}: behind the @ stands {what[kind]}")
    return kind, number


@cache
def _lossy(kind: str, number: Fraction) -> Channel:
    """The same object for the same number: what was found out about a channel is kept by it."""
    return Cut(number) if kind == CUT else Bursts(number)
