"""What the page sends with and who looks at what arrives, loaded once for everybody."""

import threading
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from semjscc.errors import UserError, printable
from semjscc.families import PHOTO, choose_family, default_perception, families
from semjscc.links import CodecLink, SymbolLink, open_link, shipped_schemes
from semjscc.links.catalogue import ADAPTIVE, HYBRID, LINEAR
from semjscc.perception.base import Perception
from semjscc.perception.built_in import imagenet
from semjscc.perception.store import open_perception
from semjscc.runtime.devices import device_named
from semjscc.web.coding import PageStage
from semjscc.web.importance import NAME as IMPORTANCE

SCHEMES = ("semantic", "djscc")
"""Of neural codecs, in the order they are shown."""

FIXED = (LINEAR, ADAPTIVE)
MORE = (*FIXED, HYBRID, IMPORTANCE)
"""Links without training, which are shown where somebody asks for them; `FIXED` are the same for
every image and family."""

OWN = "as in training"
"""The perception network that the weights were trained with."""

ONE_AT_A_TIME = threading.Lock()
"""Held while a network or the decoder process is at work: features are read by hooks, which all
threads would share, and the process answers in order."""


_BROUGHT: dict[str, Perception] = {}
"""Networks that whoever serves the page has named, by the names that tables give them."""


_DEVICE = ["cpu"]


def compute_on(device: str) -> None:
    """Where the networks of the page compute, which are loaded from now on.

    Raises:
        UserError: there is no such device, see `semjscc.runtime.devices.device_named`.
    """
    _DEVICE[:] = [str(device_named(device))]


@dataclass(frozen=True)
class Senders:
    """The links of one family of weights.

    Attributes:
        family: of shipped weights.
        codecs: the semantic and the plain neural codec.
        separate: source and channel coding.
        hybrid: the same with fewer symbols, and linear coding for what it leaves out.
        ratios: the bandwidth ratios that all of them were trained at.
        trained_side: side in pixels of the images that the family's network was trained on.
    """

    family: str
    codecs: tuple[CodecLink, ...]
    separate: SymbolLink
    hybrid: SymbolLink
    ratios: tuple[Fraction, ...]
    trained_side: int


def shown_families() -> list[str]:
    """The families that have everything the page shows."""
    whole = [name for name in families() if set(SCHEMES) <= set(shipped_schemes(name))]
    return [name for name in whole if name != PHOTO or not imagenet.missing()]


@lru_cache(maxsize=8)
def load_senders(family: str) -> Senders:
    """The links of a family.

    Raises:
        UserError: no such family.
    """
    from semjscc.links.joint_coding.hybrid import HybridLink
    from semjscc.links.separate_coding.separate import SeparateLink

    choose_family(family, family)
    judge = load_judge(default_perception(family))
    codecs = []
    for scheme in SCHEMES:
        link = open_link(scheme, family, judge)
        if not isinstance(link, CodecLink):
            raise UserError(f"{scheme} of {family} is no neural codec")
        codecs.append(link)
    ratios = set.intersection(*(set(link.codec.ratios) for link in codecs))
    stage = PageStage(family)  # one for both: each remembers what the other has tried
    return Senders(
        family=family,
        codecs=tuple(codecs),
        separate=SeparateLink("separate", stage),
        hybrid=HybridLink(HYBRID, stage),
        ratios=tuple(sorted(ratios)),
        trained_side=_trained_side(judge),
    )


def check_more(name: str) -> None:
    """Refuse what is none of `MORE`.

    Raises:
        UserError: so it is.
    """
    if name not in MORE:
        raise UserError(f"there is no such link: there are {', '.join(MORE)}")


@lru_cache(maxsize=len(FIXED))
def load_fixed(name: str) -> SymbolLink:
    """One of `FIXED`."""
    link = open_link(name, "")
    assert isinstance(link, SymbolLink)
    return link


def _trained_side(perception: Perception) -> int:
    size = perception.preprocess.size
    side = max(size) if isinstance(size, tuple) else size
    return int(perception.facts.get("image_side") or side or imagenet.SIDE)


def bring(name: str, own_class: str | None = None, own_task: str | None = None) -> None:
    """Offer one more network on the page, by a name or path that `open_perception` knows.

    Raises:
        UserError: there is none, or it is called as another one is.
    """
    perception = open_perception(name, own_class, own_task=own_task, device=_DEVICE[0])
    if perception.name in {*judges(), *map(default_perception, families())}:
        raise UserError(f"the page has a network {printable(perception.name)} already")
    _BROUGHT[perception.name] = perception


def preferred_judge() -> str:
    """The network that looks at a photograph unless another is chosen."""
    return next(iter(_BROUGHT), OWN)


def judges() -> list[str]:
    """Who can look at what arrives: the weights' own network, a stranger, and what was brought."""
    return [OWN, *([] if imagenet.missing() else [imagenet.NAME]), *_BROUGHT]


def judge_of(family: str, judge: str) -> str:
    """The name of a perception network for `load_judge`, from one of `judges`."""
    return default_perception(family) if judge == OWN else judge


@lru_cache(maxsize=8)
def load_judge(name: str) -> Perception:
    """A perception network by the name that `judge_of` gives it.

    Raises:
        UserError: there is none of that name.
    """
    if name in _BROUGHT:
        return _BROUGHT[name]
    if name not in {imagenet.NAME, *map(default_perception, families())}:
        raise UserError("there is no such perception network")
    return open_perception(name, device=_DEVICE[0])
