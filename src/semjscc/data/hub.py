"""Any labelled images that Hugging Face ``datasets`` reads: parquet, image folder, hub name.

Train and val are carved from the source's train split by a hash of each image, unless the
source has a val split of its own.
"""

import os
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from semjscc.data.base import ImageSet, Split
from semjscc.data.folders import open_image_folder
from semjscc.data.sources import PART_NAMES, Part, PartName, Source
from semjscc.data.splits import fingerprint, in_validation
from semjscc.data.tables import ReadColumn, find_columns, read_parts
from semjscc.errors import UserError
from semjscc.images import MINIMUM_SIDE, printable, resize_and_crop

_HUB_NAME = re.compile(r"([\w-][\w.-]*/[\w-][\w.-]*)(?:@([\w./-]+))?", re.ASCII)
_FILE_PREFIXES: dict[str, PartName] = {"train": "train", "val": "val", "test": "test"}
_ROWS_AT_ONCE = 256


def load_hub(
    source: str,
    split: Split,
    *,
    size: int | None = None,
    val_fraction: float = 0.1,
    limit: int | None = None,
    needs_labels: bool = True,
) -> ImageSet:
    """Decode one split of a parquet file, a folder or a hub data set into memory.

    Args:
        source: a ``.parquet`` file, which is all ``test``; a folder with ``train*.parquet``,
            ``val*.parquet`` and ``test*.parquet``; a folder of images as in
            :mod:`semjscc.data.folders`; else ``owner/name`` or ``owner/name@revision`` on the
            Hugging Face hub.
        split: where the source has a val but no test split, its val split is ``test``, and
            ``val`` is carved from train like where it has none.
        size: the side of the square every image is resized and cropped to; None leaves them.
        val_fraction: the share of train that is carved off as val.
        limit: read the first images of the split only; the fingerprint is theirs.
        needs_labels: whether images without labels are refused; they get the label -1.

    Raises:
        UserError: with one line that says what is wrong with the source and how to put it right.
    """
    if size is not None and size < MINIMUM_SIDE:
        raise UserError(f"size must be at least {MINIMUM_SIDE}, not {size}")
    opened, rows = open_split(
        source, split, val_fraction=val_fraction, limit=limit, needs_labels=needs_labels
    )
    images: list[Tensor] = []
    labels: list[int] = []
    for image, label in rows:
        # Only now, so that ``size`` never moves an image to the other side of the split.
        images.append(image if size is None else resize_and_crop(image, size))
        labels.append(label)
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
    )


def open_split(
    source: str,
    split: Split,
    *,
    val_fraction: float = 0.1,
    limit: int | None = None,
    needs_labels: bool = True,
) -> tuple[Source, Iterator[tuple[Tensor, int]]]:
    """What `load_hub` reads, as one pass over images (3, H, W) uint8, each with its label.

    Raises:
        UserError: as `load_hub` does; during the pass, where there are no images, or damaged ones.
    """
    if not 0 <= val_fraction < 1:
        raise UserError(f"val_fraction must be at least 0 and below 1, not {val_fraction}")
    if limit is not None and limit < 1:
        raise UserError(f"limit must be at least 1, not {limit}")
    opened = _open(source)
    part, wanted = _choose(opened, split)
    if part.labels is None and needs_labels:
        raise UserError(
            f"{opened.name} has no labels: a column of class labels, or class folders, is needed; "
            "only evaluate --metric agreement does without"
        )

    def rows() -> Iterator[tuple[Tensor, int]]:
        count = 0
        for row, image in enumerate(part.images()):
            if wanted is not None and in_validation(image, val_fraction) != wanted:
                continue
            yield image, -1 if part.labels is None else part.labels[row]
            count += 1
            if count == limit:
                return
        if not count:
            raise UserError(f"{opened.name} has no images for the split {split!r}")

    return opened, rows()


def _choose(source: Source, split: Split) -> tuple[Part, bool | None]:
    """Find the part that holds ``split``, and which side of it: val, train, or (None) all."""
    parts = source.parts
    if "all" in parts:
        if split != "test":
            raise UserError(
                f"{source.name} is not divided into splits, so all of it is 'test';"
                f" for {split!r} give a folder with train and test in it"
            )
        return parts["all"], None
    # The only held-out split is what others report on, so it is the test.
    test: PartName = "test" if "test" in parts else "val"
    part: PartName = test if split == "test" else "train"
    if split == "val" and test == "test" and "val" in parts:
        part = "val"
    if part not in parts:
        own = ", ".join(sorted(parts))
        raise UserError(f"{source.name} has no images for the split {split!r}; it has: {own}")
    carved = part == "train" and not (test == "test" and "val" in parts)
    return parts[part], split == "val" if carved else None


