"""Several data sets as one."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Literal

import torch
from torch import Tensor

from semjscc.data.base import ImageSet, TargetName
from semjscc.data.classes import misfit, one_form, places
from semjscc.errors import UserError


def join(sets: Sequence[ImageSet]) -> ImageSet:
    """The images of several sets, one set after the other.

    Labels are kept where all sets have them: as numbers in all, or with class names, which are
    matched in whatever order; the classes are those of all sets together. Else every label is -1,
    and there are no class names. The fingerprint follows from those of the sets.
    """
    if len(sets) == 1:
        return sets[0]
    for target in ("label", "mask", "boxes"):
        sets = _in_one_order(sets, target)
    first = sets[0]
    images = [image for data in sets for image in data.images]
    same_size = all(isinstance(data.images, Tensor) for data in sets)
    same_size = same_size and len({image.shape for image in images}) == 1
    labels = torch.cat([data.labels for data in sets])
    names = max((data.class_names for data in sets), key=len)
    alike = all(data.numbered for data in sets) or all(data.class_names == names for data in sets)
    labelled = alike and bool((labels >= 0).all())
    named = all(data.names for data in sets)
    masks = _targets(sets, "mask")
    prints = "/".join(data.print_of("label") for data in sets)
    return replace(
        first,
        name=" + ".join(data.name for data in sets),
        images=torch.stack(images) if same_size else images,
        labels=labels if labelled else torch.full_like(labels, -1),
        class_names=names if labelled else (),
        revision=" + ".join(data.revision for data in sets if data.revision),
        fingerprint=hashlib.blake2b(prints.encode(), digest_size=8).hexdigest(),
        numbered=labelled and first.numbered,
        names=tuple(chain.from_iterable(data.names for data in sets)) if named else (),
        masks=torch.stack(masks) if masks is not None and same_size else masks,
        boxes=_targets(sets, "boxes"),
        own_names=(),
    )


def _in_one_order(sets: Sequence[ImageSet], target: TargetName) -> list[ImageSet]:
    """The sets with the numbers of the one that has most classes, then those that it lacks."""
    if target == "label" and any(data.numbered for data in sets):
        return list(sets)
    given = [(data, data.names_of(target)) for data in sets]
    known = max((names for _, names in given), key=len)
    for _, names in given:
        there = set(map(one_form, known))
        known += tuple(name for name in names if one_form(name) not in there)
    if any(not names or misfit(names, known, "", "") for _, names in given):
        return list(sets)
    return [
        data if names == known else data.renumbered(target, places(names, known), known)
        for data, names in given
    ]


def _targets(sets: Sequence[ImageSet], name: Literal["mask", "boxes"]) -> list[Tensor] | None:
    """Masks or boxes of all images, where all sets have them.

    Raises:
        UserError: they mean different classes by them.
    """
    found = [data.of_places(name) for data in sets]
    if any(some is None for some in found):
        return None
    for data in sets:
        if data.names_of(name) != sets[0].names_of(name):
            kind = "masks" if name == "mask" else "boxes"
            raise UserError(
                f"{sets[0].name} and {data.name} call the classes of their {kind} differently"
            )
    return [one for some in found if some is not None for one in some]
