"""Any labelled images that Hugging Face ``datasets`` reads: parquet, image folder, hub name.

Train and val are carved from the source's train split by a hash of each image, unless the
source has a val split of its own.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from semjscc.data.base import ImageSet, Split
from semjscc.data.folders.coco import coco_files, open_coco
from semjscc.data.folders.image_folders import open_image_folder
from semjscc.data.objects import read_objects, resize_and_crop_boxes, within
from semjscc.data.sources import DO_WITHOUT, Part, PartName, Source, source_name
from semjscc.data.splits import fingerprint, in_validation
from semjscc.data.tables.online import open_hub
from semjscc.data.tables.parquet import (
    is_parquet,
    open_parquet_file,
    open_parquet_folder,
    parquet_files,
)
from semjscc.errors import UserError
from semjscc.images import MINIMUM_SIDE, printable, resize_and_crop, resize_and_crop_mask
from semjscc.paths import special_kind, user_path

_HUB_NAME = re.compile(r"([\w-][\w.-]*/[\w-][\w.-]*)(?:@([\w./-]+))?", re.ASCII)


class Row(NamedTuple):
    """One image of a split.

    Attributes:
        image: (3, H, W) uint8.
        label: -1 where there is none.
        name: of its file, or "".
        mask: (H, W) uint8 where masks were asked for.
        boxes: (n, 5) float32 where boxes were asked for.
    """

    image: Tensor
    label: int
    name: str
    mask: Tensor | None = None
    boxes: Tensor | None = None


def load_hub(
    source: str,
    split: Split,
    *,
    size: int | None = None,
    val_fraction: float = 0.1,
    limit: int | None = None,
    needs_labels: bool = True,
    needs_masks: bool = False,
    needs_boxes: bool = False,
) -> ImageSet:
    """Decode one split of a parquet file, a folder or a hub data set into memory.

    Args:
        source: a ``.parquet`` file, which is all ``test``; a folder with ``train*.parquet``,
            ``val*.parquet`` and ``test*.parquet``, in it or in its folder ``data``; a folder of
            images as in :mod:`semjscc.data.folders.image_folders`, or where boxes are needed one
            with COCO's JSON as in :mod:`semjscc.data.folders.coco`; else ``owner/name`` or
            ``owner/name@revision`` on the Hugging Face hub.
        split: where the source has a val but no test split, its val split is ``test``, and
            ``val`` is carved from train like where it has none.
        size: the side of the square every image is resized and cropped to; None leaves them.
        val_fraction: the share of train that is carved off as val.
        limit: read the first images of the split only; the fingerprint is theirs.
        needs_labels: whether images without labels are refused; they get the label -1.
        needs_masks: whether masks are read, and images without them refused.
        needs_boxes: whether boxes are read, likewise.

    Raises:
        UserError: with one line that says what is wrong with the source and how to put it right.
    """
    if size is not None and size < MINIMUM_SIDE:
        raise UserError(f"size must be at least {MINIMUM_SIDE}, not {size}")
    opened, rows = open_split(
        *(source, split),
        val_fraction=val_fraction,
        limit=limit,
        needs_labels=needs_labels,
        needs_masks=needs_masks,
        needs_boxes=needs_boxes,
    )
    images: list[Tensor] = []
    labels: list[int] = []
    names: list[str] = []
    masks: list[Tensor] = []
    boxes: list[Tensor] = []
    for image, label, name, mask, objects in rows:
        # Only now, so that ``size`` never moves an image to the other side of the split.
        images.append(image if size is None else resize_and_crop(image, size))
        labels.append(label)
        names.append(name)
        if mask is not None:
            masks.append(mask if size is None else resize_and_crop_mask(mask, size))
        if objects is not None:
            sides = (image.shape[-2], image.shape[-1])
            boxes.append(objects if size is None else resize_and_crop_boxes(objects, sides, size))
    if any(map(len, boxes)) and all(float(one[:, :4].max()) <= 1 for one in boxes if len(one)):
        raise UserError(
            f"{opened.name} has its boxes in parts of the image: left, top, width and height "
            "are in pixels"
        )
    numbers = torch.tensor(labels, dtype=torch.int64)
    same_size = len({image.shape for image in images}) == 1
    return ImageSet(
        name=opened.name,
        split=split,
        images=torch.stack(images) if same_size else images,
        labels=numbers,
        class_names=opened.class_names,
        revision=opened.revision,
        fingerprint=fingerprint(images, numbers),
        numbered=opened.numbered,
        names=tuple(names) if all(names) else (),
        masks=None if not masks else torch.stack(masks) if same_size else masks,
        boxes=boxes or None,
        box_names=_box_names(opened, boxes),
    )


def open_split(
    source: str,
    split: Split,
    *,
    val_fraction: float = 0.1,
    limit: int | None = None,
    needs_labels: bool = True,
    needs_masks: bool = False,
    needs_boxes: bool = False,
) -> tuple[Source, Iterator[Row]]:
    """What `load_hub` reads, as one pass over its rows.

    Raises:
        UserError: as `load_hub` does; during the pass, where there are no images, or damaged ones.
    """
    if not 0 <= val_fraction < 1:
        raise UserError(f"val_fraction must be at least 0 and below 1, not {val_fraction}")
    if limit is not None and limit < 1:
        raise UserError(f"limit must be at least 1, not {limit}")
    opened, part, wanted = _open_part(source, split, needs_boxes=needs_boxes)
    if part.labels is None and needs_labels:
        raise UserError(
            part.unlabelled or f"{opened.name} has no labels for the split {split!r}{DO_WITHOUT}"
        )
    for kind, there, needed in (
        ("masks", part.masks, needs_masks),
        ("boxes", part.objects, needs_boxes),
    ):
        if there is None and needed:
            raise UserError(f"{opened.name} has no {kind} for the split {split!r}{DO_WITHOUT}")

    def rows() -> Iterator[Row]:
        count, left = 0, 0
        masks = part.masks() if part.masks is not None and needs_masks else repeat(None)
        objects = read_objects(part.objects) if part.objects and needs_boxes else repeat(None)
        for row, (image, mask, boxes) in enumerate(
            zip(part.images(), masks, objects, strict=False)
        ):
            if boxes is not None:
                place = f"{opened.name}, {part.names[row] if part.names else f'row {row}'}"
                boxes = within(boxes, (image.shape[-2], image.shape[-1]), place)
            if mask is not None and mask.shape != image.shape[1:]:
                sizes = [f"{one.shape[-1]} x {one.shape[-2]}" for one in (mask, image)]
                raise UserError(
                    f"{opened.name}, row {row}: the mask is {sizes[0]} pixels and the image "
                    f"{sizes[1]}"
                )
            if wanted is not None and in_validation(image, val_fraction) != wanted:
                left += 1
                continue
            label = -1 if part.labels is None else part.labels[row]
            yield Row(image, label, part.names[row] if part.names else "", mask, boxes)
            count += 1
            if count == limit:
                return
        if not count:
            raise UserError(_none_for(opened.name, split, left))

    return opened, rows()


def _none_for(name: str, split: Split, others: int) -> str:
    """What to say of a split without images, beside which so many fell into the other one."""
    said = f"{name} has no images for the split {split!r}"
    if not others:
        return said
    if split == "val":
        remedy = "raise data.val_fraction, or put some into a folder 'val'"
    else:
        remedy = "lower data.val_fraction, or bring more"
    return f"{said}: none of its {others} training images fell into it by chance; {remedy}"


def _box_names(source: Source, boxes: Sequence[Tensor]) -> tuple[str, ...]:
    """The names of the classes in boxes; where no part tells them, their numbers."""
    told = [part.objects.names for part in source.parts.values() if part.objects is not None]
    if not boxes or any(told):
        return next(filter(None, told), ())
    highest = max((int(one[:, 4].max()) for one in boxes if len(one)), default=-1)
    return tuple(map(str, range(highest + 1)))


def _open_part(source: str, split: Split, *, needs_boxes: bool) -> tuple[Source, Part, bool | None]:
    """A source, the part of it that holds ``split``, and which side of that, as of `_choose`."""
    path = user_path(source)
    files = _coco(path) if needs_boxes and path.is_dir() else {}
    if files:  # of COCO only what is asked for is opened: a file may have half a gigabyte
        part, wanted = _choose(files, source_name(path), split)
        opened = open_coco(path, part, files[part])
    else:
        opened = _open(source)
        part, wanted = _choose(opened.parts, opened.name, split)
    return opened, opened.parts[part], wanted


def _coco(folder: Path) -> dict[PartName, Path]:
    """COCO's files of a folder without tables."""
    try:
        return {} if parquet_files(folder) else coco_files(folder)
    except OSError as error:
        place = printable(str(error.filename or folder))
        raise UserError(f"{place} cannot be read: {error.strerror}") from None


