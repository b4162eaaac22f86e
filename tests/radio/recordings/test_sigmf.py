"""SigMF metadata: a golden file, and what a stranger's may do.

``golden.sigmf-meta`` was written by hand after the SigMF specification, version 1.2.0: required
are core:datatype and core:version; captures begin with core:sample_start, annotations are sorted
by it; fields of a namespace need an entry in core:extensions with name, version and optional.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from semjscc.errors import UserError
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
    assert read_meta(GOLDEN) == Meta("cf32_le", 2e6)


def test_rate_may_be_missing_or_whole(tmp_path: Path) -> None:
    assert read_meta(written(tmp_path)) == Meta("ci8", 8000.0)
    assert read_meta(written(tmp_path, sample_rate=None)) == Meta("ci8", None)


@pytest.mark.parametrize("name", ["a.b.sigmf-meta", "a.b.sigmf-data"])
def test_either_file_of_a_recording_names_both(name: str) -> None:
    assert meta_path(Path("x") / name) == Path("x/a.b.sigmf-meta")
    assert data_path(Path("x") / name) == Path("x/a.b.sigmf-data")


def test_own_sibling_may_be_named(tmp_path: Path) -> None:
    assert read_meta(written(tmp_path, dataset="x.sigmf-data")).datatype == "ci8"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dataset": "/etc/passwd"}, "names another file as its data: only x.sigmf-data is read"),
        ({"dataset": "../x.sigmf-data"}, "names another file"),
        ({"dataset": ["x.sigmf-data"]}, "names another file"),
        ({"datatype": "rf64_be"}, "holds rf64_be samples: convert to cf32_le or ci8"),
        ({"datatype": 3}, "holds unknown samples"),
        ({"datatype": "\x1b[2J" + "x" * 999}, r"holds \?\[2Jx+…x+ samples"),
        ({"num_channels": 2}, "has several channels"),
        ({"metadata_only": True}, "says that it has no data"),
        ({"trailing_bytes": 16}, "has bytes among its samples"),
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


def test_header_bytes_in_a_capture_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.sigmf-meta"
    head = {"core:datatype": "ci8", "core:sample_rate": 1, "core:version": "1.2.0"}
    path.write_text(json.dumps({"global": head, "captures": [{"core:header_bytes": 4}, 7]}))
    with pytest.raises(UserError, match="has bytes among its samples"):
        read_meta(path)


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
