"""What decides a record, in 32 hexadecimal digits: so that it need not be measured twice.

Weights and images go in by content, whatever their files are called; so do the tables that
separate coding rests on and the versions of its coders. Our code goes in by `FORMAT` alone, so
that a release asks for no new measurement; the code of parts that are not ours by its source, see
`contents`.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from semjscc.channels import Channel
from semjscc.channels.erasures import Bursts, Cut
from semjscc.data.base import ImageSet
from semjscc.digests import hashed
from semjscc.links import Link
from semjscc.parts.own_code import is_own
from semjscc.perception.base import Perception
from semjscc.results.contents import contents
from semjscc.results.members import Unknown

FORMAT = 2, "0.1.0"
"""Counted up when equal inputs give other records than before. The second is the version of the
package from which on they are the same."""

_RESAMPLING = "draws without anything to measure are left out"
"""How intervals come about where the metric is no share of the images: they were others before."""


def point_fingerprint(
    context: str | None, link: str | None, channel: str | None, point: Mapping[str, Any]
) -> str | None:
    """Of one point of a grid; None where what decides it is not known.

    Args:
        context: of data and perception network, see `context_fingerprint`.
        link: see `link_fingerprint`.
        channel: see `channel_fingerprint`; "" for a link that meets none.
        point: channel, ratio, SNR, belief, seed and draws as plain data.
    """
    if context is None or link is None or channel is None:
        return None
    parts = [*FORMAT, context, link, json.dumps(point, sort_keys=True)]
    # Of our own channels the name says it all.
    return hashed(repr([*parts, channel] if channel else parts).encode())


def context_fingerprint(data: ImageSet, perception: Perception, metric: str) -> str | None:
    """Of the images, what is right of them, the network that looks at them, and the metric."""
    target = perception.task.target
    about = (
        *(data.name, data.split, data.print_of(target), len(data), data.names_of(target)),
        *(metric, *([] if set(perception.task.metrics.values()) == {"bits"} else [_RESAMPLING])),
    )
    return _digest(perception, map(repr, about))


def link_fingerprint(link: Link) -> str | None:
    """Of a link with all it holds: weights, source coder and its tables, design SNR."""
    return _digest(link)


def channel_fingerprint(channel: Channel) -> str | None:
    """Of a channel that is not ours: its code and what it holds; "" for one of ours."""
    known = hasattr(channel, "__qualname__") or isinstance(channel, Cut | Bursts)
    ours = known and not is_own(channel.__module__)
    return "" if ours else _digest(channel)


def _digest(thing: Any, before: Iterable[str] = ()) -> str | None:
    try:
        return hashed("\n".join([*before, *contents(thing)]).encode())
    except Unknown:
        return None
