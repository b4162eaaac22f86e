"""SigMF metadata: a golden file, and what a stranger's may do.

``golden.sigmf-meta`` was written by hand after the SigMF specification, version 1.2.0: required
are core:datatype and core:version; captures begin with core:sample_start, annotations are sorted
by it; fields of a namespace need an entry in core:extensions with name, version and optional.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from semjscc.errors import UserError
from semjscc.radio.recordings.files import read_recording, write_recording
from semjscc.radio.recordings.formats import DATATYPES
from semjscc.radio.recordings.sigmf import (
    Annotation,
    Meta,
    data_path,
    meta_path,
    read_meta,
    to_json,
)

GOLDEN = Path(__file__).parent / "golden.sigmf-meta"
FRAMES = [
    Annotation(3, 2, "frame 1"),
    Annotation(0, 3, "frame 0", {"codec": "signs-a", "height": 64}),
]


def written(folder: Path, **fields: Any) -> Path:
    """Metadata of a recording with some fields of its global object replaced."""
    head = {"core:datatype": "ci8", "core:sample_rate": 8000, "core:version": "1.2.0"}
    head.update({f"core:{name}": value for name, value in fields.items()})
    path = folder / "x.sigmf-meta"
    path.write_text(json.dumps({"global": head, "captures": [], "annotations": []}))
    return path


def test_metadata_is_the_golden_file() -> None:
    assert to_json("cf32_le", 2e6, FRAMES) == GOLDEN.read_text()


def test_golden_file_is_read() -> None:
    assert read_meta(GOLDEN) == Meta(DATATYPES["cf32_le"], 2e6, ((0, 0),))


def test_rate_may_be_missing_or_whole(tmp_path: Path) -> None:
    assert read_meta(written(tmp_path)) == Meta(DATATYPES["ci8"], 8000.0)
    assert read_meta(written(tmp_path, sample_rate=None)) == Meta(DATATYPES["ci8"], None)


@pytest.mark.parametrize("name", ["a.b.sigmf-meta", "a.b.sigmf-data"])
def test_either_file_of_a_recording_names_both(name: str) -> None:
    assert meta_path(Path("x") / name) == Path("x/a.b.sigmf-meta")
    assert data_path(Path("x") / name) == Path("x/a.b.sigmf-data")


def test_own_sibling_may_be_named(tmp_path: Path) -> None:
    assert read_meta(written(tmp_path, dataset="x.sigmf-data")).form.name == "ci8"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dataset": "/etc/passwd"}, "names another file as its data: only x.sigmf-data is read"),
        ({"dataset": "../x.sigmf-data"}, "names another file"),
        ({"dataset": ["x.sigmf-data"]}, "names another file"),
        ({"datatype": "ci24_le"}, "holds ci24_le samples, which is no datatype of SigMF: convert"),
        ({"datatype": "cf32"}, "holds cf32 samples"),  # in what order?
        ({"datatype": 3}, "holds unknown samples"),
        ({"datatype": "\x1b[2J" + "x" * 999}, r"holds \?\[2Jx+…x+ samples"),
        ({"num_channels": 2}, "has several channels"),
        ({"metadata_only": True}, "says that it has no data"),
        ({"trailing_bytes": -16}, "core:trailing_bytes that is no whole number from 0 on"),
        ({"trailing_bytes": 1.5}, "core:trailing_bytes that is no whole number"),
        ({"offset": "start"}, "core:offset that is no whole number"),
        ({"sample_rate": "fast"}, "sample rate that is no number"),
        ({"sample_rate": True}, "sample rate that is no number"),
        ({"sample_rate": -1.0}, "sample rate that no recording has"),
        ({"sample_rate": float("nan")}, "sample rate that no recording has"),
        ({"sample_rate": float("inf")}, "sample rate that no recording has"),
        ({"sample_rate": 10**400}, "sample rate that no recording has"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    tmp_path: Path, fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message) as error:
        read_meta(written(tmp_path, **fields))
    assert str(error.value).isprintable()


def recorded(
    folder: Path, captures: list[Any], content: bytes, *, datatype: str = "ci8", **fields: Any
) -> Path:
    """A recording of 8000 samples a second, its files named in capitals."""
    head = {"core:datatype": datatype, "core:sample_rate": 8000, "core:version": "1.2.0"}
    head.update({f"core:{name}": value for name, value in fields.items()})
    captures = [
        {f"core:{key}": value for key, value in one.items()} if isinstance(one, dict) else one
        for one in captures
    ]
    (folder / "X.SIGMF-DATA").write_bytes(content)
    path = folder / "X.SIGMF-META"
    path.write_text(json.dumps({"global": head, "captures": captures}))
    return path


def samples_of(path: Path, tell: Callable[[str], object] = print) -> list[complex]:
    chunks = read_recording(path, tell=tell).chunks
    return np.concatenate(list(chunks)).tolist()


def test_headers_of_captures_and_what_trails_are_no_samples(tmp_path: Path) -> None:
    content = b"head" + bytes([32, 0, 64, 0]) + b"second" + bytes([0, 32]) + b"end"
    captures = [
        {"sample_start": 102, "header_bytes": 6},
        7,
        {"sample_start": 100, "header_bytes": 4},
        {"sample_start": 101},
    ]
    path = recorded(tmp_path, captures, content, offset=100, trailing_bytes=3)
    assert samples_of(path) == [1, 2, 1j]
    recording = read_recording(path.with_suffix(".SIGMF-DATA"))
    assert (recording.most, recording.rate) == (3, 8000.0)


@pytest.mark.parametrize(
    ("captures", "trailing", "samples"),
    [
        ([{"sample_start": 10**400, "header_bytes": 10**400}], 0, 50),
        ([{"sample_start": 0, "header_bytes": 10**30}], 0, 0),
        ([{"sample_start": 0, "header_bytes": 99}], 0, 0),
        ([{"sample_start": 0, "header_bytes": 98}], 0, 1),
        ([{"sample_start": 0, "header_bytes": 90}], 8, 1),
        ([], 10**400, 0),
        ([], 98, 1),
    ],
)
def test_headers_that_claim_more_than_there_is_are_read_to_the_end(
    tmp_path: Path, captures: list[Any], trailing: int, samples: int
) -> None:
    path = recorded(tmp_path, captures, bytes(100), trailing_bytes=trailing)
    if samples:
        assert samples_of(path) == [0] * samples
    else:
        with pytest.raises(UserError, match=r"X\.SIGMF-DATA is empty"):
            samples_of(path)


def test_captures_at_several_frequencies_are_read_and_told_of(tmp_path: Path) -> None:
    captures = [{"sample_start": n, "frequency": hz} for n, hz in enumerate([1e8, 10**8, 2e8, "x"])]
    path = recorded(tmp_path, captures, bytes([32, 0] * 4))
    told: list[str] = []
    assert samples_of(path, told.append) == [1] * 4
    (line,) = told
    assert line.endswith("has captures at 2 frequencies: all are read, each around its own centre")
    told.clear()
    assert samples_of(recorded(tmp_path, captures[:2], bytes(2)), told.append) == [0]
    assert told == []


def test_captures_of_other_sample_rates_are_refused(tmp_path: Path) -> None:
    captures = [{"sample_start": 0, "sample_rate": 8000}, {"sample_start": 1, "sample_rate": 9000}]
    with pytest.raises(UserError, match="captures of several sample rates: record or convert one"):
        read_meta(recorded(tmp_path, captures, bytes(4)))
    with pytest.raises(UserError, match="core:header_bytes that is no whole number"):
        read_meta(recorded(tmp_path, [{"header_bytes": "4"}], bytes(4)))


@pytest.mark.parametrize(
    ("meta", "data"), [(".SIGMF-META", ".sigmf-data"), (".sigmf-meta", ".SIGMF-DATA")]
)
def test_files_find_each_other_in_capitals_or_not(tmp_path: Path, meta: str, data: str) -> None:
    recorded(tmp_path, [], bytes([32, 0])).rename(tmp_path / f"x{meta}")
    (tmp_path / "X.SIGMF-DATA").rename(tmp_path / f"x{data}")
    assert samples_of(tmp_path / f"x{data}") == [1]
    assert samples_of(tmp_path / f"x{meta}") == [1]


def test_a_recording_in_capitals_is_written_as_two_files_in_capitals(tmp_path: Path) -> None:
    write_recording(tmp_path / "A.SIGMF-META", [np.ones(3, np.complex64)], 8e3)
    assert {path.name for path in tmp_path.iterdir()} == {"A.SIGMF-META", "A.SIGMF-DATA"}
    assert samples_of(tmp_path / "A.SIGMF-DATA") == [1] * 3


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[]", b"3", b'{"global": 4}', b"[" * 100_000, b'"\x00"']
)
def test_what_is_no_metadata_is_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.sigmf-meta"
    path.write_bytes(content)
    with pytest.raises(UserError, match="is not SigMF metadata"):
        read_meta(path)


def test_missing_metadata_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"x\.sigmf-meta does not exist: a SigMF recording is two"):
        read_meta(tmp_path / "x.sigmf-meta")
