"""What the readers of folders, parquet files and hub data sets have in common."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from torch import Tensor

from semjscc.data.objects import Objects
from semjscc.images import printable

PartName = Literal["train", "val", "test", "all"]
"""A source's own splits; ``all`` stands for a source that is not divided."""

ROWS_AT_ONCE = 256
"""Of a table, each with an encoded image."""

DO_WITHOUT = "; only evaluate --metric agreement does without"
"""Behind a message that there are no labels."""

_WORDS: dict[str, PartName] = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}
_SPLIT_NAME = re.compile(rf"({'|'.join(_WORDS)})([ _-]?(set|images|data))?")


def part_of(name: str) -> PartName | None:
    """The split that a folder, or a split of a hub data set, is named for; case does not matter."""
    match = _SPLIT_NAME.fullmatch(name.casefold())
    return _WORDS[match[1]] if match else None


def part_of_file(stem: str) -> PartName | None:
    """The split that one word of a file's name names, as in ``train-00000-of-00002``."""
    found: set[PartName] = set()
    for word in re.split(r"[^a-z]+", stem.casefold()):
        part = part_of(word)
        if part:
            found.add(part)
    return found.pop() if len(found) == 1 else None


def source_name(path: Path) -> str:
    """What results call a local source: the last part of its path."""
    found = path.absolute().name
    return printable(path.resolve().name or "/" if found in ("", "..") else found)


@dataclass(frozen=True)
class Part:
    """One of a source's own splits, its images still encoded.

    Attributes:
        images: starts a new pass over the images, (3, H, W) uint8, decoded one at a time.
        labels: one for each image, or None where the source has none that can be used.
        unlabelled: why there are none, one line.
        names: of the images' files, none where they are in no files of their own.
        masks: starts a pass over the masks, (H, W) uint8; None where the source has none.
        objects: where boxes are; None likewise.
    """

    images: Callable[[], Iterator[Tensor]]
    labels: Sequence[int] | None
    unlabelled: str = ""
    names: Sequence[str] = ()
    masks: Callable[[], Iterator[Tensor]] | None = None
    objects: Objects | None = None


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
