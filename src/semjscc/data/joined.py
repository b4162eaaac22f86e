"""Several data sets as one."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import torch
from torch import Tensor

from semjscc.data.base import ImageSet


def join(sets: Sequence[ImageSet]) -> ImageSet:
    """The images of several sets, one set after the other.

    Labels are kept where all sets have them and mean the same by them: the same class names, or
    numbers in all. Else every label is -1, and there are no class names. The fingerprint follows
    from those of the sets.
    """
    first = sets[0]
    if len(sets) == 1:
        return first
    images = [image for data in sets for image in data.images]
    same_size = all(isinstance(data.images, Tensor) for data in sets)
    same_size = same_size and len({image.shape for image in images}) == 1
    labels = torch.cat([data.labels for data in sets])
    names = max((data.class_names for data in sets), key=len)
    alike = all(data.numbered for data in sets) or all(data.class_names == names for data in sets)
    labelled = alike and bool((labels >= 0).all())
    named = all(data.names for data in sets)
    prints = "/".join(data.fingerprint for data in sets)
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
        masks=_masks(sets),
        boxes=_boxes(sets),
    )


def _masks(sets: Sequence[ImageSet]) -> list[Tensor] | None:
    """Of all images, where all sets have them and mean the same by them."""
    if any(data.masks is None or data.mask_names != sets[0].mask_names for data in sets):
        return None
    return [mask for data in sets for mask in data.masks or ()]


def _boxes(sets: Sequence[ImageSet]) -> list[Tensor] | None:
    """Likewise."""
    if any(data.boxes is None or data.box_names != sets[0].box_names for data in sets):
        return None
    return [boxes for data in sets for boxes in data.boxes or ()]
