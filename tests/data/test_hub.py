"""Parquet files, image folders and hub names; what a stranger's rows may not do."""

import os
import socket
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from pictures import CLASSES, ROW_TYPE, many, noise, refusal, row, write

from semjscc.data.hub import load_hub
from semjscc.data.splits import fingerprint, in_validation


def test_a_single_file_is_all_test(tmp_path: Path):
    path = write(tmp_path / "few.parquet", *many(6))
    data = load_hub(str(path), "test")
    assert (data.name, data.split, data.revision) == ("few.parquet", "test", "")
    assert data.class_names == tuple(CLASSES)
    assert isinstance(data.images, torch.Tensor)
    assert data.images.shape == (6, 3, 16, 16)
    assert data.images.dtype == torch.uint8
    assert np.array_equal(data.images[4].permute(1, 2, 0), np.asarray(noise(4)))
    assert data.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert data.labels.dtype == torch.int64
    for split in ("train", "val"):
        assert "not divided into splits" in refusal(path, split)
        assert refusal(path, split).endswith("into a folder 'train' in it")


@pytest.fixture(scope="module")
def divided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("divided")
    rows, labels = many(200)
    write(folder / "train-00000-of-00002.parquet", rows[:90], labels[:90])
    write(folder / "train-00001-of-00002.parquet", rows[90:], labels[90:])
    write(folder / "test.parquet", *many(5, 1000))
    return folder


def contents(source: Path, split: Any, **options: Any) -> list[tuple[bytes, int]]:
    data = load_hub(str(source), split, **options)
    return [
        (image.numpy().tobytes(), int(label))
        for image, label in zip(data.images, data.labels, strict=True)
    ]


def test_train_and_val_are_disjoint_and_complete(divided: Path):
    labels = many(200)[1]
    every = {
        (np.asarray(noise(seed)).transpose(2, 0, 1).tobytes(), labels[seed]) for seed in range(200)
    }
    assert len(every) == 200
    train, val = contents(divided, "train"), contents(divided, "val")
    assert len(train) + len(val) == 200
    assert set(train) | set(val) == every
    assert 8 <= len(val) <= 36  # 20 expected, standard deviation 4.2
    assert len(contents(divided, "test")) == 5


def test_val_follows_from_the_images_alone(divided: Path, tmp_path: Path):
    rows, labels = many(200)
    write(tmp_path / "train.parquet", rows[::-1], labels[::-1])
    assert contents(tmp_path, "val") == contents(divided, "val")[::-1]
    resized = load_hub(str(divided), "val", size=32)
    assert len(resized) == len(contents(divided, "val"))
    smaller, larger = (set(contents(divided, "val", val_fraction=part)) for part in (0.1, 0.4))
    assert smaller < larger


def test_the_share_of_val_is_as_asked():
    images = torch.randint(0, 256, (4000, 3, 16, 16), dtype=torch.uint8)
    share = np.mean([in_validation(image, 0.25) for image in images])
    assert abs(share - 0.25) < 5 * (0.25 * 0.75 / 4000) ** 0.5
    assert not in_validation(images[0], 0)
    assert in_validation(images[0], 1)


def test_a_val_split_of_its_own_leaves_train_whole(tmp_path: Path):
    write(tmp_path / "train.parquet", *many(30))
    write(tmp_path / "validation.parquet", *many(4, 500))
    write(tmp_path / "test.parquet", *many(3, 600))
    assert [len(load_hub(str(tmp_path), split)) for split in ("train", "val", "test")] == [30, 4, 3]


def test_without_test_the_val_split_takes_its_place(tmp_path: Path):
    write(tmp_path / "train.parquet", *many(60))
    write(tmp_path / "val.parquet", *many(4, 500))
    sizes = {split: len(load_hub(str(tmp_path), split)) for split in ("train", "val", "test")}
    assert sizes["test"] == 4
    assert sizes["train"] + sizes["val"] == 60
    assert sizes["val"] > 0


def test_missing_and_empty_splits_are_named(tmp_path: Path):
    write(tmp_path / "train.parquet", *many(3))
    assert refusal(tmp_path).endswith("has no images for the split 'test'; it has: train")
    assert "no images for the split 'val'" in refusal(tmp_path, "val", val_fraction=0)
    (tmp_path / "train.parquet").rename(tmp_path / "part.parquet")
    assert "no file named train*.parquet" in refusal(tmp_path)


