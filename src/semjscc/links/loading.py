"""Links by name, loaded: each imports what it needs and no more, since some of it takes seconds."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from semjscc.allocation.policy import ENERGY
from semjscc.allocation.sources import MASK, NETWORK, PREDICTED, SALIENCY, check_takes_mask
from semjscc.errors import UserError, UserNote
from semjscc.families import default_perception
from semjscc.links.catalogue import (
    ADAPTIVE,
    CAPACITY,
    FINITE,
    HYBRID,
    LABEL,
    LINEAR,
    NONE,
    SEPARATE,
    Place,
    codes_images,
    find_link,
)
from semjscc.links.sender_network import Wanted, of_weights, sender_network
from semjscc.paths import cache_folder

if TYPE_CHECKING:
    from torch import Tensor

    from semjscc.allocation.sender import Allocation
    from semjscc.links.base import Link
    from semjscc.perception.base import Perception
    from semjscc.separation.sources.base import Accounting


def open_link(
    name: str,
    family: str,
    perception: Perception | None = None,
    *,
    accounting: Accounting = "compact",
    important: Tensor | None = None,
) -> Link:
    """A link by the name of its scheme, or from a checkpoint.

    Args:
        name: ``none``; a scheme with weights in the family (``djscc``, ``semantic``);
            ``linear``, ``linear-adaptive``, ``hybrid``; ``separate``, ``separate-jpeg`` …, with
            ``@10`` behind it to fix the MCS for 10 dB; ``capacity``, ``finite``; ``label``; the
            whole name of shipped weights; or the path of a checkpoint or a run's folder, which is
            called by its path; or, of the user's own, ``my.module:Link`` and, a codec with its
            weights, ``my.module:Codec@runs/mine``. Weights and links of the user's own may have
            another name: ``ours=runs/mine``. Behind a
            plus stands how the symbols are divided: ``semantic+importance-energy``
            (`semjscc.allocation`), and ``semantic+importance-energy:saliency`` needs no network for
            that; ``separate+semantic`` tunes the image that it codes. Last may stand that symbols
            are sent in order of what they are worth, and that lost ones are asked for again:
            ``semantic+progressive+repeat@0.1`` (`semjscc.links.endings`).
        family: which shipped weights to use.
        perception: the network at the receiver, which ``label`` runs at the sender. The link
            computes on its device.
        accounting: of separate coding and its bounds: whether the whole ``file`` counts, or, as
            ``compact``, only what the receiver cannot rebuild from the control record.
        important: what matters in the images that will be sent, (H, W) in [0, 1], in place of the
            source that the name says; the link's name says so.

    Raises:
        UserError: there is no such link, or it weighs nothing by what is important.
    """
    found = find_link(name, family)
    endings = found.endings
    shown = found.name.removesuffix(endings.text)
    if important is not None:
        check_takes_mask(found.policy, found.source, name)
        shown, found = f"{shown}:{MASK}", replace(found, source=MASK)
    ending = endings.text if found.name.endswith(endings.text) else ""
    found = replace(found, name=shown)
    link = _open(found, family, perception, accounting, important)
    if not endings.text:
        return link
    from semjscc.links.base import SymbolLink
    from semjscc.links.joint_coding.progressive import ProgressiveLink

    assert isinstance(link, SymbolLink), "what has a plan sends symbols"
    if endings.progressive:
        link = ProgressiveLink(f"{shown}{ending}", link)
    if endings.repeat:
        from semjscc.links.joint_coding.repeating import RepeatingLink

        link = RepeatingLink(f"{shown}{ending}", link, endings.repeat, by_chance=endings.by_chance)
    return link


def _open(
    found: Place,
    family: str,
    perception: Perception | None,
    accounting: Accounting,
    important: Tensor | None,
) -> Link:
    """The link of a place, without its endings."""
    if found.weights is not None:
        from semjscc.codecs.store import load_codec
        from semjscc.links.joint_coding.codec import CodecLink
        from semjscc.runtime.devices import device_of

        codec, facts = load_codec(found.weights, found.part)
        if perception is not None:
            codec = codec.to(device_of(perception))
        allocation = _allocation(found, of_weights(facts), perception, important)
        return CodecLink(found.name, codec, facts, scheme=found.scheme, allocation=allocation)
    if found.part is not None:
        from semjscc.links.own import own_link

        return own_link(found.part, found.name)
    if found.scheme == NONE:
        from semjscc.links.joint_coding.codec import NoChannel

        return NoChannel()
    if found.scheme == LABEL:
        if perception is None:
            raise UserError(f"the link '{LABEL}' needs a network that looks at the sender")
        from semjscc.links.label import LabelLink

        return LabelLink(perception)
    if found.scheme == LINEAR:
        from semjscc.links.joint_coding.linear import LinearLink

        return LinearLink()
    network = Wanted(default_perception(family)) if family else None
    if found.scheme == ADAPTIVE:
        from semjscc.links.joint_coding.linear_adaptive import AdaptiveLinearLink

        allocation = _allocation(found, network, perception, important)
        return AdaptiveLinearLink(found.name, allocation)
    from semjscc.links.separate_coding.source import SourceStage

    if found.scheme == HYBRID:
        from semjscc.links.joint_coding.hybrid import HybridLink

        stage = SourceStage(family, None, accounting, cache_file())
        allocation = _allocation(found, network, perception, important)
        return HybridLink(found.name, stage, allocation)
    from semjscc.separation.sources import CODERS

    coder = found.scheme.partition("@")[0].removeprefix(SEPARATE).removeprefix("-")
    coder = coder if coder in CODERS else None
    if coder is not None and (missing := CODERS[coder].missing()):
        raise UserError(f"link {found.name}: {missing}")
    stage = SourceStage(family, coder, accounting, cache_file())
    if found.scheme in (CAPACITY, FINITE):
        from semjscc.links.separate_coding.bounds import BoundLink

        return BoundLink(found.scheme, stage)
    from semjscc.links.separate_coding.separate import SeparateLink

    allocation = _allocation(found, network, perception, important)
    return SeparateLink(found.name, stage, found.design_snr_db, allocation)


def _note_one_square(size: tuple[int, int]) -> None:
    from semjscc.linear.planning.weights import SIDE, squares
    from semjscc.linear.transform import BLOCK

    square = SIDE * BLOCK
    if squares((-(-size[0] // BLOCK), -(-size[1] // BLOCK))) == (1, 1):
        text = (
            "what was marked gets no more than the rest: importance is told of squares of "
            f"{square} x {square} pixels, and an image of {size[1]} x {size[0]} is no more than one"
        )
        warnings.warn(text, UserNote, stacklevel=2)


def needs_network(place: Place) -> bool:
    """Whether a network looks at the sender's image."""
    if (policy := place.policy) is None:
        return place.scheme == LABEL
    return policy.tunes or (policy.weighs and place.source == NETWORK)


