"""Links by name: what a person may call one, found here before anything is loaded.

A name counts before a path of the same spelling: ``semantic`` is what ships, whatever lies in the
working folder, and ``./semantic`` a path. So does the user's own ``my.module:Link``, and
``my.module:Codec@WEIGHTS``, of which nothing is imported here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from semjscc.allocation.policy import IMPORTANCE_ENERGY, SEMANTIC, Policy
from semjscc.allocation.sources import NETWORK, allocation_text
from semjscc.checkpoint import locate, read_metadata, shipped
from semjscc.decibels import check_snr, number_text
from semjscc.errors import UserError, did_you_mean, printable
from semjscc.families import families, shipped_schemes
from semjscc.links.endings import NO_ENDINGS, Endings, split_endings
from semjscc.links.policies import DIVIDES, check_no_ending, policy_named, split_policy
from semjscc.model_hub import is_on_hub
from semjscc.parts.named import is_part
from semjscc.paths import user_path
from semjscc.separation.names import CODER_NAMES

NONE, SEPARATE, CAPACITY, FINITE, LABEL = "none", "separate", "capacity", "finite", "label"
LINEAR, ADAPTIVE, HYBRID = "linear", "linear-adaptive", "hybrid"
ROI = f"{SEPARATE}-roi"
"""Separate coding that knows importance: short for ``separate+importance-energy``."""


def untrained_links() -> dict[str, str]:
    """The links that need no weights of their own, and what each is."""
    coded = {f"{SEPARATE}-{coder}": f"{coder}, 5G channel code, QAM" for coder in CODER_NAMES}
    return {
        NONE: "no channel: the upper end",
        LINEAR: "each block's strongest coefficients as they are (SoftCast)",
        ADAPTIVE: f"as {LINEAR}, with a spectrum for each region, told by 5G code",
        HYBRID: "a coarse image as separate, its error as linear-adaptive",
        SEPARATE: "the coder val chose, 5G code, QAM; @10 keeps the MCS of 10 dB",
        **coded,
        ROI: f"{SEPARATE}+{IMPORTANCE_ENERGY}: it blurs what matters less",
        CAPACITY: f"the coder of {SEPARATE}, ideal code at log2(1 + SNR)",
        FINITE: f"the coder of {SEPARATE}, best code of this length at 1 % errors",
        LABEL: "the class that the sender's own network sees",
    }


PLANNED = (ADAPTIVE, DIVIDES)
"""Links and codecs with a plan, from which both ends conclude what each symbol is worth."""


def is_one_coder(name: str) -> bool:
    """Whether a link is separate coding with one coder, whatever is chosen elsewhere."""
    return name.startswith(f"{SEPARATE}-") and not name.startswith(ROI)


@dataclass(frozen=True)
class Place:
    """Where a link comes from.

    Attributes:
        name: what tables call it, its numbers in their one spelling.
        scheme: what of it names the scheme, without a policy.
        weights: its checkpoint, or None for one of `untrained_links`.
        design_snr_db: of separate coding whose MCS is fixed.
        policy: how the sender divides its symbols; None where the link has one way alone.
        source: where the importance comes from that its policy weighs, by name.
        part: the user's own link as ``my.module:Link``, or what codec its weights are of; None
            where all of the code is ours.
        endings: what its name says last.
    """

    name: str
    scheme: str
    weights: Path | None = None
    design_snr_db: float | None = None
    policy: Policy | None = None
    source: str = NETWORK
    part: str | None = None
    endings: Endings = NO_ENDINGS


def find_link(name: str, family: str, *, option: str = "--weights") -> Place:
    """What a name or a path means; nothing is loaded.

    Args:
        name: see `loading.open_link`.
        family: of shipped weights, or "" for none.
        option: by which another family is stated, for the message.

    Raises:
        UserError: there is no such link.
    """
    whole = is_path(name, [family])
    base, endings = (name, NO_ENDINGS) if whole else split_endings(name)
    plain = _find(base, family)
    found = plain or _labelled(base, family)
    if found is None:
        raise UserError(_unknown(base, family, option))
    if not endings.text:
        return found
    codec = None if found.weights is None else read_metadata(found.weights).get("codec")
    check_planned(name, found.part or str(codec or found.scheme))
    # A name of the user's own stays as it is.
    shown = f"{found.name}{endings.text}" if plain else found.name
    return replace(found, name=shown, endings=endings)


def is_path(name: str, among: Iterable[str]) -> bool:
    """Whether all of a name is a path that there is, and it begins with no name of families."""
    for text in (name, name.partition("=")[2]):
        first = text.partition("+")[0]
        if text and user_path(text).exists():
            return not any(_find_name(first, family) for family in among)
    return False


def check_planned(link: str, kind: str) -> None:
    """Refuse to order the symbols of a link whose scheme or kind of codec has no plan.

    Raises:
        UserError: so it is.
    """
    if kind not in PLANNED:
        raise UserError(
            f"link {printable(link)}: {printable(kind)} has no plan that says what each symbol is "
            f"worth: {ADAPTIVE} and codecs of the kind {DIVIDES} have, such as semantic of photo"
        )


def _labelled(name: str, family: str) -> Place | None:
    """Weights or a link of the user's own, by a name of its own."""
    label, _, rest = name.partition("=")
    named = _find(rest, family) if label and rest else None
    return replace(named, name=label) if named and (named.weights or named.part) else None


def codes_images(place: Place) -> bool:
    """Whether a link sends what a coder of image files makes, all of it or a part."""
    if place.weights is not None or place.part is not None:
        return False
    return place.scheme in (HYBRID, CAPACITY, FINITE) or place.scheme.startswith(SEPARATE)


