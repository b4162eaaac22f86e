"""Transmission schemes; evaluation, reports and commands know only `Link`."""

from semjscc.links.base import Control, Link, Received, Situation, SymbolLink, Transmission
from semjscc.links.catalogue import open_link, shipped_schemes, untrained_links
from semjscc.links.codec import CodecLink, NoChannel

__all__ = [
    "CodecLink",
    "Control",
    "Link",
    "NoChannel",
    "Received",
    "Situation",
    "SymbolLink",
    "Transmission",
    "open_link",
    "shipped_schemes",
    "untrained_links",
]
