"""Folders with COCO's JSON in each of their layouts, and what is wrong with one in one line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from semjscc.data import load_data
from semjscc.data.base import ImageSet
from semjscc.errors import UserError, UserNote

CATEGORIES = [{"id": 7, "name": "sign"}, {"id": 2, "name": "car"}]
Told = dict[str, Any]


def told(*names: str) -> Told:
    """Two boxes on the first image, none on the others; the images in no order."""
    images = [
        {"id": 10 + number, "file_name": name, "width": 32, "height": 24}
        for number, name in enumerate(names)
    ]
    boxes = [
        {"id": 1, "image_id": 10, "category_id": 2, "bbox": [2, 3, 10, 8]},
        {"id": 2, "image_id": 10, "category_id": 7, "bbox": [20, 10, 12.5, 14], "iscrowd": 0},
    ]
    return {"images": images[::-1], "annotations": boxes, "categories": [*CATEGORIES]}


def images(folder: Path, *names: str) -> None:
    for number, name in enumerate(names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((24, 32, 3), 10 * number, np.uint8)).save(folder / name)


def write(file: Path, content: Told) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content))
    return file


def as_coco(folder: Path, split: str, place: str) -> None:
    images(folder / place, "a.png", "b.png")
    write(folder / "annotations" / f"instances_{split}.json", told("a.png", "b.png"))


def as_roboflow(folder: Path, split: str, place: str) -> None:
    images(folder / place, "a.png", "b.png")
    write(folder / split / "_annotations.coco.json", told("a.png", "b.png"))


def load(folder: Path, split: Any = "test", **more: Any) -> ImageSet:
    return load_data(str(folder), split, needs_labels=False, needs_boxes=True, **more)


@pytest.mark.parametrize(
    ("make", "split", "place"),
    [
        (as_coco, "val2017", "val2017"),
        (as_coco, "test", "images/test"),
        (as_coco, "default", "images/default"),
        (as_coco, "default", "images"),
        (as_roboflow, "test", "test"),
        (as_roboflow, "valid", "valid"),
        (as_roboflow, ".", "."),
    ],
)
def test_layouts(
    tmp_path: Path, make: Callable[[Path, str, str], None], split: str, place: str
) -> None:
    make(tmp_path, split, place)
    data = load(tmp_path)
    assert data.boxes is not None
    # Classes are numbered by the ids of categories; boxes are cut off at the edge.
    assert [one.tolist() for one in data.boxes] == [[[2, 3, 12, 11, 0], [20, 10, 32, 24, 1]], []]
    assert data.box_names == ("car", "sign")
    assert [Path(name).name for name in data.names] == ["a.png", "b.png"]
    assert data.name == tmp_path.name
    with pytest.raises(UserError, match="has boxes and no labels"):
        load_data(str(tmp_path), "test", needs_boxes=True)


def test_val_is_carved_from_train_where_val_is_the_test(tmp_path: Path) -> None:
    as_coco(tmp_path, "train2017", "train2017")
    as_coco(tmp_path, "val2017", "val2017")
    train, val = load(tmp_path, "train", val_fraction=0), load(tmp_path, "test")
    assert (len(train), len(val)) == (2, 2)
    assert train.names[0] == "train2017/a.png"
    # Without boxes the folder is what it was: images in folders.
    assert len(load_data(str(tmp_path), "test", needs_labels=False)) == 4


def test_only_the_file_that_is_asked_for_is_read(tmp_path: Path) -> None:
    as_roboflow(tmp_path, "test", "test")
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "_annotations.coco.json").write_text("{")
    assert len(load(tmp_path, "test")) == 2
    with pytest.raises(UserError, match="it is no JSON"):
        load(tmp_path, "train")


def test_crowds_and_boxes_without_area_are_left_out_with_a_word(tmp_path: Path) -> None:
    images(tmp_path / "test", "a.png")
    content = told("a.png")
    content["annotations"][0]["iscrowd"] = 1
    content["annotations"][1]["bbox"] = [3, 3, 0, 5]
    write(tmp_path / "test" / "_annotations.coco.json", content)
    with pytest.warns(UserNote, match=r"crowds, where .* \(1\), boxes without area \(1\)"):
        data = load(tmp_path)
    assert data.boxes is not None
    assert [len(one) for one in data.boxes] == [0]


def changed(change: Callable[[Told], object]) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        images(folder / "test", "a.png", "b.png")
        content = told("a.png", "b.png")
        change(content)
        write(folder / "test" / "_annotations.coco.json", content)

    return make


def box(*sides: Any) -> Callable[[Path], None]:
    return changed(lambda content: content["annotations"][0].update(bbox=list(sides)))


def out_of_the_folder(folder: Path) -> None:
    images(folder.parent, "a.png")
    changed(lambda content: content["images"][0].update(file_name="../../a.png"))(folder)


def two_of_a_split(folder: Path) -> None:
    as_coco(folder, "train2014", "train2014")
    as_coco(folder, "train2017", "train2017")


UNFIT: dict[str, tuple[Callable[[Path], object], str]] = {
    "list": (changed(lambda content: content.pop("categories")), "no list of categories"),
    "records": (changed(lambda content: content["images"].append(3)), "no list of images"),
    "category": (
        changed(lambda content: content["annotations"][1].update(category_id=3)),
        "an annotation is of category 3, not listed",
    ),
    "image": (
        changed(lambda content: content["annotations"][1].update(image_id=3)),
        "an annotation is of image 3, not listed",
    ),
    "twice": (
        changed(lambda content: content["images"].append(content["images"][0])),
        "11 is twice an id in the list of images",
    ),
    "id": (
        changed(lambda content: content["categories"].append({"name": "cat"})),
        "a record in the list of categories has no id",
    ),
    "missing": (
        changed(lambda content: content["images"][0].update(file_name="c.png")),
        r"images that are not there, 1 of 2, such as c\.png: put them into",
    ),
    "name": (changed(lambda content: content["images"][0].pop("file_name")), "no file_name"),
    "elsewhere": (out_of_the_folder, "leads out of the data folder"),
    "size": (
        changed(lambda content: content["images"][0].update(width=24, height=32)),
        r"b\.png is 32 x 24 pixels, and its boxes in .* are of 24 x 32",
    ),
    "outside": (box(30, 3, 10, 8), r"a\.png: the box from .* does not lie in the image"),
    "three": (box(2, 3, 10), "a box is four numbers"),
    "words": (box("a", 3, 10, 8), "a box is four numbers"),
    "no images": (
        changed(lambda content: content.update(images=[], annotations=[])),
        "has no images for the split",
    ),
    "split": (lambda folder: as_coco(folder, "train", "train"), "no images for the split 'test'"),
    "two": (two_of_a_split, "train2014.json and .*train2017.json: keep one"),
}


@pytest.mark.parametrize("reason", UNFIT)
def test_what_does_not_fit_is_one_line(reason: str, tmp_path: Path) -> None:
    make, said = UNFIT[reason]
    make(tmp_path / "data")
    with pytest.raises(UserError, match=said) as refused:
        load(tmp_path / "data")
    assert "\n" not in str(refused.value)
