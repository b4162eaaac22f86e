"""The network by which a sender finds out what matters: that of its weights, or the judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from semjscc.errors import UserError, printable

if TYPE_CHECKING:
    from semjscc.perception.base import Perception


@dataclass(frozen=True)
class Wanted:
    """A network that a link goes with.

    Attributes:
        name: by which `open_perception` finds it, from the working folder.
        content: its `network_print`; None where nothing but the name is known.
    """

    name: str
    content: str | None = None


def of_weights(facts: Mapping[str, Any]) -> Wanted | None:
    """The network that a codec was trained for, as its checkpoint says; None where it does not."""
    told = facts.get("receiver")
    if isinstance(told, dict):
        name, content = told.get("network"), told.get("print")
        if isinstance(name, str) and isinstance(content, str):
            return Wanted(name, content)
    # Weights that ship, and those of earlier versions, have the name alone.
    name = facts.get("perception")
    return Wanted(name) if isinstance(name, str) else None


def sender_network(link: str, wanted: Wanted, judge: Perception | None) -> Perception:
    """The network that is wanted: the judge where it is the same one, or opened.

    Args:
        link: its name, for messages.
        wanted: what the link goes with.
        judge: the network at the receiver, if one is known.

    Raises:
        UserError: it cannot be had, or another network has its name now.
    """
    from semjscc.perception.identity import network_print
    from semjscc.perception.store import open_perception

    if wanted.content is None:
        return _by_name(wanted.name, judge)
    if judge is not None and network_print(judge) == wanted.content:
        return judge
    said = f"link {link} was trained for the network {printable(wanted.name)}"
    remedy = "" if judge is None else ": give it with --perception"
    try:
        found = open_perception(wanted.name)
    except UserError as error:
        raise UserError(f"{said}, which cannot be had here{remedy} ({error})") from error
    if network_print(found) != wanted.content:
        raise UserError(f"{said}, and what has this name here is another one{remedy}")
    return found


def _by_name(name: str, judge: Perception | None) -> Perception:
    """The network of a name, which may be the judge's own."""
    from semjscc.perception.identity import network_print
    from semjscc.perception.store import open_perception

    if judge is None or judge.name != name:
        return open_perception(name)
    if judge.opened_as == name:
        return judge
    try:
        found = open_perception(name)
    except UserError:  # the name of a training that lies elsewhere
        return judge
    return judge if network_print(found) == network_print(judge) else found