def test_limit_takes_the_first_and_decodes_no_more(tmp_path: Path):
    rows, labels = many(9)
    rows[8] = {"bytes": b"broken", "path": None}
    path = write(tmp_path / "a.parquet", rows, labels)
    assert "row 8" in refusal(path)
    data = load_hub(str(path), "test", limit=8)
    assert data.labels.tolist() == labels[:8]
    assert "limit must be at least 1" in refusal(path, limit=0)


def test_the_fingerprint_names_pixels_labels_and_order(divided: Path):
    data = load_hub(str(divided), "test")
    assert data.fingerprint == load_hub(str(divided), "test").fingerprint
    assert len(data.fingerprint) == 16
    assert int(data.fingerprint, 16) >= 0
    same = fingerprint(list(data.images), data.labels)
    assert same == data.fingerprint
    changed = data.images[:].clone() if isinstance(data.images, torch.Tensor) else data.images[0]
    changed[0, 0, 0, 0] ^= 1
    assert fingerprint(changed, data.labels) != same
    assert fingerprint(data.images, data.labels.flip(0)) != same
    assert fingerprint([image.reshape(3, 8, 32) for image in data.images], data.labels) != same


def test_sizes_stay_or_become_one(tmp_path: Path):
    rows = [row(0), row(1, side=24), row(2, side=40)]
    path = write(tmp_path / "a.parquet", rows, [0, 1, 2])
    kept = load_hub(str(path), "test")
    assert isinstance(kept.images, list)
    assert kept.sizes == [(16, 16), (24, 24), (40, 40)]
    fitted = load_hub(str(path), "test", size=16)
    assert isinstance(fitted.images, torch.Tensor)
    assert torch.equal(fitted.images[0], kept.images[0])
    assert "size must be at least 16" in refusal(path, size=8)


def test_grey_rows_become_rgb(tmp_path: Path):
    path = write(tmp_path / "a.parquet", [row(3, mode="L")], [0])
    image = load_hub(str(path), "test").images[0]
    assert torch.equal(image, torch.from_numpy(np.array(noise(3, mode="L"))).expand(3, -1, -1))


@pytest.mark.parametrize(
    "path", ["/etc/hostname", "http://example.com/a.png", "a\x1b[2J.png", "hf://datasets/x/y/z.png"]
)
def test_rows_that_name_a_file_are_refused(tmp_path: Path, path: str):
    source = write(tmp_path / "a.parquet", [row(0), {"bytes": None, "path": path}], [0, 1])
    assert "a.parquet, row 1 names the file" in refusal(source)
    pq.write_table(pa.table({"image": [path], "label": [0]}), source)
    assert "a.parquet, row 0 names the file" in refusal(source)


def test_bad_rows_are_named(tmp_path: Path):
    def message(bad: Any) -> str:
        return refusal(write(tmp_path / "test.parquet", [row(0), row(1), bad], [0, 1, 2]).parent)

    start = f"{tmp_path.name} (test), row 2 "
    carries_none = start + "does not carry an encoded image: there is "
    assert message(None) == carries_none + "None"
    assert message({"bytes": None, "path": None}) == carries_none + "a record of bytes, path"
    assert message({"bytes": b"", "path": None}) == start + "is empty"
    assert message(row(2, side=15)).startswith(start + "is 15 x 15")
    assert message({"bytes": b"%!PS-Adobe", "path": None}).startswith(start + "is not an image")


def test_labels_must_fit_the_class_names(tmp_path: Path):
    for label in (-1, 3):
        path = write(tmp_path / "a.parquet", [row(0), row(1)], [0, label])
        assert refusal(path) == (
            f"a.parquet, row 1: the label is {label}, not a number from 0 to 2"
        )
    path = write(tmp_path / "a.parquet", [row(0), row(1)], [0, None])
    assert refusal(path) == "a.parquet, row 1 has no label: there is None"
    path = write(tmp_path / "a.parquet", [row(0)], [2**40], classes=False)
    assert "the label is" in refusal(path)


