"""Which column of an Arrow table holds what: by the columns' types, and by their names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from semjscc.data.classes import class_name
from semjscc.errors import UserError
from semjscc.images import printable

if TYPE_CHECKING:
    from datasets import Features

_IMAGE_NAMES = ("image", "img")
_NAMES_OF_BYTES = (
    *("jpg", "jpeg", "png", "webp", "images", "picture", "photo"),
    *("image_bytes", "img_bytes", "image_data", "bytes", "content", "data"),
)
"""What a column of bytes is called that holds images, where there are several such columns."""
_LABEL_NAMES = (
    *("label", "labels", "fine_label", "target", "targets", "class", "class_label", "class_name"),
    *("category", "cls"),
)
_MASK_NAMES = (
    *("mask", "masks", "segmentation_mask", "segmentation", "annotation"),
    *("label", "labels"),
)
_LABEL_TYPES = ("int", "uint", "float", "bool", "string", "large_string")
_BYTES = ("binary", "large_binary")


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
    images += [column for column in features if _holds_files(features[column])]
    plain = {
        column: feature.dtype for column, feature in features.items() if isinstance(feature, Value)
    }
    carrying = [column for column, dtype in plain.items() if dtype in _BYTES]
    bytes_alone = carrying if len(carrying) == 1 else _no_masks(carrying)
    image = (
        _preferred(_no_masks(images), _IMAGE_NAMES)
        or named(carrying, (*_IMAGE_NAMES, *_NAMES_OF_BYTES))
        or named(features, _IMAGE_NAMES)
        or (bytes_alone[0] if len(bytes_alone) == 1 and not images else None)
        or (images[0] if images else None)
    )
    if image is None:
        columns = printable(", ".join(features))
        raise UserError(f"{name} has no image column; its columns are: {columns}")

    # Beside images of any kind, bytes under the name of a mask are one; labels are no bytes.
    files = [column for column in (*images, *carrying) if column != image]
    mask = named(files, _MASK_NAMES)
    classes = [column for column, feature in features.items() if isinstance(feature, ClassLabel)]
    label = _preferred(classes, _LABEL_NAMES)
    if label is not None:
        names = getattr(features[label], "names", None) or ()
        return Columns(image, label, tuple(class_name(text) for text in names), mask)
    able = [column for column, dtype in plain.items() if dtype.startswith(_LABEL_TYPES)]
    return Columns(image, named(able, _LABEL_NAMES), (), mask)


def named(columns: Collection[str], names: Sequence[str]) -> str | None:
    """The first of some names that a column has, in small letters or capitals; None for none."""
    spelt = {column.casefold(): column for column in reversed(list(columns))}
    spelt |= {column: column for column in columns}  # as it stands there comes first
    return next((spelt[name] for name in names if name in spelt), None)


def _no_masks(columns: Sequence[str]) -> list[str]:
    """Those that are not called as masks are: these stand beside images."""
    return [column for column in columns if column.casefold() not in _MASK_NAMES]


def _preferred(columns: Sequence[str], names: Sequence[str]) -> str | None:
    return named(columns, names) or (columns[0] if columns else None)


def _holds_files(feature: object) -> bool:
    return isinstance(feature, dict) and set(feature) == {"bytes", "path"}
