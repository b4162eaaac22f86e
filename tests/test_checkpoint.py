"""Files appear whole or not at all, and checkpoints are found by path, run or name."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from semjscc import checkpoint
from semjscc.checkpoint import (
    MODEL,
    load_weights,
    locate,
    read_metadata,
    save_weights,
    write_atomically,
)
from semjscc.errors import UserError

WEIGHTS = {"w": torch.arange(6.0).view(2, 3), "steps": torch.tensor(3)}
METADATA = {"kind": "codec", "note": "Größe 7 µm", "nested": {"list": [1, None, 0.5]}}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_weights_and_metadata_come_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "er" / "w.safetensors"
    save_weights(path, WEIGHTS, METADATA)
    weights, metadata = load_weights(path)
    assert metadata == METADATA == read_metadata(path)
    assert weights.keys() == WEIGHTS.keys()
    assert all(torch.equal(weights[name], WEIGHTS[name]) for name in WEIGHTS)
    assert names(path.parent) == [path.name]


def test_floating_weights_come_back_as_float32_and_whole_numbers_as_they_are(
    tmp_path: Path,
) -> None:
    path = tmp_path / "w.safetensors"
    kinds = (torch.float16, torch.bfloat16, torch.float64, torch.int64, torch.uint8)
    save_weights(path, {str(k): torch.ones(2, dtype=k) for k in kinds}, METADATA)
    loaded = {tensor.dtype for tensor in load_weights(path)[0].values()}
    assert loaded == {torch.float32, torch.int64, torch.uint8}


def test_weights_that_share_memory_or_lie_crosswise_can_be_saved(tmp_path: Path) -> None:
    whole, path = torch.arange(12.0).view(3, 4), tmp_path / "w.safetensors"
    tied = {"a": whole, "b": whole, "c": whole.T, "d": whole[:, 1:3]}
    save_weights(path, tied, METADATA)
    loaded, _ = load_weights(path)
    assert all(torch.equal(loaded[name], tied[name]) for name in tied)


def fill_half(path: Path) -> None:
    path.write_bytes(b"new, but only ha")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("before", [b"old", None])
def test_full_disk_leaves_the_old_file_and_no_litter(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "w.safetensors"
    if before is not None:
        path.write_bytes(before)
    with pytest.raises(UserError, match=r"cannot write .*w\.safetensors: No space left"):
        write_atomically(path, fill_half)
    assert names(tmp_path) == ([path.name] if before is not None else [])
    assert before is None or path.read_bytes() == before


def test_full_disk_while_saving_weights_leaves_the_old_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "w.safetensors"
    save_weights(path, WEIGHTS, METADATA)
    before = path.read_bytes()
    write = Path.write_bytes

    def write_half(self: Path, data: bytes) -> int:
        write(self, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(UserError, match="No space left"):
        save_weights(path, {"w": torch.zeros(100)}, METADATA)
    assert path.read_bytes() == before
    assert names(tmp_path) == [path.name]


def test_reader_of_the_old_file_never_sees_a_part_of_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    with path.open() as reader:
        write_atomically(path, lambda temporary: temporary.write_text("newer"))
        assert reader.read() == "old"
    assert path.read_text() == "newer"


@pytest.mark.parametrize("failure", [KeyboardInterrupt, ValueError])
def test_interruption_leaves_the_old_file_and_no_litter(
    tmp_path: Path, failure: type[BaseException]
) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def interrupted(temporary: Path) -> None:
        temporary.write_text("new")
        raise failure

    with pytest.raises(failure):
        write_atomically(path, interrupted)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("name", ["x" * 255, "ü" * 127, "x" * 251 + ".png"])
def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path, name: str) -> None:
    write_atomically(tmp_path / name, lambda temporary: temporary.write_text("x"))
    assert names(tmp_path) == [name]


def test_file_that_cannot_be_put_in_place_is_one_line_of_error(tmp_path: Path) -> None:
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(UserError, match=r"cannot write .*folder: "):
        write_atomically(tmp_path / "folder", lambda path: path.write_text("x"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match=r"cannot write .*w: Not a directory|File exists"):
        write_atomically(tmp_path / "file" / "w", lambda path: path.write_text("x"))
    assert names(tmp_path) == ["file", "folder"]


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_file_mode_follows_the_umask(tmp_path: Path, umask: None, mask: int, mode: int) -> None:
    del umask
    os.umask(mask)
    path = tmp_path / "w.safetensors"
    save_weights(path, WEIGHTS, METADATA)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    current = os.umask(mask)
    assert current == mask  # asking for it has not changed it


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped weights with two in it; the working directory is another."""
    folder, work = tmp_path / "weights", tmp_path / "work"
    work.mkdir()
    for name in ("signs-a", "signs-djscc"):
        save_weights(folder / f"{name}.safetensors", WEIGHTS, METADATA)
    monkeypatch.setattr(checkpoint, "WEIGHTS", folder)
    monkeypatch.chdir(work)
    return folder


def test_checkpoint_is_found_by_its_path(shipped: Path) -> None:
    del shipped
    save_weights(Path("own.safetensors"), WEIGHTS, METADATA)
    assert locate("own.safetensors") == Path("own.safetensors")
    assert locate(str(Path("own.safetensors").resolve())).is_absolute()


def test_checkpoint_is_found_by_the_folder_of_its_run(shipped: Path) -> None:
    del shipped
    save_weights(Path("runs/one") / MODEL, WEIGHTS, METADATA)
    assert locate("runs/one") == locate("runs/one/") == Path("runs/one") / MODEL


def test_shipped_checkpoint_is_found_by_its_name(shipped: Path) -> None:
    assert locate("signs-a") == shipped / "signs-a.safetensors"


@pytest.mark.parametrize(
    "name",
    ["unknown", "runs/none", "../weights/signs-a", "signs-a/x", "x.safetensors"],
)
def test_unknown_checkpoint_is_refused_with_the_names_that_ship(shipped: Path, name: str) -> None:
    del shipped
    with pytest.raises(UserError, match="no checkpoint at") as raised:
        locate(name)
    assert name in str(raised.value)
    assert ("signs-a, signs-djscc" in str(raised.value)) == ("/" not in name)


def test_mistyped_name_is_answered_with_the_nearest(shipped: Path) -> None:
    del shipped
    with pytest.raises(UserError, match="did you mean 'signs-djscc'"):
        locate("sings-djscc")


def test_folder_of_a_training_that_has_not_ended_is_named_as_such(shipped: Path) -> None:
    del shipped
    Path("runs/mine").mkdir(parents=True)
    with pytest.raises(UserError, match=r"runs/mine has no model\.safetensors: no training"):
        locate("runs/mine")


@pytest.mark.parametrize("kind", ["file", "run"])
def test_a_name_counts_before_a_path_of_the_same_spelling(shipped: Path, kind: str) -> None:
    path = Path("signs-a") if kind == "file" else Path("signs-a") / MODEL
    save_weights(path, WEIGHTS, METADATA)
    assert locate("signs-a") == shipped / "signs-a.safetensors"
    assert locate("./signs-a").resolve() == path.resolve()


def test_empty_name_is_no_checkpoint_and_an_empty_folder_hides_none(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(UserError, match="no checkpoint"):
        locate("")
    Path("signs-a").mkdir()
    assert locate("signs-a") == shipped / "signs-a.safetensors"