def needs_family(name: str) -> bool:
    """Whether a link can only be found once the family of shipped weights is known."""
    if not _is_there(name, ""):
        return any(_is_there(name, family) for family in families())
    rest = name.partition("=")[2] or name
    return any(rest in shipped_schemes(family) for family in families())


def brings_all(names: Iterable[str], weights: str | None, *, has_network: bool) -> bool:
    """Whether the user brings all weights along, so that no family of shipped ones counts.

    Args:
        names: of the links.
        weights: the family that was asked for, or None.
        has_network: whether the network at the receiver is named.
    """
    return weights is None and has_network and not any(map(needs_family, names))


def _is_there(name: str, family: str) -> bool:
    try:
        find_link(name, family)
    except UserError:
        return False
    return True


def _find(name: str, family: str) -> Place | None:
    if (found := _find_name(name, family) or _find_part(name, family)) is not None:
        return found
    base, policy = split_policy(name)
    divided = _find_name(base, family) if policy is not None else None
    if divided is None:
        if (weights := _weights(name)) is not None:
            return Place(name, name, weights=weights)
        divided = _find(base, family) if policy is not None else None
    if divided is None or policy is None:
        return None
    meant, source = _policy_of(divided, policy, name)
    shown = f"{divided.name}+{allocation_text(meant, source)}"
    return replace(divided, name=shown, policy=meant, source=source)


def _policy_of(divided: Place, policy: str, name: str) -> tuple[Policy, str]:
    """What a policy and its source mean behind a link that there is.

    Raises:
        UserError: it has one already, takes none, or not this one.
    """
    check_no_ending(policy, name)
    if divided.policy is not None:
        raise UserError(f"a link has one policy, and {printable(name)} names several")
    if divided.weights or divided.scheme in (ADAPTIVE, HYBRID):
        return policy_named(policy, name)
    if divided.part is not None or not divided.scheme.startswith(SEPARATE):
        known = f"{ADAPTIVE}, {HYBRID}, {SEPARATE} and codecs do"
        raise UserError(f"the link {divided.name} takes no policy: {known}")
    if policy.startswith(f"{SEMANTIC}@"):
        hint = ""
        if divided.design_snr_db is None:
            hint = f"; the SNR of a fixed MCS stands before it: {divided.name}@10+{SEMANTIC}"
        raise UserError(f"the link {divided.name} takes +{SEMANTIC} without an exponent{hint}")
    meant, source = policy_named(policy, name)
    if meant.blind:
        raise UserError(
            f"the image coder of the link {divided.name} spends bytes by energy: "
            f"it takes +{IMPORTANCE_ENERGY} and +{SEMANTIC}"
        )
    return meant, source


def _find_name(name: str, family: str) -> Place | None:
    """One of `untrained_links`, or a scheme of the family."""
    scheme, at, design = name.partition("@")
    fixed = scheme.startswith(SEPARATE) and "+" not in design
    if scheme in untrained_links() and (not at or fixed):
        policy = Policy(IMPORTANCE_ENERGY) if scheme == ROI else None
        design_snr_db = _design_snr(name, design) if at else None
        shown = scheme if design_snr_db is None else f"{scheme}@{number_text(design_snr_db)}"
        return Place(shown, scheme, design_snr_db=design_snr_db, policy=policy)
    if family and name in shipped_schemes(family):
        return Place(name, name, weights=shipped(f"{family}-{name}"))
    return None


def _find_part(name: str, family: str) -> Place | None:
    """A link of the user's own, or a codec of theirs with its weights behind an @."""
    part, at, where = name.partition("@")
    if not is_part(part):
        return None
    if not at:
        return Place(name, name, part=part)
    if family and where in shipped_schemes(family):
        return Place(name, name, weights=shipped(f"{family}-{where}"), part=part)
    weights = _weights(where)
    return None if weights is None else Place(name, name, weights=weights, part=part)


def _weights(name: str) -> Path | None:
    """A checkpoint by the name of weights that ship or are on the hub, or by its path, if any."""
    there = shipped(name) is not None or is_on_hub(name) or (name and user_path(name).exists())
    return locate(name) if there else None


def _unknown(name: str, family: str, option: str) -> str:
    """That there is no such link, with what is meant if it can be guessed."""
    label, _, rest = name.partition("=")
    whole = rest or name
    part, at, weights = whole.partition("@")
    if at and is_part(part):
        return f"no weights '{printable(weights)}' of the codec {printable(part)}"
    known = [*untrained_links(), *(shipped_schemes(family) if family else [])]
    said = f"no link '{printable(name)}'" + (f" for {family}" if family else "")
    if label and rest and _find(rest, family):
        own = f"{printable(label)}="
        return f"{said}: only weights and links of your own can have another name: leave out {own}"
    scheme, _ = split_policy(whole)  # what is behind the plus is looked at once there is a link
    if elsewhere := [other for other in families() if scheme in shipped_schemes(other)]:
        return f"{said}, but there is one for {' and '.join(elsewhere)}: {option} {elsewhere[0]}"
    return said + (
        did_you_mean(scheme, known)
        or f": there are {', '.join(known)}, or a checkpoint's path, or your own as "
        "my.module:Link or my.module:Codec@WEIGHTS"
    )


def _design_snr(name: str, text: str) -> float:
    try:
        return check_snr(float(text))
    except ValueError as error:
        raise UserError(
            f"link {name}: behind @ stands an SNR in dB, such as separate@10"
        ) from error
