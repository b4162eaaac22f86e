"""Where a sender's importance comes from, by name behind a colon.

    network    the perception network that the receiver has, which the sender runs as well
    predicted  a small network of the sender's own, which has learned it from EfficientNet-Lite0
    saliency   the picture alone: where it is rich in contrast, for any task
    mask       a person, who says what matters in this picture

``importance-energy@0.5:saliency`` is a policy with its source; without one it is ``network``. A
mask belongs to one picture, so that no name can stand for it.
"""

from __future__ import annotations

from semjscc.allocation.policy import (
    DEFAULT_EXPONENT,
    IMPORTANCE,
    IMPORTANCE_ENERGY,
    Policy,
    parse_policy,
)
from semjscc.decibels import number_text
from semjscc.errors import UserError, did_you_mean, printable

NETWORK, PREDICTED, SALIENCY, MASK = "network", "predicted", "saliency", "mask"
SOURCES = (NETWORK, PREDICTED, SALIENCY)
"""What may stand in a name."""


def parse_allocation(text: str) -> tuple[Policy, str]:
    """A policy with its source as people write them, such as ``importance-energy:saliency``.

    Raises:
        UserError: there is no such policy, exponent or source, or not both together.
    """
    wanted, colon, source = text.partition(":")
    policy = parse_policy(wanted)
    if not colon:
        return policy, NETWORK
    if source == MASK:
        raise UserError(
            f"{printable(text)}: a mask belongs to one picture: "
            "semjscc transmit and modulate say where with --important"
        )
    word, at, exponent = source.partition("@")
    if at and word in SOURCES:
        raise UserError(
            f"{printable(text)}: the exponent stands before the colon: "
            f"{policy.name}@{printable(exponent)}:{word}"
        )
    if source not in SOURCES:
        hint = did_you_mean(source, SOURCES) or f": there are {', '.join(SOURCES)}"
        raise UserError(f"no importance '{printable(source)}'{hint}")
    if source != NETWORK:
        _check_uses(policy, wanted)
    return policy, source


def allocation_text(policy: Policy, source: str) -> str:
    """The one spelling of a policy with its source: what goes without saying is left out."""
    exponent = ""
    if policy.exponent != DEFAULT_EXPONENT:
        exponent = f"@{number_text(policy.exponent)}"
    return f"{policy.name}{exponent}" + ("" if source == NETWORK else f":{source}")


def check_takes_mask(policy: Policy | None, source: str, link: str) -> None:
    """Refuse what a person says to matter where it would not count.

    Args:
        policy: of the link, if it has one.
        source: of its importance.
        link: its name, for messages.

    Raises:
        UserError: the link has no policy that weighs, or importance from elsewhere.
    """
    if policy is None:
        raise UserError(
            f"--important needs a policy that weighs, and {printable(link)} has none: "
            f"with one it is +{IMPORTANCE_ENERGY}, as in linear-adaptive+{IMPORTANCE_ENERGY}"
        )
    _check_uses(policy, link)
    if source != NETWORK:
        raise UserError(
            f"{printable(link)} takes its importance from {source}, and --important says it by "
            "hand: leave one out"
        )


def _check_uses(policy: Policy, said: str) -> None:
    if policy.tunes:
        raise UserError(
            f"{printable(said)} tunes symbols to a network, which is its only source of "
            f"importance: take {IMPORTANCE_ENERGY} or {IMPORTANCE}"
        )
    if not policy.weighs:
        raise UserError(
            f"{printable(said)} weighs nothing, so that nothing can say what matters: "
            f"take {IMPORTANCE_ENERGY} or {IMPORTANCE}"
        )
