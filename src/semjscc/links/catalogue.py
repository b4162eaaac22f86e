"""Links by name: what a person may call one, found here before anything is loaded.

A name counts before a path of the same spelling: ``semantic`` is what ships, whatever lies in the
working folder, and ``./semantic`` a path.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from semjscc.allocation.policy import ENERGY, SEMANTIC, Policy, parse_policy
from semjscc.checkpoint import locate, shipped
from semjscc.decibels import check_snr
from semjscc.errors import UserError, did_you_mean, printable
from semjscc.families import default_perception, families, shipped_schemes
from semjscc.paths import cache_folder, user_path
from semjscc.separation.names import CODER_NAMES

if TYPE_CHECKING:
    from semjscc.allocation.sender import Allocation
    from semjscc.links.base import Link
    from semjscc.perception.base import Perception
    from semjscc.separation.sources.base import Accounting

NONE, SEPARATE, CAPACITY, FINITE, LABEL = "none", "separate", "capacity", "finite", "label"
LINEAR, ADAPTIVE, HYBRID = "linear", "linear-adaptive", "hybrid"


def untrained_links() -> dict[str, str]:
    """The links that need no weights of their own, and what each is."""
    coded = {f"{SEPARATE}-{coder}": f"{coder}, 5G channel code, QAM" for coder in CODER_NAMES}
    return {
        NONE: "no channel: the upper end",
        LINEAR: "each block's strongest coefficients as they are (SoftCast)",
        ADAPTIVE: "the same with a spectrum for each region, told by 5G code",
        HYBRID: "a coarse image as separate, its error as linear-adaptive",
        SEPARATE: "the coder val chose, 5G code, QAM; @10 keeps the MCS of 10 dB",
        **coded,
        CAPACITY: "the same coder, ideal code at log2(1 + SNR)",
        FINITE: "the same coder, best code of this length at 1 % errors",
        LABEL: "the class that the sender's own network sees",
    }


@dataclass(frozen=True)
class Place:
    """Where a link comes from.

    Attributes:
        name: what tables call it.
        scheme: what of it names the scheme, without a policy.
        weights: its checkpoint, or None for one of `untrained_links`.
        design_snr_db: of separate coding whose MCS is fixed.
        policy: how the sender divides its symbols; None where the link has one way alone.
    """

    name: str
    scheme: str
    weights: Path | None = None
    design_snr_db: float | None = None
    policy: Policy | None = None


def find_link(name: str, family: str) -> Place:
    """What a name or a path means; nothing is loaded.

    Args:
        name: see `open_link`.
        family: of shipped weights, or "" for none.

    Raises:
        UserError: there is no such link.
    """
    found = _find(name, family)
    if found is None:
        label, _, rest = name.partition("=")
        named = _find(rest, family) if label and rest else None
        found = replace(named, name=label) if named and named.weights else None
    if found is None:
        raise UserError(_unknown(name, family))
    return found


def needs_family(name: str) -> bool:
    """Whether a link can only be found once the family of shipped weights is known."""
    try:
        find_link(name, "")
    except UserError:
        return True
    rest = name.partition("=")[2] or name
    return any(rest in shipped_schemes(family) for family in families())


def _find(name: str, family: str) -> Place | None:
    if (found := _find_name(name, family)) is not None:
        return found
    base, plus, policy = name.rpartition("+")
    divided = _find_name(base, family) if plus else None
    if divided is None:
        if shipped(name) is not None or (name and user_path(name).exists()):
            return Place(name, name, weights=locate(name))
        divided = _find(base, family) if plus else None
    if divided is None:
        return None
    if divided.scheme.startswith(SEPARATE) and policy == SEMANTIC:
        return replace(divided, name=name, policy=Policy(SEMANTIC))
    if not (divided.weights or divided.scheme in (ADAPTIVE, HYBRID)):
        return None
    return replace(divided, name=name, policy=parse_policy(policy))


def _find_name(name: str, family: str) -> Place | None:
    """One of `untrained_links`, or a scheme of the family."""
    scheme, at, design = name.partition("@")
    fixed = scheme.startswith(SEPARATE) and "+" not in design
    if scheme in untrained_links() and (not at or fixed):
        return Place(name, scheme, design_snr_db=_design_snr(name, design) if at else None)
    if family and name in shipped_schemes(family):
        return Place(name, name, weights=shipped(f"{family}-{name}"))
    return None


def _unknown(name: str, family: str) -> str:
    """That there is no such link, with what is meant if it can be guessed."""
    known = [*untrained_links(), *(shipped_schemes(family) if family else [])]
    said = f"no link '{printable(name)}'" + (f" for {family}" if family else "")
    if elsewhere := [other for other in families() if name in shipped_schemes(other)]:
        return f"{said}, but there is one for {' and '.join(elsewhere)}: --weights {elsewhere[0]}"
    return said + (
        did_you_mean(name, known) or f": there are {', '.join(known)}, or a checkpoint's path"
    )


def open_link(
    name: str,
    family: str,
    perception: Perception | None = None,
    *,
    accounting: Accounting = "compact",
) -> Link:
    """A link by the name of its scheme, or from a checkpoint.

    Args:
        name: ``none``; a scheme with weights in the family (``djscc``, ``semantic``);
            ``linear``, ``linear-adaptive``, ``hybrid``; ``separate``, ``separate-jpeg`` …, with
            ``@10`` behind it to fix the MCS for 10 dB; ``capacity``, ``finite``; ``label``; the
            whole name of shipped weights; or the path of a checkpoint or a run's folder, which is
            called by its path. Weights may have a name of their own: ``ours=runs/mine``. Behind a
            plus stands how the symbols are divided: ``semantic+importance-energy``
            (`semjscc.allocation`); ``separate+semantic`` tunes the image that it codes.
        family: which shipped weights to use.
        perception: the network at the receiver, which ``label`` runs at the sender.
        accounting: of separate coding and its bounds: whether the whole ``file`` counts, or, as
            ``compact``, only what the receiver cannot rebuild from the control record.

    Raises:
        UserError: there is no such link.
    """
    # Each link imports what it needs and no more: some of it takes seconds.
    found = find_link(name, family)
    if found.weights is not None:
        from semjscc.codecs.store import load_codec
        from semjscc.links.codec import CodecLink

        codec, facts = load_codec(found.weights)
        allocation = _allocation(found, facts.get("perception"), perception)
        return CodecLink(found.name, codec, facts, scheme=found.scheme, allocation=allocation)
    if name == NONE:
        from semjscc.links.codec import NoChannel

        return NoChannel()
    if name == LABEL:
        if perception is None:
            raise UserError(f"the link '{LABEL}' needs a network that looks at the sender")
        from semjscc.links.label import LabelLink

        return LabelLink(perception)
    if name == LINEAR:
        from semjscc.links.linear import LinearLink

        return LinearLink()
    network = default_perception(family) if family else None
    if found.scheme == ADAPTIVE:
        from semjscc.links.linear_adaptive import AdaptiveLinearLink

        return AdaptiveLinearLink(name, _allocation(found, network, perception))
    from semjscc.links.source import SourceStage

    if found.scheme == HYBRID:
        from semjscc.links.hybrid import HybridLink

        stage = SourceStage(family, None, accounting, cache_file())
        return HybridLink(name, stage, _allocation(found, network, perception))
    from semjscc.separation.sources import CODERS

    coder = found.scheme.partition("@")[0].removeprefix(SEPARATE).removeprefix("-")
    coder = coder if coder in CODERS else None
    if coder is not None and (missing := CODERS[coder].missing()):
        raise UserError(f"link {name}: {missing}")
    stage = SourceStage(family, coder, accounting, cache_file())
    if name in (CAPACITY, FINITE):
        from semjscc.links.bounds import BoundLink

        return BoundLink(name, stage)
    from semjscc.links.separate import SeparateLink

    allocation = _allocation(found, network, perception)
    return SeparateLink(name, stage, found.design_snr_db, allocation)


def _allocation(place: Place, network: str | None, judge: Perception | None) -> Allocation | None:
    """What a sender with a policy needs: its network, which need not be the one that judges.

    Raises:
        UserError: no network is known, or it cannot be had.
    """
    if place.policy is None or place.policy.name == ENERGY:
        return None
    from semjscc.allocation.sender import Allocation
    from semjscc.perception.store import open_perception

    if judge is not None and network in (None, judge.name):
        return Allocation(place.policy, judge)
    if network is None:
        raise UserError(f"link {place.name} needs a network that looks at the sender: --weights")
    return Allocation(place.policy, open_perception(network))


def cache_file() -> Path | None:
    """Where encoded images are kept from one run to the next, if anywhere."""
    folder = cache_folder()
    return folder and folder / "sources.sqlite"


def _design_snr(name: str, text: str) -> float:
    try:
        return check_snr(float(text))
    except ValueError as error:
        raise UserError(
            f"link {name}: behind @ stands an SNR in dB, such as separate@10"
        ) from error
