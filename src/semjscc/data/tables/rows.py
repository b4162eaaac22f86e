"""Rows of Arrow tables, as parquet files and hub data sets hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn

from torch import Tensor

from semjscc.data.columns import Columns, find_columns
from semjscc.data.objects import find_objects
from semjscc.data.sources import DO_WITHOUT, Part, PartName
from semjscc.data.tables.labels import Column, unite
from semjscc.errors import UserError, kind_of
from semjscc.images import decode_image, decode_mask, printable

if TYPE_CHECKING:
    from datasets import Features

ReadColumn = Callable[[str], Iterator[Any]]
"""Starts a pass over the values of one column, as plain Python objects."""


@dataclass(frozen=True)
class Table:
    """A split as a table.

    Attributes:
        features: its columns and their types.
        read: starts a pass over one of them.
    """

    features: Features
    read: ReadColumn


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
        data = value.get("bytes") if isinstance(value, dict) else value
        place = f"{name}, row {row}"
        yield decode(data if isinstance(data, bytes) else _no_image(value, place), place)


def _no_image(value: object, place: str) -> NoReturn:
    """Refuse what stands in place of an image's bytes."""
    record = value if isinstance(value, dict) else {}
    if elsewhere := next((key for key, one in record.items() if isinstance(one, bytes)), None):
        raise UserError(
            f"{place} carries its image in the field {printable(str(elsewhere))}: call it bytes"
        )
    path = record.get("path") if record else value
    if isinstance(path, str) and path:
        # Following it would let a stranger's file read any file of the user's, or call home.
        raise UserError(f"{place} names the file {printable(path)!r} instead of carrying the image")
    there = printable(f"a record of {', '.join(map(str, record))}") if record else kind_of(value)
    there = "an empty text" if value == "" else there
    raise UserError(f"{place} does not carry an encoded image: there is {there}")
