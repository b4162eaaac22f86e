"""The lists of a file in COCO's JSON, and the fields of their records: each may be anything."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

from semjscc.data.classes import class_name, whole
from semjscc.errors import UserError, first_line
from semjscc.images import printable
from semjscc.paths import special_kind

_FAR = 1e9
"""Pixels; no side of a box is as long, and nan is on neither side of it."""

Key = int | str
"""An id."""


def read_lists(file: Path, said: str) -> dict[str, list[dict[str, Any]]]:
    """The three lists.

    Raises:
        UserError: it is no JSON, or lacks one.
    """
    try:
        if kind := special_kind(file):  # which might never end, or never begin
            raise UserError(f"{said} is {kind}, not a JSON file")
        told = json.loads(file.read_bytes())
    except OSError as error:
        raise UserError(f"{said} cannot be read: {error.strerror or error}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{said} cannot be read: it is no JSON: {first_line(error)}") from None
    except ValueError:  # of Python's own: so long a number takes it too long
        raise UserError(f"{said} cannot be read: a number in it has thousands of digits") from None
    except RecursionError:
        raise UserError(f"{said} cannot be read: its lists lie too deep in one another") from None
    for name in ("images", "categories", "annotations"):
        records = told.get(name) if isinstance(told, dict) else None
        if not isinstance(records, list):
            raise UserError(f"{said} is none of COCO's: it has no list of {name}")
        for one in records:
            if not isinstance(one, dict):
                raise UserError(
                    f"{said} is none of COCO's: in the list of {name} stands {shown(one)}, "
                    "which is no record"
                )
    return told


def shown(value: object) -> str:
    """A value as it stands in the file, and not all of it where it is long."""
    return printable(json.dumps(value, ensure_ascii=False)[:80])


def _key(value: object) -> Key | None:
    """An id, None where it is none."""
    return value if isinstance(value, str) else whole(value)


def by_id(
    records: Sequence[Mapping[str, Any]], what: str, said: str
) -> dict[Key, Mapping[str, Any]]:
    """Records by their ids, each of which stands there once."""
    found: dict[Key, Mapping[str, Any]] = {}
    for one in records:
        key = _key(one.get("id"))
        if key is None and one.get("id") is None:
            raise UserError(f"{said}: a record in the list of {what} has no id")
        if key is None:
            raise UserError(
                f"{said}: an id in the list of {what} is {shown(one['id'])}, neither a whole "
                "number nor text"
            )
        if key in found:
            raise UserError(f"{said}: {shown(key)} is twice an id in the list of {what}")
        found[key] = one
    return found


def listed_key(
    annotation: Mapping[str, Any], what: str, listed: Mapping[Key, object], said: str
) -> Key:
    """The id of the image or the category that an annotation is of."""
    value = annotation.get(f"{what}_id")
    if value is None:
        raise UserError(f"{said}: an annotation has no {what}_id")
    key = _key(value)
    if key is None or key not in listed:
        raise UserError(f"{said}: an annotation is of {what} {shown(value)}, not listed")
    return key


def category_name(category: Mapping[str, Any], key: Key, said: str) -> str:
    """The name of a category: text, or a number that is taken for text."""
    name = category.get("name")
    if not isinstance(name, str) and whole(name) is None:
        stands = "no name" if name is None else f"the name {shown(name)}, which is no text"
        raise UserError(f"{said}: category {key} has {stands}")
    if not str(name).strip():
        raise UserError(f"{said}: category {key} has an empty name")
    return class_name(name)


def side(image: Mapping[str, Any], what: str, key: Key, said: str) -> int | None:
    """Height or width in pixels, None where it is not told: some programs write 0 for that."""
    value = image.get(what)
    number = whole(value)
    if value is not None and number is None:
        raise UserError(
            f"{said}: the {what} of image {shown(key)} is {shown(value)}, not a whole number"
        )
    return number if number is not None and number > 0 else None


def is_crowd(value: object, place: str) -> bool:
    """Whether an annotation is around many objects at once."""
    if value not in (None, 0, 1):
        raise UserError(f"{place}: iscrowd is 0 or 1, not {shown(value)}")
    return bool(value)


def box_of(value: object, place: str) -> list[float]:
    """Left, top, width and height, of which nothing is known but that they are numbers."""
    given = value if isinstance(value, list) else []
    sides = [float(one) for one in given if _is_number(one) and -_FAR < one < _FAR]
    if len(given) != 4 or len(sides) != 4:
        raise UserError(
            f"{place}: a box is four numbers of pixels: left, top, width, height, not "
            f"{shown(value)}"
        )
    return sides


def _is_number(value: object) -> TypeGuard[float]:
    # No float yet: a whole number of 400 digits becomes none.
    return isinstance(value, int | float) and not isinstance(value, bool)
