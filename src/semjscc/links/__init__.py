"""Transmission schemes; evaluation, reports and commands know only `Link`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from semjscc.families import shipped_schemes
from semjscc.links.catalogue import untrained_links
from semjscc.links.loading import open_link

if TYPE_CHECKING:
    from semjscc.links.base import (
        Control,
        Link,
        Received,
        Situation,
        SymbolLink,
        Transmission,
    )
    from semjscc.links.joint_coding.codec import CodecLink, NoChannel

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


def __getattr__(name: str) -> Any:
    """The classes, when somebody asks: they need torch, which takes seconds, and names do not."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = "joint_coding.codec" if name in ("CodecLink", "NoChannel") else "base"
    return getattr(import_module(f"{__name__}.{place}"), name)
