"""The labels of a data set's splits, as numbers that mean the same in all of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from semjscc.data.classes import one_form, whole
from semjscc.data.sources import PartName
from semjscc.errors import UserError
from semjscc.images import printable

_MOST_CLASSES = 1_000_000
"""Where the classes have no names; a label far above would make as many names."""
_ORDER: tuple[PartName, ...] = ("train", "val", "test", "all")


@dataclass(frozen=True)
class Column:
    """The labels of one split as they were found.

    Attributes:
        place: what messages call the split.
        values: numbers, words, or whatever else stands there.
        names: what the numbers are called, where the table says so.
    """

    place: str
    values: Sequence[Any]
    names: tuple[str, ...]


@dataclass(frozen=True)
class Labels:
    """The labels of all splits.

    Attributes:
        numbers: of each split whose labels can be used.
        problems: one line for each other split.
        class_names: the name of each number.
        numbered: the names are the numbers themselves.
    """

    numbers: dict[PartName, list[int]]
    problems: dict[PartName, str]
    class_names: tuple[str, ...]
    numbered: bool


def unite(columns: Mapping[PartName, Column]) -> Labels:
    """Number the classes once for all splits.

    Names that a table gives to its numbers count before words in its rows, which are numbered by
    the alphabet; numbers without names are called by themselves.
    """
    ordered: dict[PartName, Column] = {part: columns[part] for part in _ORDER if part in columns}
    told = next((column.names for column in ordered.values() if column.names), ())
    names = told or _words(list(ordered.values()))
    numbers: dict[PartName, list[int]] = {}
    problems: dict[PartName, str] = {}
    for part, column in ordered.items():
        try:
            most = len(column.names or told) or (0 if names else _MOST_CLASSES)
            numbers[part] = _numbers(column, names, most)
        except UserError as error:
            problems[part] = str(error)
    if names:
        return Labels(numbers, problems, tuple(map(printable, names)), numbered=False)
    highest = max((max(found) for found in numbers.values() if found), default=-1)
    return Labels(numbers, problems, tuple(map(str, range(highest + 1))), numbered=True)


def _words(columns: Sequence[Column]) -> tuple[str, ...]:
    """All words in the columns, none where the first that holds anything holds numbers."""
    there = (value for column in columns for value in column.values if not _is_missing(value))
    first = next(there, None)
    words = {_word(value) for column in columns for value in column.values if value != ""}
    return tuple(sorted(word for word in words if word)) if isinstance(first, str | bool) else ()


def _numbers(column: Column, names: tuple[str, ...], most: int) -> list[int]:
    """The labels of one split as places in ``names``, or as they are where there are no names.

    Args:
        column: of the split.
        names: of the classes in all splits.
        most: how many numbers may stand in the column.

    Raises:
        UserError: one of the labels is no class.
    """
    known = {name: number for number, name in enumerate(names)}
    own = column.names if column.names != names else ()
    if own and (len(known) < len(names) or not set(own) <= known.keys()):
        raise UserError(f"{column.place} names its classes otherwise than the other splits do")
    allowed = f"a number from 0 to {most - 1}" if names else "a number of 0, 1, 2 and so on"
    if not most:
        allowed = f"one of {', '.join(names)}"
    found = []
    for row, value in enumerate(column.values):
        if _is_missing(value):
            stands = "an empty text" if value == "" else value
            raise UserError(f"{column.place}, row {row} has no label: there is {stands}")
        word, number = _word(value), whole(value)
        if word is not None:
            number = known.get(word)
        elif number is not None and not 0 <= number < most:
            number = None
        elif number is not None and own:
            number = known[own[number]]
        if number is None:
            shown = printable(str(value))
            raise UserError(
                f"{column.place}, row {row}: the label is {shown}, not {printable(allowed)}"
            )
        found.append(number)
    return found


def _is_missing(value: object) -> bool:
    """Whether nothing stands there: a table writes nan where it has made numbers of floats."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _word(value: object) -> str | None:
    return one_form(str(value)) if isinstance(value, bool | str) else None