def _choose(parts: Collection[PartName], name: str, split: Split) -> tuple[PartName, bool | None]:
    """Find the part that holds ``split``, and which side of it: val, train, or (None) all."""
    if "all" in parts:
        if split != "test":
            raise UserError(
                f"{name} is not divided into splits, so all of it is 'test';"
                f" for {split!r} put what is to be learned from into a folder 'train' in it"
            )
        return "all", None
    # The only held-out split is what others report on, so it is the test.
    test: PartName = "test" if "test" in parts else "val"
    part: PartName = test if split == "test" else "train"
    if split == "val" and test == "test" and "val" in parts:
        part = "val"
    if part not in parts:
        own = ", ".join(sorted(parts))
        raise UserError(f"{name} has no images for the split {split!r}; it has: {own}")
    carved = part == "train" and not (test == "test" and "val" in parts)
    return part, split == "val" if carved else None


def _open(source: str) -> Source:
    path = user_path(source)
    name = printable(source)
    try:
        if path.is_dir():
            files = parquet_files(path)
            return open_parquet_folder(path, files) if files else open_image_folder(path)
        if path.is_file():
            if not is_parquet(path):
                raise UserError(f"{name} is neither a .parquet file nor a folder")
            return open_parquet_file(path)
        if path.is_symlink() and not path.exists():
            raise UserError(f"{name} is a link that leads nowhere")
        if kind := special_kind(path):
            raise UserError(f"{name} is {kind}, neither a .parquet file nor a folder")
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}") from None
    match = _HUB_NAME.fullmatch(source)
    if match is None or is_parquet(path):
        raise UserError(
            f"{name} does not exist: it is neither a folder, nor a .parquet file,"
            " nor a name 'owner/name' on the Hugging Face hub"
        )
    if match[2] is None and path.parent.is_dir():  # a slip in a path is no business of the hub's
        raise UserError(
            f"{name} does not exist in the folder {printable(str(path.parent))!r};"
            f" if it is a name on the Hugging Face hub, write {name}@main"
        )
    if Path(match[1]).exists():  # load_dataset would take it, whatever the revision
        raise UserError(f"{match[1]} is a folder or file here; a revision needs a name on the hub")
    return open_hub(match[1], match[2] or "")
