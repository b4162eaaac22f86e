"""Rows of Arrow tables, as parquet files and hub data sets hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from torch import Tensor

from semjscc.data.sources import Part, PartName
from semjscc.errors import UserError
from semjscc.images import decode_image, printable

if TYPE_CHECKING:
    from datasets import Features

ReadColumn = Callable[[str], Iterator[Any]]
"""Starts a pass over the values of one column, as plain Python objects."""

_IMAGE_NAMES = ("image", "img")
_LABEL_NAMES = ("label", "labels", "fine_label")
_MOST_CLASSES = 1_000_000
"""Where the classes have no names; a label far above would make as many names."""


@dataclass(frozen=True)
class Columns:
    """Where a table keeps its images and labels.

    Attributes:
        image: the image column.
        label: the label column, None where there is none.
        class_names: the labels' names where the table tells them.
    """

    image: str
    label: str | None
    class_names: tuple[str, ...]


def find_columns(features: Features, name: str) -> Columns:
    """Find the image and label columns, by their types first and by their names second.

    Raises:
        UserError: where no column can hold images.
    """
    from datasets import ClassLabel, Image, Value

    images = [column for column, feature in features.items() if isinstance(feature, Image)]
    images = images or [column for column in features if _holds_files(features[column])]
    image = _preferred(images, _IMAGE_NAMES)
    if image is None:
        image = next((column for column in _IMAGE_NAMES if column in features), None)
    if image is None:
        columns = printable(", ".join(features))
        raise UserError(f"{name} has no image column; its columns are: {columns}")

    classes = [column for column, feature in features.items() if isinstance(feature, ClassLabel)]
    label = _preferred(classes, _LABEL_NAMES)
    if label is not None:
        names = getattr(features[label], "names", None) or ()
        return Columns(image, label, tuple(printable(str(text)) for text in names))
    integers = [
        column
        for column, feature in features.items()
        if isinstance(feature, Value) and feature.dtype.startswith(("int", "uint"))
    ]
    label = next((column for column in _LABEL_NAMES if column in integers), None)
    return Columns(image, label, ())


def _preferred(columns: Sequence[str], names: Sequence[str]) -> str | None:
    return next((name for name in names if name in columns), columns[0] if columns else None)


def _holds_files(feature: object) -> bool:
    return isinstance(feature, dict) and set(feature) == {"bytes", "path"}


def read_parts(
    readers: dict[PartName, ReadColumn], columns: Columns, name: str
) -> tuple[dict[PartName, Part], tuple[str, ...], bool]:
    """Make the parts of a table, and tell the class names, and whether they are mere numbers.

    Labels without names are called by their numbers, counted over all parts.

    Raises:
        UserError: where a label is missing, negative or beyond the class names.
    """
    class_names = columns.class_names
    parts: dict[PartName, Part] = {}
    highest = -1
    for part, read in readers.items():
        place = name if part == "all" else f"{name} ({part})"
        labels = None
        if columns.label is not None:
            labels = list(read(columns.label))
            _check_labels(labels, len(class_names) or _MOST_CLASSES, place)
            highest = max(highest, *labels, -1)
        parts[part] = Part(partial(_decode, read, columns.image, place), labels)
    numbers = tuple(str(number) for number in range(highest + 1))
    return parts, class_names or numbers, bool(numbers) and not class_names


def _check_labels(labels: Sequence[object], classes: int, name: str) -> None:
    for row, label in enumerate(labels):
        if not isinstance(label, int) or not 0 <= label < classes:
            shown = printable(str(label))
            raise UserError(
                f"{name}, row {row}: the label is {shown}, not a number from 0 to {classes - 1}"
            )


def _decode(read: ReadColumn, column: str, name: str) -> Iterator[Tensor]:
    for row, value in enumerate(read(column)):
        place = f"{name}, row {row}"
        data = value.get("bytes") if isinstance(value, dict) else value
        if isinstance(data, bytes):
            yield decode_image(data, place)
            continue
        path = value.get("path") if isinstance(value, dict) else value
        if isinstance(path, str):
            # Following it would let a stranger's file read any file of the user's, or call home.
            raise UserError(
                f"{place} names the file {printable(path)!r} instead of carrying the image"
            )
        raise UserError(f"{place} does not carry an encoded image")
