"""Boxes from tables in both of their layouts, and what is wrong with them in one line."""

from io import BytesIO
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from semjscc.data import load_data
from semjscc.errors import UserError

NAMES = ["car", "sign"]
BOXES = [[[2.0, 3, 10, 8], [20, 10, 12, 14]], [], [[0, 0, 32.5, 24]]]
CLASSES = [[0, 1], [], [1]]
CORNERS = [[[2, 3, 12, 11, 0], [20, 10, 32, 24, 1]], [], [[0, 0, 32, 24, 1]]]


def table(
    path: Path,
    boxes: list[Any] = BOXES,
    classes: list[Any] = CLASSES,
    *,
    as_records: bool = False,
    names: list[str] | None = NAMES,
    column: str = "objects",
    of: str = "int64",
) -> Path:
    file = BytesIO()
    Image.fromarray(np.zeros((24, 32, 3), np.uint8)).save(file, "PNG")
    label = datasets.ClassLabel(names=names) if names else datasets.Value(of)
    box = datasets.List(datasets.Value("float32"))
    if as_records:
        kind: Any = datasets.List({"bbox": box, "category": label})
        rows: list[Any] = [
            [{"bbox": one, "category": number} for one, number in zip(*both, strict=True)]
            for both in zip(boxes, classes, strict=True)
        ]
    else:
        kind = {"bbox": datasets.List(box), "category": datasets.List(label)}
        pairs = zip(boxes, classes, strict=True)
        rows = [{"bbox": some, "category": numbers} for some, numbers in pairs]
    features = datasets.Features({"image": datasets.Image(), column: kind})
    images = [{"bytes": file.getvalue(), "path": None}] * len(rows)
    datasets.Dataset.from_dict({"image": images, column: rows}, features).to_parquet(str(path))
    return path


@pytest.mark.parametrize("as_records", [False, True])
@pytest.mark.parametrize("column", ["objects", "Annotations"])
def test_both_layouts_are_read(tmp_path: Path, as_records: bool, column: str) -> None:
    path = table(tmp_path / "a.parquet", as_records=as_records, column=column)
    data = load_data(str(path), "test", needs_labels=False, needs_boxes=True)
    assert data.boxes is not None
    assert [one.tolist() for one in data.boxes] == CORNERS  # cut off at the edge
    assert data.box_names == tuple(NAMES)
    assert [len(one) for one in data.targets("boxes", [2, 1])] == [1, 0]
    bare = load_data(str(path), "test", needs_labels=False)
    assert bare.boxes is None
    assert bare.fingerprint == data.fingerprint  # of the images
    assert bare.print_of("label") != data.print_of("boxes")


def test_classes_without_names_are_called_by_their_numbers(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", classes=[[0, 3], [], [1]], names=None)
    data = load_data(str(path), "test", needs_labels=False, needs_boxes=True)
    assert data.box_names == ("0", "1", "2", "3")


def test_classes_that_a_table_made_floats_of_are_numbers(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", classes=[[0.0, 3.0], [], [1.0]], names=None, of="float64")
    data = load_data(str(path), "test", needs_labels=False, needs_boxes=True)
    assert data.boxes is not None
    assert data.boxes[0][:, 4].tolist() == [0, 3]


def test_one_box_outside_a_list_is_refused(tmp_path: Path) -> None:
    images = pq.read_table(table(tmp_path / "a.parquet")).column("image")
    objects = pa.array([{"bbox": 5, "category": 6}] * len(images))
    pq.write_table(pa.table({"image": images, "objects": objects}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match="row 0: bbox is one int, not a list"):
        load_data(str(tmp_path / "a.parquet"), "test", needs_labels=False, needs_boxes=True)


def test_boxes_are_cropped_with_their_images(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet")
    data = load_data(str(path), "test", size=48, needs_labels=False, needs_boxes=True)
    assert data.boxes is not None
    # 32 x 24 becomes 64 x 48, of which 8 columns go on either side.
    assert data.boxes[0].tolist() == [[0, 6, 16, 22, 0], [32, 20, 48, 48, 1]]
    assert data.boxes[2].tolist() == [[0, 0, 48, 48, 1]]


@pytest.mark.parametrize(
    ("boxes", "classes", "said"),
    [
        ([[[30.0, 3, 10, 8]]], [[0]], "does not lie in the image of 32 x 24 pixels"),
        ([[[2.0, 3, -10, 8]]], [[0]], "is empty"),
        ([[[2.0, 3, 0, 8]]], [[0]], "is empty"),
        ([[[0.2, 0.3, 0.1, 0.5]]], [[0]], "in parts of the image"),
        ([[[2.0, 3, 10]]], [[0]], "four numbers"),
        ([[[2.0, 3, 10, 8]]], [[0, 1]], "1 boxes and 2 classes"),
        ([[[2.0, float("nan"), 10, 8]]], [[0]], "is no box"),
    ],
)
def test_what_is_no_box_is_refused(
    tmp_path: Path, boxes: list[Any], classes: list[Any], said: str
) -> None:
    path = table(tmp_path / "a.parquet", boxes, classes)
    with pytest.raises(UserError, match=said):
        load_data(str(path), "test", needs_labels=False, needs_boxes=True)


def test_data_without_boxes_is_refused(tmp_path: Path) -> None:
    path = table(tmp_path / "a.parquet", column="things")
    with pytest.raises(UserError, match="has no boxes"):
        load_data(str(path), "test", needs_labels=False, needs_boxes=True)
    with pytest.raises(UserError, match="scenes has masks and boxes"):
        load_data("signs", "test", limit=1, needs_boxes=True)
    assert torch.is_tensor(load_data(str(path), "test", needs_labels=False).images)
