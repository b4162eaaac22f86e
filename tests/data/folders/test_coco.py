"""Folders with COCO's JSON in each of their layouts, and what is wrong with one in one line."""

import json
import os
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
    return {
        "images": images[::-1],
        "annotations": boxes,
        "categories": [dict(one) for one in CATEGORIES],
    }


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


def test_whole_numbers_may_have_a_point(tmp_path: Path) -> None:
    images(tmp_path / "test", "a.png")
    content = told("a.png")
    content["images"][0].update(id=10.0, width=32.0, height=0)
    content["categories"][0].update(id=7.0, name=5)
    content["annotations"][0].update(category_id=2.0, iscrowd=None)
    write(tmp_path / "test" / "_annotations.coco.json", content)
    data = load(tmp_path)
    assert data.boxes is not None
    assert data.boxes[0][:, 4].tolist() == [0, 1]
    assert data.box_names == ("car", "5")


def test_names_of_categories_are_in_one_form(tmp_path: Path) -> None:
    one_of("categories", name="cafe\u0301")(tmp_path)
    assert load(tmp_path).box_names == ("car", "caf\u00e9")


def test_whole_paths_of_images_may_lead_in_by_another_way(tmp_path: Path) -> None:
    images(tmp_path / "data" / "test", "a.png")
    content = told("a.png")
    content["images"][0]["file_name"] = str(tmp_path / "data" / "test" / "a.png")
    write(tmp_path / "data" / "test" / "_annotations.coco.json", content)
    (tmp_path / "link").symlink_to(tmp_path / "data")
    assert load(tmp_path / "link").names == ("test/a.png",)


def changed(change: Callable[[Told], object]) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        images(folder / "test", "a.png", "b.png")
        content = told("a.png", "b.png")
        change(content)
        write(folder / "test" / "_annotations.coco.json", content)

    return make


def box(*sides: Any) -> Callable[[Path], None]:
    return changed(lambda content: content["annotations"][0].update(bbox=list(sides)))


def one_of(kind: str, **fields: Any) -> Callable[[Path], None]:
    """Fields of the first record of a kind, changed; those that are ... are taken away."""

    def change(content: Told) -> None:
        record = content[kind][0]
        record.update(fields)
        for key, value in fields.items():
            if value is ...:
                del record[key]

    return changed(change)


def as_text(text: str) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        images(folder / "test", "a.png")
        (folder / "test" / "_annotations.coco.json").write_text(text)

    return make


def out_of_the_folder(folder: Path) -> None:
    images(folder.parent, "a.png")
    changed(lambda content: content["images"][0].update(file_name="../../a.png"))(folder)


def a_pipe(folder: Path) -> None:
    (folder / "annotations").mkdir(parents=True)
    os.mkfifo(folder / "annotations" / "instances_test.json")


def two_of_a_split(folder: Path) -> None:
    as_coco(folder, "train2014", "train2014")
    as_coco(folder, "train2017", "train2017")


UNFIT: dict[str, tuple[Callable[[Path], object], str]] = {
    "list": (changed(lambda content: content.pop("categories")), "no list of categories"),
    "records": (
        changed(lambda content: content["images"].append(3)),
        "in the list of images stands 3, which is no record",
    ),
    "deep": (as_text("[" * 100_000), "lie too deep in one another"),
    "digits": (as_text("1" * 5000), "a number in it has thousands of digits"),
    "latin": (as_text('{"images": [nil]}'), "it is no JSON"),
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
    "bool": (box(True, 3, 10, 8), r"a box is four numbers.*not \[true, 3, 10, 8\]"),
    "huge": (box(10**400, 3, 10, 8), "a box is four numbers"),
    "far": (box(1e300, 3, 10, 8), r"a box is four numbers.*not \[1e\+300"),
    "nan": (box(float("nan"), 3, 10, 8), r"a box is four numbers.*not \[NaN"),
    "endless": (box(2, 3, float("inf"), 8), r"a box is four numbers.*Infinity"),
    "null box": (one_of("annotations", bbox=None), "a box is four numbers.*not null"),
    "image list": (one_of("annotations", image_id=[1]), r"is of image \[1\], not listed"),
    "image word": (one_of("annotations", image_id="10"), 'is of image "10", not listed'),
    "image bool": (one_of("annotations", image_id=True), "is of image true, not listed"),
    "no image": (one_of("annotations", image_id=...), "an annotation has no image_id"),
    "category record": (one_of("annotations", category_id={}), r"of category \{\}, not listed"),
    "category nan": (one_of("annotations", category_id=float("nan")), "of category NaN, not"),
    "no category": (one_of("annotations", category_id=None), "an annotation has no category_id"),
    "crowd": (one_of("annotations", iscrowd="0"), 'iscrowd is 0 or 1, not "0"'),
    "long": (one_of("images", file_name="x" * 300), r"coco\.json names x.*: File name too long"),
    "half a letter": (one_of("images", file_name="\ud800.png"), "images that are not there"),
    "listed name": (one_of("images", file_name=["a"]), r'has no file_name but \["a"\]'),
    "both": (one_of("images", file_name="./a.png"), "images 11 and 10 are both test/a.png"),
    "width": (one_of("images", width="32"), 'the width of image 11 is "32", not a whole number'),
    "height": (one_of("images", height=23.5), "the height of image 11 is 23.5"),
    "id list": (one_of("images", id=[1]), r"an id in the list of images is \[1\], neither"),
    "id bool": (one_of("images", id=True), "an id in the list of images is true"),
    "id half": (one_of("images", id=1.5), r"an id in the list of images is 1\.5"),
    "id null": (one_of("images", id=None), "a record in the list of images has no id"),
    "category word": (one_of("categories", id="7"), 'category is a whole number, not "7"'),
    "category twice": (one_of("categories", id=2), "2 is twice an id in the list of categories"),
    "no class": (one_of("categories", name=...), "category 7 has no name"),
    "class list": (one_of("categories", name=["a"]), r'category 7 has the name \["a"\], which is'),
    "class blank": (one_of("categories", name=" "), "category 7 has an empty name"),
    "no images": (
        changed(lambda content: content.update(images=[], annotations=[])),
        "has no images for the split",
    ),
    "split": (lambda folder: as_coco(folder, "train", "train"), "no images for the split 'test'"),
    "pipe": (a_pipe, r"instances_test\.json is a named pipe, not a JSON file"),
    "two": (two_of_a_split, "train2014.json and .*train2017.json: keep one"),
}


@pytest.mark.parametrize("reason", UNFIT)
def test_what_does_not_fit_is_one_line(reason: str, tmp_path: Path) -> None:
    make, said = UNFIT[reason]
    make(tmp_path / "data")
    with pytest.raises(UserError, match=said) as refused:
        load(tmp_path / "data")
    assert "\n" not in str(refused.value)