def _open(source: str) -> Source:
    path = Path(source).expanduser()
    name = printable(source)
    try:
        if path.is_dir():
            files = sorted(path.glob("*.parquet"))
            if not files:
                return open_image_folder(path)
            return _open_parquet(_by_split(files, name), path)
        if path.is_file():
            if path.suffix != ".parquet":
                raise UserError(f"{name} is neither a .parquet file nor a folder")
            return _open_parquet({"all": [path]}, path)
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}") from None
    match = _HUB_NAME.fullmatch(source)
    if match is None or source.endswith(".parquet"):
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
    return _open_hub(match[1], match[2] or "")


def _by_split(files: Sequence[Path], name: str) -> dict[PartName, list[Path]]:
    """Hub exports cut a split into ``train-00000-of-00002.parquet`` and so on."""
    found: dict[PartName, list[Path]] = {}
    for file in files:
        for prefix, part in _FILE_PREFIXES.items():
            if file.name.startswith(prefix):
                found.setdefault(part, []).append(file)
    if not found:
        raise UserError(
            f"{name} has no file named train*.parquet, val*.parquet or test*.parquet;"
            " name its files so, or give one of them by its path"
        )
    return found


def _open_parquet(files: dict[PartName, list[Path]], path: Path) -> Source:
    # Through Arrow directly: ``load_dataset`` would copy the files into its cache, take brackets
    # in a path for a pattern, and report the use even of local files to the hub.
    from datasets import Features
    from pyarrow.parquet import read_schema

    name = printable(path.absolute().name)
    try:
        features = Features.from_arrow_schema(read_schema(next(iter(files.values()))[0]))
    except Exception as error:  # damaged files and unknown column types raise many kinds
        raise UserError(f"{name} cannot be read as parquet: {_line(error)}") from None
    columns = find_columns(features, name)
    readers: dict[PartName, ReadColumn] = {
        part: partial(_read_parquet, some) for part, some in files.items()
    }
    return Source(name, "", *read_parts(readers, columns, name))


def _read_parquet(files: Sequence[Path], column: str) -> Iterator[Any]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    for file in files:
        try:
            with ParquetFile(file) as table:
                if column not in table.schema_arrow.names:
                    raise UserError(f"{printable(str(file))} has no column {printable(column)!r}")
                for batch in table.iter_batches(_ROWS_AT_ONCE, columns=[column]):
                    yield from batch.column(0).to_pylist()
        except (ArrowException, OSError, ValueError) as error:
            raise UserError(f"{printable(str(file))} cannot be read: {_line(error)}") from None


def _open_hub(name: str, revision: str) -> Source:
    import datasets
    import datasets.config
    import huggingface_hub

    # The libraries read the environment when first imported, which may be long ago.
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False
    huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY = True
    datasets.disable_progress_bars()
    huggingface_hub.utils.disable_progress_bars()
    cache = os.environ.get("SEMJSCC_CACHE")
    try:
        loaded = datasets.load_dataset(
            name,
            revision=revision or None,
            cache_dir=str(Path(cache) / "huggingface") if cache else None,
        )
    except Exception as error:  # network, hub, authentication and format errors of many libraries
        raise UserError(
            f"{name} is not a local folder or file, and the Hugging Face hub does not give it:"
            f" {_line(error)}"
        ) from None
    tables: dict[PartName, datasets.Dataset] = {
        part: loaded[split] for split, part in PART_NAMES.items() if split in loaded
    }
    if not tables:
        own = printable(", ".join(map(str, loaded)))
        raise UserError(f"{name} has neither a train, a validation nor a test split; it has: {own}")
    columns = find_columns(next(iter(tables.values())).features, name)
    readers: dict[PartName, ReadColumn] = {
        part: partial(_read_table, table.data) for part, table in tables.items()
    }
    return Source(name, revision, *read_parts(readers, columns, name))


def _read_table(table: Any, column: str) -> Iterator[Any]:
    for batch in table.select([column]).to_batches(max_chunksize=_ROWS_AT_ONCE):
        yield from batch.column(0).to_pylist()


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return printable(lines[0]) if lines else type(error).__name__
