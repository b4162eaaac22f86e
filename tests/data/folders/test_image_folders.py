"""Image folders as people lay them out."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pictures import CLASSES, noise, refusal, save
from PIL import Image

from semjscc.data.decoded import load_decoded
from semjscc.data.hub import load_hub
from semjscc.data.joined import join
from semjscc.errors import UserNote


def test_class_folders_alone_are_all_test(tmp_path: Path):
    save(tmp_path / "dog" / "b.png", 1)
    save(tmp_path / "dog" / "a.PNG", 2)
    save(tmp_path / "cat" / "c.bmp", 3)
    save(tmp_path / ".cache" / "d.png", 4)
    (tmp_path / "dog" / "notes.txt").write_text("no image")
    data = load_hub(str(tmp_path), "test")
    assert data.name == tmp_path.name
    assert data.class_names == ("cat", "dog")
    assert data.labels.tolist() == [0, 1, 1]
    assert np.array_equal(data.images[1].permute(1, 2, 0), np.asarray(noise(2)))
    assert "not divided into splits" in refusal(tmp_path, "train")


def test_divided_folders_share_their_classes(tmp_path: Path):
    for seed in range(40):
        save(tmp_path / "train" / CLASSES[seed % 3] / f"{seed}.png", seed)
    save(tmp_path / "test" / "owl" / "x.png", 100)
    data = load_hub(str(tmp_path), "test")
    assert data.class_names == ("cat", "dog", "owl")
    assert data.labels.tolist() == [2]
    assert len(load_hub(str(tmp_path), "train")) + len(load_hub(str(tmp_path), "val")) == 40
    save(tmp_path / "valid" / "owl" / "y.png", 101)
    assert len(load_hub(str(tmp_path), "train")) == 40
    assert len(load_hub(str(tmp_path), "val")) == 1


def test_folders_without_classes_have_no_labels(tmp_path: Path):
    save(tmp_path / "a.png", 0)
    assert "has no labels" in refusal(tmp_path)
    assert load_hub(str(tmp_path), "test", needs_labels=False).labels.tolist() == [-1]
    save(tmp_path / "cat" / "b.png", 1)
    assert "images beside its class folders" in refusal(tmp_path)


@pytest.mark.parametrize("linked", ["file", "class folder", "part"])
def test_links_out_of_the_folder_are_refused(tmp_path: Path, linked: str):
    save(tmp_path / "private" / "cat" / "secret.png", 0)
    folder = tmp_path / "data"
    save(folder / "test" / "dog" / "a.png", 1)
    target, link = {
        "file": ("private/cat/secret.png", "test/dog/b.png"),
        "class folder": ("private/cat", "test/cat"),
        "part": ("private", "train"),
    }[linked]
    (folder / link).symlink_to(tmp_path / target)
    assert "leads out of the data folder" in refusal(folder)
    (folder / link).unlink()
    (folder / "test" / "dog" / "b.png").symlink_to(folder / "test" / "dog" / "a.png")
    assert len(load_hub(str(folder), "test")) == 2


def test_bad_files_in_folders_are_named(tmp_path: Path):
    save(tmp_path / "cat" / "a.png", 0)
    (tmp_path / "cat" / "b\x1b.png").write_bytes(b"")
    assert refusal(tmp_path).endswith("b?.png is empty")


def place(folder: Path, *names: str) -> None:
    """Files of different images, by their paths."""
    for seed, name in enumerate(names):
        save(folder / name, seed)


def found(folder: Path, split: Any = "test", **options: Any) -> dict[str, str | None]:
    """The class of each image by its path in the folder."""
    data = load_hub(str(folder), split, **options)
    classes = [data.class_names[label] if label >= 0 else None for label in data.labels.tolist()]
    for name, image in zip(data.names, data.images, strict=True):
        with Image.open(folder / name) as picture:
            assert np.array_equal(image.permute(1, 2, 0), np.asarray(picture))
    return dict(zip(data.names, classes, strict=True))


def test_images_at_any_depth_belong_to_the_first_folder(tmp_path: Path):
    place(tmp_path, "cat/1.png", "cat/more/1.png", "dog/batch1/2.png", "dog/a/b/c/3.png")
    assert found(tmp_path) == {
        "cat/1.png": "cat",
        "cat/more/1.png": "cat",
        "dog/a/b/c/3.png": "dog",
        "dog/batch1/2.png": "dog",
    }


def test_the_layout_of_tiny_imagenet(tmp_path: Path):
    place(tmp_path, *(f"train/n0{i}/images/n0{i}_{k}.JPEG" for i in (1, 2) for k in range(6)))
    place(tmp_path, "val/images/val_0.JPEG", "val/images/val_1.JPEG", "test/images/test_0.JPEG")
    (tmp_path / "train" / "n01" / "n01_boxes.txt").touch()
    train = found(tmp_path, "train")
    assert len(train) == 12
    assert all(name.startswith(f"train/{label}/images/") for name, label in train.items())
    assert list(found(tmp_path, needs_labels=False).values()) == [None]
    assert "has no labels for the split 'val'" in refusal(tmp_path, "val")
    rows = "val_1.JPEG\tn01\t0\t0\t9\t9\nval_0.JPEG\tn02\t0\t0\t9\t9\n"
    (tmp_path / "val" / "val_annotations.txt").write_text(rows)
    assert found(tmp_path, "val") == {
        "val/images/val_0.JPEG": "n02",
        "val/images/val_1.JPEG": "n01",
    }


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("Training", "Testing"),
        ("Train", "Test"),
        ("TRAIN", "TEST"),
        ("train_set", "test_set"),
        ("training_set/training_set", "test_set/test_set"),
        ("train-images", "test-images"),
        ("data/train", "data/test"),
        ("train/images", "test/images"),
    ],
)
def test_the_usual_spellings_of_splits(tmp_path: Path, train: str, test: str):
    place(tmp_path, *(f"{train}/{name}/{i}.png" for name in ("cat", "dog") for i in range(8)))
    place(tmp_path, f"{test}/dog/0.png")
    assert found(tmp_path) == {f"{test}/dog/0.png": "dog"}
    assert len(found(tmp_path, "train")) + len(found(tmp_path, "val")) == 16


def test_a_folder_that_holds_itself_once_more(tmp_path: Path):
    place(tmp_path, "pets/pets/cat/0.png", "pets/pets/dog/0.png")
    assert set(found(tmp_path / "pets").values()) == {"cat", "dog"}


def test_a_letter_and_its_accent_are_one_class_in_both_spellings(tmp_path: Path):
    composed, decomposed = "caf\u00e9", "cafe\u0301"
    place(tmp_path, f"{composed}/0.png", f"{decomposed}/1.png", "bar/2.png")
    assert set(found(tmp_path).values()) == {"bar", composed}
    tiny = tmp_path / "tiny"
    place(tiny, f"train/{composed}/0.png", f"val/images/{decomposed}.png")
    (tiny / "val" / "val_annotations.txt").write_text(f"{composed}.png\t{decomposed}\n")
    assert list(found(tiny).values()) == [composed]


def test_splits_that_lie_deeper_are_not_taken_for_classes(tmp_path: Path):
    place(tmp_path, "archive/train/cat/0.png", "archive/test/cat/0.png")
    assert "holds a folder test deeper down" in refusal(tmp_path)
    place(tmp_path / "b", "bottle/train/good/0.png", "cable/train/good/0.png")
    assert "holds a folder train deeper down" in refusal(tmp_path / "b")
    place(tmp_path / "c", "train/train/cat/0.png", "train/val/cat/0.png", "test/cat/0.png")
    assert "deeper down" in refusal(tmp_path / "c")


def test_a_wrapper_is_not_taken_for_the_only_class(tmp_path: Path):
    place(tmp_path, "flowers/rose/0.png", "flowers/tulip/0.png")
    assert "has a single class, flowers, with folders in it" in refusal(tmp_path)
    assert len(found(tmp_path, needs_labels=False)) == 2


def test_what_is_beside_the_splits_is_counted_or_refused(tmp_path: Path):
    place(tmp_path, "train/cat/0.png", "test/cat/0.png", "docs/figure.png", "cover.png")
    with pytest.warns(UserNote, match="splits are left out, 2 in docs, no folder$"):
        assert len(load_hub(str(tmp_path), "test")) == 1
    place(tmp_path / "voc", "bus/0.png", "train/1.png")
    assert "holds images in bus beside those in train: move them away" in refusal(tmp_path / "voc")
    place(tmp_path / "two", "val/cat/0.png", "Validation/cat/0.png")
    assert "holds Validation and val: keep one of them" in refusal(tmp_path / "two")


def test_a_class_may_be_called_as_a_split(tmp_path: Path):
    place(tmp_path, "train/bus/0.png", "train/train/0.png", "test/train/0.png", "test/bus/0.png")
    assert found(tmp_path) == {"test/bus/0.png": "bus", "test/train/0.png": "train"}


def test_images_of_other_formats_are_counted(tmp_path: Path):
    place(tmp_path, "cat/0.png")
    for name in ("cat/1.HEIC", "cat/2.heic", "cat/3.dng", "cat/notes.txt"):
        (tmp_path / name).touch()
    with pytest.warns(
        UserNote, match=r"formats that are not read are left out, 2 \.heic, 1 \.dng$"
    ):
        assert len(load_hub(str(tmp_path), "test")) == 1
    (tmp_path / "cat" / "0.png").unlink()
    assert "it holds 2 .heic, 1 .dng, 1 .txt" in refusal(tmp_path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP", "TIFF", "AVIF", "JPEG2000"])
def test_images_whose_name_hides_them_are_counted(tmp_path: Path, kind: str):
    place(tmp_path, "cat/0.png")
    for name in ("photo", "1.jpg?w=200", "2.png.1"):
        noise(0).save(tmp_path / "cat" / name, kind)
    for name in ("Makefile", "list.dat"):
        (tmp_path / "cat" / name).write_text("no image")
    note = r"are left out, 1 \.jpg\?w=200, 1 \.1, 1 without an ending$"
    with pytest.warns(UserNote, match=note):
        assert len(load_hub(str(tmp_path), "test")) == 1


def test_each_split_is_asked_for_labels_alone(tmp_path: Path):
    place(tmp_path, "train/cat/0.png", "train/dog/0.png", "test/0.png", "test/1.png")
    assert len(found(tmp_path, "train", val_fraction=0)) == 2
    assert "has no labels for the split 'test'" in refusal(tmp_path)
    place(tmp_path, "test/cat/0.png")
    assert "images beside its class folders" in refusal(tmp_path)
    assert list(found(tmp_path, needs_labels=False).values()) == [None] * 3


def test_the_same_name_in_two_forms_is_one_class(tmp_path: Path):
    place(tmp_path, "train/caf\u00e9/0.png", "test/cafe\u0301/0.png")
    assert load_hub(str(tmp_path), "test").class_names == ("caf\u00e9",)


def test_links_that_lead_nowhere_or_back_are_named(tmp_path: Path):
    place(tmp_path, "cat/0.png")
    for target in ("l.png", "none.png"):
        (tmp_path / "cat" / "l.png").symlink_to(target)
        assert refusal(tmp_path).endswith("cat/l.png is a link that leads nowhere")
        (tmp_path / "cat" / "l.png").unlink()
    (tmp_path / "dog").symlink_to("moved")  # a class would be missing
    assert refusal(tmp_path).endswith("dog is a link that leads nowhere")
    (tmp_path / "dog").unlink()
    (tmp_path / "notes.txt").symlink_to("moved")
    assert len(found(tmp_path)) == 1
    (tmp_path / "cat" / "again").symlink_to(tmp_path)
    assert refusal(tmp_path).endswith("again is a link to a folder that it lies in")
    (tmp_path / "cat" / "again").unlink()
    (tmp_path / "dog").symlink_to("cat")
    assert list(found(tmp_path).values()) == ["cat", "dog"]


def test_a_folder_that_may_not_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place(tmp_path, "cat/0.png", "dog/0.png")
    listed = Path.iterdir

    def denied(self: Path) -> Any:
        if self.name == "dog":
            raise PermissionError(13, "Permission denied", str(self))
        return listed(self)

    monkeypatch.setattr(Path, "iterdir", denied)
    assert refusal(tmp_path).endswith("dog cannot be read: Permission denied")


@pytest.mark.parametrize("path", [".", "..", "cat/..", "../pets", "../pets/cat/.."])
def test_a_folder_is_called_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str):
    place(tmp_path, "pets/cat/0.png", "pets/dog/0.png")
    monkeypatch.chdir(tmp_path / "pets" / ("cat" if path == ".." else ""))
    assert load_hub(path, "test").name == "pets"


def test_names_follow_the_images(tmp_path: Path):
    place(tmp_path, *(f"train/cat/{seed}.png" for seed in range(30)))
    train, val = found(tmp_path, "train"), found(tmp_path, "val")
    assert not train.keys() & val.keys()
    assert len(train) + len(val) == 30
    data = load_hub(str(tmp_path), "train")
    assert data.first(3).names == data.names[:3]


def test_names_are_kept_with_decoded_images_and_when_sets_are_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("SEMJSCC_CACHE", str(tmp_path / "cache"))
    place(tmp_path / "a", "cat/0.png", "cat/1.png")
    place(tmp_path / "b", "2.png")
    for _ in range(2):  # as read, and as kept
        loaded = load_decoded(str(tmp_path / "a"), "test")
        assert loaded.names == ("cat/0.png", "cat/1.png")
    other = load_decoded(str(tmp_path / "b"), "test")
    assert join([loaded, other]).names == ("cat/0.png", "cat/1.png", "2.png")
    assert join([loaded, replace(other, names=())]).names == ()
