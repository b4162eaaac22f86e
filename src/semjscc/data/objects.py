"""Objects with boxes, as the columns of data sets hold them (the `datasets` layout for detection).

A column ``objects`` has for each image the lists ``bbox`` (left, top, width and height in pixels)
and ``category`` (class labels, or numbers).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from semjscc.data.classes import class_name, whole
from semjscc.data.columns import named
from semjscc.errors import UserError
from semjscc.images import printable

if TYPE_CHECKING:
    from datasets import Features

_COLUMNS = ("objects", "annotations", "faces")
_BOXES = ("bbox", "bboxes", "boxes")
_CLASSES = ("category", "categories", "category_id", "label", "labels", "class", "classes")
_SLACK = 1.0
"""Pixels by which a box may leave its image: what rounding does. It is cut off."""
_MOST_CLASSES = 100_000
_LEAST = 2.0
"""Pixels of either side that an object must keep where an image is cropped."""


@dataclass(frozen=True)
class Objects:
    """Where the objects of a table are.

    Attributes:
        read: starts a pass over the column, as plain Python objects.
        boxes: name of its part with the boxes.
        classes: name of its part with the classes.
        names: of the classes, empty where they are numbers.
        place: what messages call the table.
    """

    read: Callable[[], Iterator[Any]]
    boxes: str
    classes: str
    names: tuple[str, ...]
    place: str


def find_objects(
    features: Features, read: Callable[[str], Iterator[Any]], place: str
) -> Objects | None:
    """The objects of a table; None where no column holds any."""
    from datasets import ClassLabel

    for name in _COLUMNS:
        column = named(features, [name])
        inner = _inner(features[column]) if column is not None else {}
        boxes, classes = named(inner, _BOXES), named(inner, _CLASSES)
        if column is not None and boxes is not None and classes is not None:
            label = getattr(inner[classes], "feature", inner[classes])
            told = label.names if isinstance(label, ClassLabel) else None
            names = tuple(map(class_name, told or ()))
            return Objects(partial(read, column), boxes, classes, names, place)
    return None


def _inner(feature: Any) -> Mapping[str, Any]:
    """The parts of a column that is a list of records, or a record of lists."""
    inner = getattr(feature, "feature", feature)
    return inner if isinstance(inner, Mapping) else {}


def read_objects(objects: Objects) -> Iterator[Tensor]:
    """Boxes and classes of each image: (n, 5) float32, left, top, right, bottom, class.

    Raises:
        UserError: a row holds something else.
    """
    for row, value in enumerate(objects.read()):
        place = f"{objects.place}, row {row}"
        boxes, classes = _lists(value, objects, place)
        if len(boxes) != len(classes):
            raise UserError(f"{place} has {len(boxes)} boxes and {len(classes)} classes")
        try:
            sides = torch.tensor([[float(side) for side in box] for box in boxes]).reshape(-1, 4)
        except (TypeError, ValueError, RuntimeError):
            raise UserError(f"{place}: a box is four numbers: left, top, width, height") from None
        numbers = [_class(one, objects.names, place) for one in classes]
        corners = torch.cat([sides[:, :2], sides[:, :2] + sides[:, 2:]], dim=1)
        yield torch.cat([corners, torch.tensor(numbers).float().reshape(-1, 1)], dim=1)


def _lists(value: Any, objects: Objects, place: str) -> tuple[list[Any], list[Any]]:
    """The boxes and the classes of a row, whichever way round it is stored."""
    if isinstance(value, Mapping):
        boxes, classes = (value.get(name) for name in (objects.boxes, objects.classes))
        for name, given in ((objects.boxes, boxes), (objects.classes, classes)):
            if given is not None and not isinstance(given, list):
                raise UserError(f"{place}: {name} is one {type(given).__name__}, not a list")
        return boxes or [], classes or []
    records = [one for one in value or () if isinstance(one, Mapping)]
    return [one.get(objects.boxes) for one in records], [
        one.get(objects.classes) for one in records
    ]


def _class(value: Any, names: tuple[str, ...], place: str) -> int:
    number = whole(value)
    if number is None or not 0 <= number < _MOST_CLASSES:
        shown = printable(str(value))
        raise UserError(
            f"{place}: the class of a box is {shown}, not a number of 0, 1, 2 and so on"
        )
    if names and number >= len(names):
        raise UserError(f"{place}: a box has class {number}, and there are {len(names)} classes")
    return number


def within(boxes: Tensor, size: tuple[int, int], place: str) -> Tensor:
    """Boxes (n, 5) of an image of H x W pixels, cut off at its edge.

    Raises:
        UserError: one lies outside the image, or is empty.
    """
    height, width = size
    limits = boxes.new_tensor([width, height])
    outside = (boxes[:, :2] < -_SLACK).any(1) | (boxes[:, 2:4] > limits + _SLACK).any(1)
    wrong = outside | (boxes[:, 2:4] <= boxes[:, :2]).any(1) | ~boxes.isfinite().all(1)
    if bool(wrong.any()):
        left, top, right, bottom = boxes[wrong][0, :4].tolist()
        problem = f"does not lie in the image of {width} x {height} pixels"
        if right <= left or bottom <= top:
            problem = "is empty"
        if not bool(boxes[wrong][0].isfinite().all()):
            problem = "is no box"
        raise UserError(
            f"{place}: the box from ({left:g}, {top:g}) to ({right:g}, {bottom:g}) {problem}: "
            "left, top, width and height are in pixels"
        )
    cut = torch.minimum(boxes[:, :4].clamp_min(0), limits.repeat(2))
    return torch.cat([cut, boxes[:, 4:]], dim=1)


def resize_and_crop_boxes(boxes: Tensor, size: tuple[int, int], side: int) -> Tensor:
    """Boxes (n, 5) of H x W pixels where `images.resize_and_crop` shows them; what is out is none.

    Args:
        boxes: of the image as it was.
        size: its height and width.
        side: of the square that it becomes.
    """
    height, width = size
    scale = side / min(height, width)
    middle = boxes.new_tensor([width / 2, height / 2]).repeat(2)
    moved = ((boxes[:, :4] - middle) * scale + side / 2).clamp(0, side)
    stays = (moved[:, 2:] - moved[:, :2] >= _LEAST).all(1)
    return torch.cat([moved, boxes[:, 4:]], dim=1)[stays]
