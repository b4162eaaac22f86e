"""Rows of Arrow tables, as parquet files and hub data sets hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from torch import Tensor

from semjscc.data.labels import Column, unite
from semjscc.data.objects import find_objects
from semjscc.data.sources import DO_WITHOUT, Part, PartName
from semjscc.errors import UserError
from semjscc.images import decode_image, decode_mask, printable

if TYPE_CHECKING:
    from datasets import Features

ReadColumn = Callable[[str], Iterator[Any]]
"""Starts a pass over the values of one column, as plain Python objects."""

_IMAGE_NAMES = ("image", "img")
_LABEL_NAMES = (
    *("label", "labels", "fine_label", "target", "targets", "class", "class_label", "class_name"),
    *("category", "cls"),
)
_MASK_NAMES = (
    *("mask", "masks", "segmentation_mask", "segmentation", "annotation"),
    *("label", "labels"),
)
_LABEL_TYPES = ("int", "uint", "float", "bool", "string", "large_string")


@dataclass(frozen=True)
class Table:
    """A split as a table.

    Attributes:
        features: its columns and their types.
        read: starts a pass over one of them.
    """

    features: Features
    read: ReadColumn


@dataclass(frozen=True)
class Columns:
    """Where a table keeps its images and what is right of them.

    Attributes:
        image: the image column.
        label: the label column, None where there is none.
        class_names: the labels' names where the table tells them.
        mask: the column of a class for each pixel, None where there is none.
    """

    image: str
    label: str | None
    class_names: tuple[str, ...]
    mask: str | None


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

    mask = next((c for c in _MASK_NAMES if c in images and c != image), None)
    classes = [column for column, feature in features.items() if isinstance(feature, ClassLabel)]
    label = _preferred(classes, _LABEL_NAMES)
    if label is not None:
        names = getattr(features[label], "names", None) or ()
        return Columns(image, label, tuple(printable(str(text)) for text in names), mask)
    plain = {
        column.casefold(): column
        for column, feature in features.items()
        if isinstance(feature, Value) and feature.dtype.startswith(_LABEL_TYPES)
    }
    label = next((plain[column] for column in _LABEL_NAMES if column in plain), None)
    return Columns(image, label, (), mask)


def _preferred(columns: Sequence[str], names: Sequence[str]) -> str | None:
    return next((name for name in names if name in columns), columns[0] if columns else None)


def _holds_files(feature: object) -> bool:
    return isinstance(feature, dict) and set(feature) == {"bytes", "path"}


def read_parts(
    tables: Mapping[PartName, Callable[[], Table]], name: str
) -> tuple[dict[PartName, Part], tuple[str, ...], bool]:
    """Make the parts of a data set, and tell the class names, and whether they are mere numbers.

    Each part stands for itself: what is wrong with one is told to those alone who ask for it.
    """
    parts: dict[PartName, Part] = {}
    found: dict[PartName, Column] = {}
    for part, open_table in tables.items():
        place = name if part == "all" else f"{name} ({part})"
        try:
            table = open_table()
            columns = find_columns(table.features, place)
            parts[part] = Part(
                partial(_decode, table.read, columns.image, place, decode_image),
                None,
                masks=None
                if columns.mask is None
                else partial(_decode, table.read, columns.mask, f"{place}, masks", decode_mask),
                objects=find_objects(table.features, table.read, place),
            )
            found[part] = _label_column(table, columns, place)
        except UserError as error:
            problem = str(error)
            given = parts.get(part, Part(partial(_refuse, problem), None))
            parts[part] = replace(given, unlabelled=problem)
    labels = unite(found)
    for part in found:
        parts[part] = replace(
            parts[part],
            labels=labels.numbers.get(part),
            unlabelled=labels.problems.get(part, ""),
        )
    return parts, labels.class_names, labels.numbered


def _label_column(table: Table, columns: Columns, place: str) -> Column:
    if columns.label is None:
        others = printable(", ".join(table.features))
        raise UserError(
            f"{place} has no labels: no column holds class labels, or numbers or words under a name"
            f" such as label or target; its columns are {others}{DO_WITHOUT}"
        )
    return Column(place, list(table.read(columns.label)), columns.class_names)


def _refuse(problem: str) -> Iterator[Tensor]:
    raise UserError(problem)


def _decode(
    read: ReadColumn, column: str, name: str, decode: Callable[[bytes, str], Tensor]
) -> Iterator[Tensor]:
    for row, value in enumerate(read(column)):
        place = f"{name}, row {row}"
        data = value.get("bytes") if isinstance(value, dict) else value
        if isinstance(data, bytes):
            yield decode(data, place)
            continue
        path = value.get("path") if isinstance(value, dict) else value
        if isinstance(path, str):
            # Following it would let a stranger's file read any file of the user's, or call home.
            raise UserError(
                f"{place} names the file {printable(path)!r} instead of carrying the image"
            )
        raise UserError(f"{place} does not carry an encoded image")
