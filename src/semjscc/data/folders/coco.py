"""Folders of images with boxes in COCO's JSON (Lin et al. 2014), as they are packed.

COCO          annotations/instances_train2017.json, images in train2017 or images/train2017
CVAT          annotations/instances_default.json, images in images/default or images
Roboflow      train/_annotations.coco.json, beside its images; valid, test likewise

A JSON file has the lists ``images`` (id, file_name, and width and height where they are told),
``categories`` (id, name) and ``annotations`` (image_id, category_id, and bbox: left, top, width and
height in pixels).
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from torch import Tensor

from semjscc.data.folders.coco_fields import (
    Key,
    box_of,
    by_id,
    category_name,
    is_crowd,
    listed_key,
    read_lists,
    shown,
    side,
)
from semjscc.data.objects import Objects
from semjscc.data.sources import Part, PartName, Source, part_of, part_of_file, source_name
from semjscc.errors import UserError, UserNote
from semjscc.images import printable, read_image

_BESIDE_IMAGES = "_annotations.coco.json"
_FOLDER, _PREFIX = "annotations", "instances_"


@dataclass(frozen=True)
class _Image:
    """One image as a file of annotations tells of it.

    Attributes:
        path: where it is.
        name: of its file, from the data folder on.
        size: (H, W), None where it is not told.
    """

    path: Path
    name: str
    size: tuple[int, int] | None


def coco_files(folder: Path) -> dict[PartName, Path]:
    """The file of annotations of each split; none where the folder is not of this kind.

    Raises:
        UserError: there are two of one split.
        OSError: a folder cannot be read.
    """
    found: dict[PartName, Path] = {}

    def enter(part: PartName, file: Path) -> None:
        if (other := found.setdefault(part, file)) != file:
            both = [printable(str(one.relative_to(folder))) for one in (other, file)]
            raise UserError(f"{printable(str(folder))} holds {' and '.join(both)}: keep one")

    for inner in sorted(folder.iterdir()):
        file, part = inner / _BESIDE_IMAGES, part_of(inner.name)
        if part is not None and file.is_file():
            enter(part, file)
    for file in sorted((folder / _FOLDER).glob(f"{_PREFIX}*.json")):
        enter(part_of_file(file.stem.removeprefix(_PREFIX)) or "all", file)
    if not found and (folder / _BESIDE_IMAGES).is_file():
        enter("all", folder / _BESIDE_IMAGES)
    return found


def open_coco(folder: Path, part: PartName, file: Path) -> Source:
    """One split, its images by the names of their files.

    Categories are numbered from 0 by their ids. Boxes without area are left out, and so are crowds,
    in which COCO counts nothing; a `UserNote` says how many.

    Args:
        folder: of the data.
        part: the split.
        file: its annotations, one of `coco_files`.

    Raises:
        UserError: the file is no such file, or does not fit itself or the images.
    """
    said = printable(str(file))
    told = read_lists(file, said)
    images = _images(told["images"], folder, file, said)
    categories = by_id(told["categories"], "categories", said)
    if wrong := [key for key in categories if not isinstance(key, int)]:
        raise UserError(f"{said}: the id of a category is a whole number, not {shown(wrong[0])}")
    numbers = {key: number for number, key in enumerate(sorted(categories))}
    names = tuple(category_name(categories[key], key, said) for key in sorted(categories))
    rows: dict[Key, dict[str, list[Any]]] = {key: {"bbox": [], "category": []} for key in images}
    left_out = Counter[str]()
    for one in told["annotations"]:
        image = listed_key(one, "image", images, said)
        category = listed_key(one, "category", categories, said)
        place = f"{said}, {images[image].name}"
        box = box_of(one.get("bbox"), place)
        if is_crowd(one.get("iscrowd"), place):
            left_out["crowds, where what is found counts as wrong"] += 1
        elif 0 in box[2:]:
            left_out["boxes without area"] += 1
        else:
            rows[image]["bbox"].append(box)
            rows[image]["category"].append(numbers[category])
    if left_out:
        listed = ", ".join(f"{what} ({count:,})" for what, count in left_out.items())
        warnings.warn(f"{said}: left out are {listed}", UserNote, stacklevel=2)
    order = sorted(images, key=lambda key: images[key].name)
    objects = Objects(lambda: (rows[key] for key in order), "bbox", "category", names, said)
    found = Part(
        images=partial(_decode, [images[key] for key in order], said),
        labels=None,
        unlabelled=f"{source_name(folder)} has boxes and no labels",
        names=[images[key].name for key in order],
        objects=objects,
    )
    return Source(source_name(folder), "", {part: found}, ())


def _images(
    records: Sequence[Mapping[str, Any]], folder: Path, file: Path, said: str
) -> dict[Key, _Image]:
    """Where the images are.

    Raises:
        UserError: one is missing, listed twice, or out of the data folder.
    """
    places = [file.parent, file.parent / "images"]
    if file.name != _BESIDE_IMAGES:
        split = file.stem.removeprefix(_PREFIX)
        places = [folder / split, folder / "images" / split, folder / "images", folder]
    found: dict[Key, _Image] = {}
    ids: dict[str, Key] = {}
    missing: list[str] = []
    for key, one in by_id(records, "images", said).items():
        name = one.get("file_name")
        if not isinstance(name, str) or not name or "\0" in name:
            stands = "" if name is None else f" but {shown(name)}"
            raise UserError(f"{said}: image {shown(key)} has no file_name{stands}")
        path = _find(name, places, said)
        if path is None:
            missing.append(name)
            continue
        if not path.resolve().is_relative_to(folder.resolve()) or ".." in Path(name).parts:
            raise UserError(f"{said} names {printable(name)}, which leads out of the data folder")
        name = _name_within(path, folder)
        if (other := ids.setdefault(name, key)) != key:
            raise UserError(
                f"{said}: images {shown(other)} and {shown(key)} are both {printable(name)}: "
                "keep one, with the boxes of both"
            )
        height, width = (side(one, what, key, said) for what in ("height", "width"))
        size = None if height is None or width is None else (height, width)
        found[key] = _Image(path, printable(name), size)
    if missing:
        raise UserError(
            f"{said} names images that are not there, {len(missing):,} of {len(records):,}, such "
            f"as {printable(missing[0])}: put them into {printable(str(places[0]))}"
        )
    return found


def _find(name: str, places: Sequence[Path], said: str) -> Path | None:
    """The file of a name in the first place that has it, None where none has."""
    try:
        return next((place / name for place in places if (place / name).is_file()), None)
    except OSError as error:
        raise UserError(
            f"{said} names {printable(name)}, which cannot be read: {error.strerror or error}"
        ) from None
    except ValueError:  # half a letter, which no file's name has
        return None


def _name_within(path: Path, folder: Path) -> str:
    if not path.is_relative_to(folder):  # a whole path, by another way into the folder
        path, folder = path.resolve(), folder.resolve()
    return str(path.relative_to(folder))


def _decode(images: Sequence[_Image], said: str) -> Iterator[Tensor]:
    for one in images:
        pixels = read_image(one.path)
        size = (pixels.shape[-2], pixels.shape[-1])
        if one.size not in (None, size):
            raise UserError(
                f"{one.name} is {size[1]} x {size[0]} pixels, and its boxes in {said} are of "
                f"{one.size[1]} x {one.size[0]}"
            )
        yield pixels
