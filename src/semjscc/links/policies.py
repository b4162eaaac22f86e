"""How a link's name says its policy, and which codecs can do what it asks."""

from semjscc.allocation.policy import ENERGY, POLICIES, SEMANTIC, Policy
from semjscc.allocation.sources import parse_allocation
from semjscc.errors import UserError, did_you_mean, printable
from semjscc.links.endings import ENDINGS

_BEHIND_PLUS = (*POLICIES, *ENDINGS)
DIVIDES = "deep"
"""The codec that divides power among regions as every policy asks; any other has ``semantic``."""


def policy_named(text: str, link: str) -> tuple[Policy, str]:
    """A policy with its source, as it stands behind a link's plus.

    Args:
        text: as people write it.
        link: all of the name, for the message.

    Raises:
        UserError: there is no such policy, exponent or source.
    """
    said = f"link {printable(link)}"
    if not text:
        raise UserError(f"{said}: nothing stands behind its plus: leave the plus out")
    word = _first_word(text)
    if word not in POLICIES:
        hint = did_you_mean(word, _BEHIND_PLUS) or f": there are {', '.join(_BEHIND_PLUS)}"
        raise UserError(f"{said}: there is no +{printable(word)}{hint}")
    return parse_allocation(text)


def check_no_ending(text: str, link: str) -> None:
    """Refuse a mistyped ending as such, before it is taken for a policy too many.

    Raises:
        UserError: it is one.
    """
    word = _first_word(text)
    if word not in POLICIES and (hint := did_you_mean(word, ENDINGS)):
        raise UserError(f"link {printable(link)}: there is no +{printable(word)}{hint}")


def _first_word(text: str) -> str:
    return text.partition(":")[0].partition("@")[0]


def split_policy(name: str) -> tuple[str, str | None]:
    """A link's name or path, and what may be the policy behind its last plus; None for none."""
    base, plus, policy = name.rpartition("+")
    if not plus or "=" in policy or "/" in policy:  # the plus of a path
        return name, None
    return base, policy


def policy_it_lacks(link: str, codec: str, policy: str) -> str | None:
    """What to say where a kind of codec cannot do what a policy asks; None where it can.

    Args:
        link: which has the policy, for the message.
        codec: its kind.
        policy: as people write it.

    Raises:
        UserError: there is no such policy.
    """
    meant, _ = policy_named(policy, link)
    if codec == DIVIDES:
        return None
    try:
        check_divides(link, codec, meant)
    except UserError as error:
        return str(error)
    return None


def check_divides(link: str, codec: str, policy: Policy) -> None:
    """Refuse a policy for a codec whose network alone divides its power.

    Raises:
        UserError: it cannot do what the policy asks.
    """
    if policy.name in (ENERGY, SEMANTIC):
        return
    said = f"link {printable(link)}: the codec '{printable(codec)}'"
    if policy.blind and not policy.weighs:
        raise UserError(f"{said} has no plan for its power that could be +{policy.name}")
    raise UserError(f"{said} spends alike on all regions")
