"""Where parquet files are looked for, and what a split of them owes to the others."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pictures import ROW_TYPE, many, refusal, row, write

from semjscc.data.hub import load_hub
from semjscc.errors import UserNote


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet"),
        ("train/0000.parquet", "test/0000.parquet"),
        ("Train.parquet", "Testing.parquet"),
        ("TRAIN.PARQUET", "TEST.PARQUET"),
        ("pets-train.parquet", "pets-test.parquet"),
        ("data/Train/0.parquet", "data/Test/0.parquet"),
        ("train.parquet/part-0.snappy.parquet", "test.parquet/part-0.snappy.parquet"),
    ],
)
def test_the_usual_places_and_spellings(tmp_path: Path, train: str, test: str):
    for name, rows in ((train, many(9)), (test, many(2, 100))):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write(tmp_path / name, *rows)
    (tmp_path / ".test.parquet").write_bytes(b"what some systems leave beside a file")
    assert len(load_hub(str(tmp_path), "test")) == 2
    assert len(load_hub(str(tmp_path), "train")) + len(load_hub(str(tmp_path), "val")) == 9


def test_files_that_lie_deeper_are_named(tmp_path: Path):
    (tmp_path / "default" / "train").mkdir(parents=True)
    write(tmp_path / "default" / "train" / "0000.parquet", *many(2))
    assert refusal(tmp_path).endswith(
        "holds .parquet files deeper down, such as default/train/0000.parquet:"
        " name the folder of their splits"
    )
    assert len(load_hub(str(tmp_path / "default"), "train", val_fraction=0)) == 2


def test_a_single_file_in_capitals(tmp_path: Path):
    assert len(load_hub(str(write(tmp_path / "A.PARQUET", *many(2))), "test")) == 2


def test_files_of_no_split_are_named(tmp_path: Path):
    write(tmp_path / "test.parquet", *many(2))
    write(tmp_path / "extra.parquet", *many(2))
    with pytest.warns(UserNote, match=r"files that name no split are left out: extra\.parquet"):
        assert len(load_hub(str(tmp_path), "test")) == 2


def table(path: Path, count: int, labels: Any = None) -> None:
    columns: dict[str, Any] = {"image": pa.array(many(count)[0], ROW_TYPE)}
    pq.write_table(pa.table(columns if labels is None else {**columns, "label": labels}), path)


def test_a_split_without_labels_stops_nobody_else(tmp_path: Path):
    table(tmp_path / "train.parquet", 4, [0, 1, 0, 1])
    for labels in (None, [-1, -1], [None, None], ["", "?"]):
        table(tmp_path / "test.parquet", 2, labels)
        assert load_hub(str(tmp_path), "train", val_fraction=0).labels.tolist() == [0, 1, 0, 1]
        assert load_hub(str(tmp_path), "test", needs_labels=False).labels.tolist() == [-1, -1]
        assert f"{tmp_path.name} (test)" in refusal(tmp_path)


def test_a_split_that_is_damaged_stops_nobody_else(tmp_path: Path):
    table(tmp_path / "train.parquet", 4, [0, 1, 0, 1])
    (tmp_path / "test.parquet").write_bytes(b"PAR1 nonsense PAR1")
    assert len(load_hub(str(tmp_path), "train", val_fraction=0)) == 4
    assert "test.parquet cannot be read as parquet" in refusal(tmp_path)
    assert "test.parquet cannot be read as parquet" in refusal(tmp_path, needs_labels=False)


@pytest.mark.parametrize("kind", ["words", "dictionary", "truth"])
def test_labels_that_are_no_numbers(tmp_path: Path, kind: str):
    labels: Any = ["owl", "cat"]
    if kind == "dictionary":  # of pandas, where a column holds few different words
        labels = pa.array(labels).dictionary_encode()
    if kind == "truth":
        labels = [True, False]
    table(tmp_path / "test.parquet", 2, labels)
    data = load_hub(str(tmp_path), "test")
    assert data.labels.tolist() == [1, 0]
    assert data.class_names == (("False", "True") if kind == "truth" else ("cat", "owl"))


def test_the_label_column_has_several_names(tmp_path: Path):
    path = tmp_path / "a.parquet"
    for name in ("label", "target", "Label", "category", "class"):
        pq.write_table(pa.table({"image": pa.array([row(0)], ROW_TYPE), name: [1]}), path)
        assert load_hub(str(path), "test").labels.tolist() == [1]