def uses_family(name: str, place: Place) -> bool:
    """Whether a link is another one in another family: by its weights, coder or network."""
    if place.weights is None and place.part is None:
        return codes_images(place) or needs_network(place)
    try:
        return find_link(name, "").weights is None
    except UserError:
        return True


def _allocation(
    place: Place, network: Wanted | None, judge: Perception | None, important: Tensor | None
) -> Allocation | None:
    """What a sender with a policy needs: mostly a network, which need not be the one that judges.

    Raises:
        UserError: no network is known, or it cannot be had.
    """
    if place.policy is None or place.policy.name == ENERGY:
        return None
    from semjscc.allocation.sender import Allocation, ByMask, BySaliency

    if important is not None:
        if not place.scheme.startswith(SEPARATE):  # which knows importance block by block
            _note_one_square((important.shape[0], important.shape[1]))
        return ByMask(place.policy, mask=important)
    if place.source == PREDICTED:
        from semjscc.allocation.predicted import predictor
        from semjscc.allocation.sender import ByPrediction

        return ByPrediction(place.policy, predictor=predictor())
    if place.source == SALIENCY:
        return BySaliency(place.policy)
    if not needs_network(place):
        return Allocation(place.policy)
    if network is not None:
        from semjscc.runtime.devices import device_of

        wanted = sender_network(place.name, network, judge)
        return Allocation(place.policy, wanted if judge is None else wanted.to(device_of(judge)))
    if judge is None:
        raise UserError(
            f"link {place.name} needs a network that looks at the sender: "
            "say which weights' network that is, or name the network itself"
            + (
                ""
                if place.policy.tunes
                else f", or add :{PREDICTED} or :{SALIENCY}, which need none"
            )
        )
    return Allocation(place.policy, judge)


def cache_file() -> Path | None:
    """Where encoded images are kept from one run to the next, if anywhere."""
    folder = cache_folder()
    return folder and folder / "sources.sqlite"