def test_labels_without_names_are_called_by_number_over_all_parts(tmp_path: Path):
    write(tmp_path / "train.parquet", [row(0), row(1)], [0, 4], classes=False)
    write(tmp_path / "test.parquet", [row(2)], [1], classes=False)
    numbered = load_hub(str(tmp_path), "test")
    assert (numbered.class_names, numbered.numbered) == (("0", "1", "2", "3", "4"), True)


def test_data_without_labels(tmp_path: Path):
    path = write(tmp_path / "a.parquet", [row(0), row(1)], None)
    assert "has no labels" in refusal(path)
    data = load_hub(str(path), "test", needs_labels=False)
    assert data.labels.tolist() == [-1, -1]
    assert data.class_names == ()


def test_columns_are_found_by_type_then_by_name(tmp_path: Path):
    path = tmp_path / "a.parquet"
    pictures = pa.array([row(0)], ROW_TYPE)
    pq.write_table(pa.table({"id": [7], "photo": pictures, "fine_label": [1]}), path)
    assert load_hub(str(path), "test").labels.tolist() == [1]
    pq.write_table(pa.table({"img": [row(0)["bytes"]], "labels": [2]}), path)
    assert load_hub(str(path), "test").labels.tolist() == [2]
    features = datasets.Features(
        {
            "img": datasets.Image(),
            "coarse": datasets.ClassLabel(names=["x", "y"]),
            "fine_label": datasets.ClassLabel(names=["u\x1b", "v", "w"]),
        }
    )
    table = pa.table({"img": pictures, "coarse": [1], "fine_label": [2]})
    pq.write_table(table.cast(features.arrow_schema), path)
    named = load_hub(str(path), "test")
    assert (named.class_names, named.numbered) == (("u?", "v", "w"), False)
    pq.write_table(pa.table({"text\x1b": ["a"], "label": [0]}), path)
    assert refusal(path) == "a.parquet has no image column; its columns are: text?, label"
    pq.write_table(pa.table({"image": pictures, "Target": [3]}), path)
    assert load_hub(str(path), "test").labels.tolist() == [3]
    pq.write_table(pa.table({"image": pictures, "caption\x1b": ["a cat"]}), path)
    assert refusal(path).startswith(
        "a.parquet has no labels: no column holds class labels, or numbers or words under a name"
        " such as label or target; its columns are image, caption?;"
    )


@pytest.mark.parametrize("name", ["Image", "IMG", "jpg", "PNG", "content", "Bytes", "whatever"])
def test_a_lone_column_of_images_is_found_by_any_name(tmp_path: Path, name: str):
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"id": ["x"], name: [row(0)["bytes"]], "label": [2]}), path)
    assert load_hub(str(path), "test").labels.tolist() == [2]


@pytest.mark.parametrize("name", ["Image", "jpg", "Content"])
def test_a_column_of_images_is_found_among_others_by_its_name(tmp_path: Path, name: str):
    path = tmp_path / "a.parquet"
    columns = {"embedding": [b"\0"], name: [row(0)["bytes"]], "label": [2]}
    pq.write_table(pa.table(columns), path)
    assert len(load_hub(str(path), "test")) == 1
    # What stands beside it in words is no image.
    pq.write_table(pa.table({**columns, "img": ["a.jpg"]}), path)
    assert len(load_hub(str(path), "test")) == 1
    pictures = pa.array([row(0)], ROW_TYPE)
    pq.write_table(pa.table({"thumbnail": pictures, "Image": pa.array([row(1)], ROW_TYPE)}), path)
    image = load_hub(str(path), "test", needs_labels=False).images[0]
    assert np.array_equal(image.permute(1, 2, 0), np.asarray(noise(1)))


def test_columns_of_labels_may_be_in_capitals(tmp_path: Path):
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "Coarse": datasets.ClassLabel(names=["x", "y"]),
            "Label": datasets.ClassLabel(names=["cafe\u0301", "bar"]),
        }
    )
    table = pa.table({"image": pa.array([row(0)], ROW_TYPE), "Coarse": [1], "Label": [0]})
    pq.write_table(table.cast(features.arrow_schema), tmp_path / "a.parquet")
    data = load_hub(str(tmp_path / "a.parquet"), "test")
    assert (data.class_names, data.labels.tolist()) == (("caf\u00e9", "bar"), [0])


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ({"data": b"x", "path": "a.png"}, "carries its image in the field data: call it bytes"),
        ({"data": None, "path": ""}, "encoded image: there is a record of data, path"),
        ("", "encoded image: there is an empty text"),
        ([1, 2], "encoded image: there is a list"),
        (7, "encoded image: there is an int"),
    ],
)
def test_what_stands_in_place_of_an_image_is_told(tmp_path: Path, image: Any, said: str):
    pq.write_table(pa.table({"Image": [image], "label": [0]}), tmp_path / "a.parquet")
    assert refusal(tmp_path / "a.parquet").endswith(said)


