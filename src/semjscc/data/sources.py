"""What the readers of folders, parquet files and hub data sets have in common."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

PartName = Literal["train", "val", "test", "all"]
"""A source's own splits; ``all`` stands for a source that is not divided."""

PART_NAMES: dict[str, PartName] = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
}
"""What folders and hub data sets call them."""


@dataclass(frozen=True)
class Part:
    """One of a source's own splits, its images still encoded.

    Attributes:
        images: starts a new pass over the images, (3, H, W) uint8, decoded one at a time.
        labels: one for each image, or None where the source has none.
    """

    images: Callable[[], Iterator[Tensor]]
    labels: Sequence[int] | None


@dataclass(frozen=True)
class Source:
    """A data set as its owner divided it.

    Attributes:
        name: what results call it.
        revision: the hub revision asked for, else "".
        parts: its own splits.
        class_names: the name of each label, empty where there are no labels.
        numbered: the labels have no names, and are called by their numbers.
    """

    name: str
    revision: str
    parts: dict[PartName, Part]
    class_names: tuple[str, ...]
    numbered: bool = False
