"""Photographs decoded once: the same images, labels and fingerprint, and never trusted blindly."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from semjscc.data import decoded
from semjscc.data.decoded import load_decoded
from semjscc.data.hub import load_hub
from semjscc.errors import UserError


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SEMJSCC_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """40 images of unlike sizes in two classes."""
    for index in range(40):
        save(tmp_path / "source" / "train" / ("cat", "dog")[index % 2] / f"{index}.png", index)
    return tmp_path / "source"


def save(path: Path, seed: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (16 + seed % 5, 20 + seed % 3, 3)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Sources that were decoded."""
    names: list[str] = []
    read = decoded.hub.open_split

    def count(source: str, *arguments: object, **more: object) -> object:
        names.append(source)
        return read(source, *arguments, **more)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(decoded.hub, "open_split", count)
    return names


@pytest.mark.usefixtures("cache")
@pytest.mark.parametrize("split", ["train", "val"])
@pytest.mark.parametrize("limit", [None, 3])
def test_what_is_kept_is_what_was_read(
    source: Path, opened: list[str], split: decoded.Split, limit: int | None
) -> None:
    expected = load_hub(str(source), split, val_fraction=0.4, limit=limit)
    opened.clear()
    for _ in range(2):
        found = load_decoded(str(source), split, val_fraction=0.4, limit=limit)
        assert [image.shape for image in found.images] == [i.shape for i in expected.images]
        for image, other in zip(found.images, expected.images, strict=True):
            assert torch.equal(image, other)
        assert torch.equal(found.labels, expected.labels)
        for name in ("name", "split", "class_names", "revision", "fingerprint", "numbered"):
            assert getattr(found, name) == getattr(expected, name)
    assert opened == [str(source)]


def test_everything_that_decides_the_images_has_a_file_of_its_own(
    source: Path, cache: Path, opened: list[str]
) -> None:
    load_decoded(str(source), "train")
    load_decoded(str(source), "train", limit=5)
    load_decoded(str(source), "train", val_fraction=0.5)
    load_decoded(str(source), "val", val_fraction=0.5)
    assert len(opened) == len(list(cache.glob("*.bin"))) == len(list(cache.glob("*.json"))) == 4
    assert len(list(cache.iterdir())) == 8
    image = source / "train" / "cat" / "0.png"
    os.utime(image, (1, 1))
    load_decoded(str(source), "train")
    assert len(opened) == 5


@pytest.mark.usefixtures("cache")
def test_another_image_of_the_same_length_and_time_is_seen(tmp_path: Path) -> None:
    image = tmp_path / "source" / "test" / "0.bmp"
    for seed in (0, 30):  # of one size
        save(image, seed)
        os.utime(image, (1, 1))  # as an archive gives it
        expected = load_hub(str(tmp_path / "source"), "test", needs_labels=False)
        assert torch.equal(
            load_decoded(str(tmp_path / "source"), "test").images[0], expected.images[0]
        )


@pytest.mark.parametrize("suffix", [".bin", ".json"])
@pytest.mark.parametrize("damage", ["gone", "cut", "other"])
def test_damaged_files_are_made_anew(
    source: Path, cache: Path, opened: list[str], suffix: str, damage: str
) -> None:
    first = load_decoded(str(source), "train")
    last = first.images[-1].clone()  # what is cut off a mapped file is gone from memory, too
    (file,) = cache.glob(f"*{suffix}")
    if damage == "gone":
        file.unlink()
    elif damage == "cut":
        file.write_bytes(file.read_bytes()[:-1])
    else:
        file.write_text(json.dumps({"name": "x"}))
    again = load_decoded(str(source), "train")
    assert again.fingerprint == first.fingerprint
    assert torch.equal(again.images[-1], last)
    assert len(opened) == 2


@pytest.mark.parametrize("place", ["file", "/dev/full/cache", "x" * 300])
def test_cache_that_cannot_be_written_is_not_missed(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("SEMJSCC_CACHE", str(tmp_path / place))
    expected = load_hub(str(source), "train")
    found = load_decoded(str(source), "train")
    assert found.fingerprint == expected.fingerprint
    assert torch.equal(found.images[0], expected.images[0])


def test_full_disk_leaves_nothing_behind(
    source: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(decoded, "_mapped", full)
    assert len(load_decoded(str(source), "train").images) > 20
    assert list(cache.iterdir()) == []


@pytest.mark.usefixtures("cache")
def test_mistakes_are_told_as_ever(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no images for the split 'val'"):
        load_decoded(str(source), "val", val_fraction=0)
    with pytest.raises(UserError, match="does not exist"):
        load_decoded(str(tmp_path / "nowhere"), "train")
    (source / "train" / "cat" / "bad.png").write_text("no image")
    with pytest.raises(UserError, match=r"bad\.png is not an image"):
        load_decoded(str(source), "train")


@pytest.mark.usefixtures("cache")
def test_images_without_labels_are_read(tmp_path: Path) -> None:
    for seed in range(3):
        save(tmp_path / "plain" / "train" / f"{seed}.png", seed)
    found = load_decoded(str(tmp_path / "plain"), "train", val_fraction=0)
    assert found.labels.tolist() == [-1, -1, -1]
    assert found.class_names == ()


@pytest.mark.usefixtures("cache")
def test_what_is_written_to_the_images_stays_with_this_process(source: Path) -> None:
    first = load_decoded(str(source), "train").images[0]
    before = first.clone()
    first.zero_()
    assert torch.equal(load_decoded(str(source), "train").images[0], before)
