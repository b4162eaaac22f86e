"""SigMF archives: tar files by the standard library, and what is none."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from semjscc.errors import UserError
from semjscc.radio.recordings import sigmf
from semjscc.radio.recordings.archive import MOST_MEMBERS
from semjscc.radio.recordings.files import files_of, read_recording, write_recording

SAMPLES = (
    np.random.default_rng(0).normal(size=(3000, 2)).astype(np.float32).view(np.complex64)[:, 0]
)
META = sigmf.to_json("cf32_le", 2e6, []).encode()
DATA = SAMPLES.tobytes()


def pack(path: Path, members: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> Path:
    with tarfile.open(path, "w", format=form) as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
@pytest.mark.parametrize("folder", ["", "x/", "a long name " * 6 + "/"])
def test_samples_come_out_as_they_went_in(tmp_path: Path, form: int, folder: str) -> None:
    members = {f"{folder}x.sigmf-data": DATA, "notes.txt": b"!", f"{folder}x.sigmf-meta": META}
    path = pack(tmp_path / "any.sigmf", members, form)
    recording = read_recording(path)
    assert (recording.rate, recording.kind, recording.most) == (2e6, "sigmf", len(SAMPLES))
    np.testing.assert_array_equal(np.concatenate(list(recording.chunks)), SAMPLES)
    assert files_of(path) == [path]


def test_headers_of_captures_are_left_out(tmp_path: Path) -> None:
    meta = META.replace(
        b'{\n      "core:sample_start": 0\n    }',
        b'{"core:sample_start": 0, "core:header_bytes": 5}, '
        b'{"core:sample_start": 1000, "core:header_bytes": 7}',
    )
    assert meta != META
    data = b"12345" + DATA[:8000] + b"1234567" + DATA[8000:]
    path = pack(tmp_path / "x.SIGMF", {"x.sigmf-meta": meta, "x.sigmf-data": data})
    np.testing.assert_array_equal(np.concatenate(list(read_recording(path).chunks)), SAMPLES)


@pytest.mark.parametrize(("members", "said"), [
    ({}, "holds 0 files .sigmf-meta and 0 files .sigmf-data: one recording is read"),
    ({"x.sigmf-meta": META}, "holds 1 files .sigmf-meta and 0"),
    (
        {"x.sigmf-meta": META, "x.sigmf-data": DATA, "y.sigmf-data": DATA},
        "holds 1 files .sigmf-meta and 2",
    ),
    ({"x.sigmf-meta": META, "y.sigmf-data": DATA}, "holds samples of another recording"),
    ({f"{n}": b"" for n in range(MOST_MEMBERS + 1)}, "holds more than 100 files: unpack it"),
    ({"x.sigmf-meta": b"{}", "x.sigmf-data": DATA}, "is not SigMF metadata"),
    ({"x.sigmf-meta": META, "x.sigmf-data": b""}, "is empty: it holds no samples"),
    (
        {"x.sigmf-meta": META.replace(b'"core:v', b'"core:dataset": "y", "core:v'),
         "x.sigmf-data": DATA},
        "names another file as its data: only x.sigmf-data is read",
    ),
])  # fmt: skip
def test_what_is_no_recording_is_one_line(
    tmp_path: Path, members: dict[str, bytes], said: str
) -> None:
    path = pack(tmp_path / "x.sigmf", members)
    with pytest.raises(UserError, match=rf"^\S*x\.sigmf {said}[^\n]*$"):
        list(read_recording(path).chunks)


@pytest.mark.parametrize("content", [b"", b"no tar" * 999, b"\x1f\x8b" + bytes(500), META])
def test_what_is_no_archive_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.sigmf").write_bytes(content)
    with pytest.raises(UserError, match=r"x\.sigmf (is no SigMF archive|holds 0 files)[^\n]*$"):
        read_recording(tmp_path / "x.sigmf")


@pytest.mark.parametrize("seed", range(40))
def test_a_damaged_archive_is_samples_or_one_line(tmp_path: Path, seed: int) -> None:
    path = pack(tmp_path / "x.sigmf", {"x.sigmf-meta": META, "x.sigmf-data": DATA})
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    rng = np.random.default_rng(seed)
    place = rng.integers(0, 2048, 1 + seed % 9)
    data[place] = rng.integers(0, 256, len(place))
    path.write_bytes(data[: rng.integers(500, len(data))].tobytes())
    found, refused = [np.zeros(0, np.complex64)], ""
    try:
        found += read_recording(path, 2e6).chunks
    except UserError as error:
        refused = str(error)
    assert "\n" not in refused
    samples = np.concatenate(found)
    assert np.isfinite(samples.view(np.float32)).all()
    assert len(samples) <= len(data)


def test_none_is_written(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"archives are read, not written: take \.sigmf-meta$"):
        write_recording(tmp_path / "x.sigmf", [SAMPLES], 2e6)
    assert list(tmp_path.iterdir()) == []
