"""What a data set is to the rest of the program: images in memory, what is right of each."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor

from semjscc.errors import UserError

Split = Literal["train", "val", "test"]
TargetName = Literal["label", "mask", "boxes"]
PerImage = Tensor | Sequence[Tensor]
"""Something of each image: a batch (B, ...), or a tensor of its own shape for each."""


@dataclass(frozen=True)
class ImageSet:
    """One split of a data set, held in memory as 8-bit images.

    Attributes:
        name: what the user called the data.
        split: train, val or test.
        images: (N, 3, H, W) uint8 where all sizes agree, else N tensors (3, H, W).
        labels: (N,) int64.
        class_names: the name of each label.
        revision: the hub commit or generator version the data came from, "" where there is none.
        fingerprint: a short hash over every pixel and label, so that results name their data.
        numbered: the labels have no names, and are called by their numbers.
        names: of the images' files, none where they are in no files of their own.
        masks: (N, H, W) uint8 where all sizes agree, else N tensors (H, W): each pixel's class, 255
            where it counts for nothing; None where there are none.
        mask_names: the name of each class in masks, empty where they are mere numbers.
        boxes: N tensors (n, 5): left, top, right and bottom in pixels, right and bottom
            exclusive, and the class of each object; None where there are none.
        box_names: the name of each class in boxes.
        own_names: of the classes in labels, in the data's own order where `renumbered` changed it.
    """

    name: str
    split: Split
    images: Tensor | Sequence[Tensor]
    labels: Tensor
    class_names: tuple[str, ...]
    revision: str
    fingerprint: str
    numbered: bool = False
    names: tuple[str, ...] = ()
    masks: Tensor | Sequence[Tensor] | None = None
    mask_names: tuple[str, ...] = ()
    boxes: Sequence[Tensor] | None = None
    box_names: tuple[str, ...] = ()
    own_names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def sizes(self) -> list[tuple[int, int]]:
        """(height, width) of every image."""
        return [(int(image.shape[-2]), int(image.shape[-1])) for image in self.images]

    def batch(self, indices: Sequence[int] | Tensor) -> Tensor:
        """The images at ``indices``, which must agree in size: (B, 3, H, W), float32 in [0, 1]."""
        if isinstance(self.images, Tensor):
            chosen = self.images[torch.as_tensor(indices)]
        else:
            chosen = torch.stack([self.images[int(index)] for index in indices])
        return chosen.float().div_(255)

    def targets(self, name: TargetName, indices: Sequence[int] | Tensor) -> PerImage:
        """What is right of the images at ``indices``: labels (B,), masks (B, H, W) or boxes (n, 5).

        Raises:
            UserError: the data has none.
        """
        if name == "label":
            return self.labels[torch.as_tensor(indices)]
        kept = self.of_places(name)
        if kept is None:
            raise UserError(f"{self.name} has no {name if name == 'boxes' else 'masks'}")
        if isinstance(kept, Tensor):
            return kept[torch.as_tensor(indices)]
        chosen = [kept[int(index)] for index in indices]
        return chosen if name == "boxes" else torch.stack(chosen)

    def targets_of_all(self, name: TargetName) -> PerImage:
        """What is right of all images, as they are kept; empty where the data has none."""
        kept = self.labels if name == "label" else self.of_places(name)
        return [] if kept is None else kept

    def of_places(self, name: TargetName) -> PerImage | None:
        """The masks or the boxes of all images; None where there are none."""
        return self.masks if name == "mask" else self.boxes

    def names_of(self, name: TargetName) -> tuple[str, ...]:
        """The names of the classes in labels, masks or boxes."""
        names = {"label": self.class_names, "mask": self.mask_names, "boxes": self.box_names}
        return names[name]

    def print_of(self, name: TargetName) -> str:
        """The fingerprint, of masks or boxes too where these are what is right."""
        if name == "label" and not self.own_names:
            return self.fingerprint
        state = hashlib.blake2b(self.fingerprint.encode(), digest_size=8)
        if name == "label":  # the print is of the data's own numbers, which mean these names
            state.update(repr(self.own_names).encode())
            return state.hexdigest()
        kept = self.of_places(name)
        for one in () if kept is None else kept:
            state.update(f"{tuple(one.shape)}".encode() + one.contiguous().numpy().tobytes())
        return state.hexdigest()

    @property
    def full_print(self) -> str:
        """Of the images and all that is right of them."""
        names: tuple[TargetName, ...] = ("mask", "boxes")
        there = [self.print_of(name) for name in names if self.of_places(name) is not None]
        return "/".join([self.fingerprint, *there])

    def with_targets(
        self, name: TargetName, values: Sequence[Tensor], class_names: tuple[str, ...]
    ) -> "ImageSet":
        """The same images, of each of which something else is right."""
        if name == "label":
            return replace(self, labels=torch.stack(list(values)), class_names=class_names)
        if name == "boxes":
            return replace(self, boxes=values, box_names=class_names)
        return replace(self, masks=values, mask_names=class_names)

    def renumbered(
        self, name: TargetName, numbers: Sequence[int], class_names: tuple[str, ...]
    ) -> "ImageSet":
        """The same images and fingerprint, with other numbers for the classes of a target.

        Args:
            name: of the target.
            numbers: the new number of each class.
            class_names: the names of all classes by their new numbers.
        """
        if list(numbers) == list(range(len(numbers))):
            names = {"label": "class_names", "mask": "mask_names", "boxes": "box_names"}
            return replace(self, **{names[name]: class_names})
        if name == "label":
            labels = renumber(self.labels, name, numbers)
            own = self.own_names or self.class_names
            return replace(self, labels=labels, class_names=class_names, own_names=own)
        kept = self.of_places(name)
        moved = [renumber(one, name, numbers) for one in (() if kept is None else kept)]
        if name == "boxes":
            return replace(self, boxes=moved, box_names=class_names)
        masks = torch.stack(moved) if isinstance(kept, Tensor) else moved
        return replace(self, masks=masks, mask_names=class_names)

    def first(self, limit: int | None) -> "ImageSet":
        """The first ``limit`` images (all where it is None); the fingerprint stays the whole's."""
        if limit is None or limit >= len(self):
            return self
        return replace(
            self,
            images=self.images[:limit],
            labels=self.labels[:limit],
            names=self.names[:limit],
            masks=None if self.masks is None else self.masks[:limit],
            boxes=None if self.boxes is None else self.boxes[:limit],
        )

    def at(self, places: Sequence[int]) -> "ImageSet":
        """The images at these places with all that is right of them, as `first`."""
        return replace(
            self,
            images=_chosen(self.images, places),
            labels=self.labels[list(places)],
            names=tuple(self.names[place] for place in places) if self.names else (),
            masks=None if self.masks is None else _chosen(self.masks, places),
            boxes=None if self.boxes is None else [self.boxes[place] for place in places],
        )


def _chosen(values: Tensor | Sequence[Tensor], places: Sequence[int]) -> Tensor | list[Tensor]:
    if isinstance(values, Tensor):
        return values[list(places)]
    return [values[place] for place in places]


def renumber(values: Tensor, target: TargetName, numbers: Sequence[int]) -> Tensor:
    """Targets with other numbers for their classes; what is of no class stays, such as -1 or 255.

    Args:
        values: labels or masks of any shape, or boxes (..., 5), whose class stands last.
        target: which of these.
        numbers: the new number of each class.
    """
    classes = (values[..., 4] if target == "boxes" else values).long()
    table = torch.tensor(numbers, dtype=torch.int64, device=values.device)
    is_class = (classes >= 0) & (classes < len(table))
    moved = torch.where(is_class, table[classes.clamp(0, len(table) - 1)], classes)
    if target != "boxes":
        return moved.to(values.dtype)
    return torch.cat([values[..., :4], moved[..., None].to(values.dtype)], dim=-1)