def test_damaged_parquet_is_refused(tmp_path: Path):
    path = tmp_path / "train.parquet"
    path.write_bytes(b"PAR1 nonsense PAR1")
    assert "cannot be read as parquet" in refusal(path)
    whole = bytearray(write(path, *many(3)).read_bytes())
    whole[4:1500] = b"\xff" * 1496
    path.write_bytes(whole)
    assert "cannot be read" in refusal(path)
    write(path, *many(3))
    pq.write_table(pa.table({"other": [1]}), tmp_path / "train2.parquet")
    assert "has no column 'label'" in refusal(tmp_path, "train")


def test_brackets_in_a_path_are_no_pattern(tmp_path: Path):
    folder = tmp_path / "a[1]*"
    folder.mkdir()
    write(folder / "test.parquet", *many(2))
    assert load_hub(str(folder), "test").name == "a[1]*"


def test_what_is_no_data_is_refused(tmp_path: Path):
    assert refusal(tmp_path).endswith("neither images nor .parquet files: it is empty")
    (tmp_path / "a.csv").write_text("a")
    (tmp_path / "b").mkdir()
    for name in ("b/c.zip", "b/d.ZIP", "b/README", ".hidden"):
        (tmp_path / name).touch()
    assert refusal(tmp_path).endswith(": it holds 2 .zip, 1 .csv, 1 without an ending")
    assert "neither a .parquet file nor a folder" in refusal(tmp_path / "a.csv")
    assert refusal("~nosuchuser/x").endswith("does not exist: nobody's home is ~nosuchuser")
    (tmp_path / "link").symlink_to("link")
    assert refusal(tmp_path / "link").endswith("is a link that leads nowhere")
    for missing in (tmp_path / "none", "none.parquet", "a\x1b/b", "https://example.com/x/y"):
        assert "does not exist" in refusal(missing)
    assert "cannot be read" in refusal("x" * 300)
    assert "val_fraction must be" in refusal(tmp_path, val_fraction=1.0)


def test_what_is_neither_a_file_nor_a_folder_is_called_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)  # the path of a socket may not be long
    Path("a").mkdir()
    os.mkfifo("a/pipe")
    Path("a/link").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("a/socket")
        end = ", neither a .parquet file nor a folder"
        assert refusal("/dev/null") == f"/dev/null is a device{end}"
        assert refusal("a/pipe") == f"a/pipe is a named pipe{end}"
        assert refusal("a/link") == f"a/link is a named pipe{end}"
        assert refusal("a/socket") == f"a/socket is a socket{end}"
    os.mkfifo("a/test.parquet")
    assert refusal("a") == "a/test.parquet is a named pipe, not a parquet file"


def test_a_slip_in_a_path_never_reaches_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path)
    assert "write data/cifar@main" in refusal("data/cifar")
    (tmp_path / "data" / "cifar").mkdir()
    assert "is a folder or file here" in refusal("data/cifar@main")


def test_the_real_cifar10():
    folder = Path(os.environ.get("SEMJSCC_DATA", "data")) / "cifar10-jpeg"
    if not folder.is_dir():
        pytest.skip(f"{folder} is missing; set SEMJSCC_DATA to the folder that holds cifar10-jpeg")
    test = load_hub(str(folder), "test")
    assert isinstance(test.images, torch.Tensor)
    assert test.images.shape == (10_000, 3, 32, 32)
    assert test.labels.bincount().tolist() == [1000] * 10
    assert test.class_names[3] == "cat"
    assert test.name == "cifar10-jpeg"
    val = load_hub(str(folder), "val", limit=20)
    assert len(val) == 20
    assert all(in_validation(image, 0.1) for image in val.images)
