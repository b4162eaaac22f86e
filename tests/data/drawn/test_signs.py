from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from semjscc.data.base import Split
from semjscc.data.drawn import kept, signs
from semjscc.data.drawn.backdrops import PHOTOGRAPHS
from semjscc.data.drawn.shapes import sign_face
from semjscc.data.drawn.signs import CLASS_NAMES, load_signs, render
from semjscc.errors import UserError
from semjscc.runtime.processes import Workers

SPLITS: tuple[Split, ...] = get_args(Split)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own, used already for small sets."""
    monkeypatch.setenv("SEMJSCC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(signs, "_SIGNS", replace(signs._SIGNS, many=1))
    return tmp_path / "cache"


def test_a_picture_does_not_depend_on_the_order_of_calls() -> None:
    forwards = [render("train", index).image for index in range(12)]
    backwards = [render("train", index).image for index in reversed(range(12))]
    for first, second in zip(forwards, reversed(backwards), strict=True):
        np.testing.assert_array_equal(first, second)


def test_splits_and_places_give_different_pictures() -> None:
    pictures = {render(split, index).image.tobytes() for split in SPLITS for index in range(20)}
    assert len(pictures) == 60


def test_no_photograph_serves_two_splits() -> None:
    names = [name for split in SPLITS for name in PHOTOGRAPHS[split]]
    assert len(set(names)) == len(names)
    motorcycles = [{n for n in PHOTOGRAPHS[s] if n.startswith("motorcycle")} for s in SPLITS]
    assert sum(map(bool, motorcycles)) == 1


@pytest.mark.parametrize("split", SPLITS)
def test_box_is_tight_around_a_visible_sign(split: Split) -> None:
    for index in range(80):
        sign = render(split, index)
        left, top, right, bottom = sign.box
        inside = sign.mask[top:bottom, left:right]
        assert sign.mask.sum() == inside.sum() > 50
        assert inside[0].any()
        assert inside[-1].any()
        assert inside[:, 0].any()
        assert inside[:, -1].any()
        # 0.5 of the side, turned by 12 degrees and brought nearer by perspective.
        assert max(right - left, bottom - top) <= 0.75 * 64


def test_mask_lies_on_the_sign() -> None:
    """On the flat blue face of an arrow, blue pixels are in the mask, far more than outside."""
    label = CLASS_NAMES.index("turn left")
    shares = []
    for index in range(300):
        sign = render("train", index)
        if sign.label == label:
            red, _, blue = np.moveaxis(sign.image.astype(int), -1, 0)
            shares.append((blue > 1.5 * red + 5)[sign.mask].mean())
    assert np.mean(shares) > 0.5


def test_classes_are_balanced() -> None:
    counts = Counter(render("val", index, 16).label for index in range(960))
    assert set(counts) == set(range(len(CLASS_NAMES)))
    assert min(counts.values()) > 30
    assert max(counts.values()) < 95


def test_faces_of_any_two_classes_differ() -> None:
    faces = [np.asarray(sign_face(label)[-1], float) for label in range(len(CLASS_NAMES))]
    for first, second in combinations(faces, 2):
        assert np.abs(first - second).mean() > 2


@settings(max_examples=20)
@given(size=st.integers(16, 160), index=st.integers(0, 10**6), split=st.sampled_from(SPLITS))
def test_every_size_gives_a_whole_picture(size: int, index: int, split: Split) -> None:
    sign = render(split, index, size)
    assert sign.image.shape == (size, size, 3)
    assert sign.image.dtype == np.uint8
    assert sign.mask.shape == (size, size)
    assert sign.mask.dtype == bool
    assert sign.mask.any()
    left, top, right, bottom = sign.box
    assert 0 <= left < right <= size
    assert 0 <= top < bottom <= size


def test_another_size_shows_the_same_scene() -> None:
    for split, index in product(SPLITS, range(8)):
        small, large = render(split, index, 64), render(split, index, 128)
        assert small.label == large.label
        np.testing.assert_allclose(np.array(large.box) / 2, small.box, atol=1.5)
        halved = np.asarray(Image.fromarray(large.image).reduce(2), float)
        assert np.abs(halved - small.image).mean() < 8


def test_too_small_requests_are_refused() -> None:
    with pytest.raises(UserError, match="16 or more"):
        render("test", 0, 15)
    with pytest.raises(UserError, match="16 or more"):
        load_signs("test", 3, 15)
    with pytest.raises(UserError, match="one or more"):
        load_signs("test", 0)


def test_a_set_holds_what_render_gives() -> None:
    loaded = load_signs("test", 20, 32)
    assert isinstance(loaded.images, torch.Tensor)
    assert loaded.images.shape == (20, 3, 32, 32)
    assert loaded.images.dtype == torch.uint8
    assert loaded.labels.dtype == torch.int64
    assert loaded.class_names == CLASS_NAMES
    assert (loaded.name, loaded.split, loaded.revision) == ("signs", "test", "1")
    sign = render("test", 7, 32)
    assert int(loaded.labels[7]) == sign.label
    np.testing.assert_array_equal(loaded.images[7].permute(1, 2, 0).numpy(), sign.image)


def test_fingerprint_names_the_content() -> None:
    prints = [load_signs(split, count).fingerprint for split, count in product(SPLITS, (5, 6))]
    assert len(set(prints)) == 6
    assert all(len(text) == 16 for text in prints)
    assert load_signs("train", 5).fingerprint == prints[0]


def test_a_small_set_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEMJSCC_CACHE", str(tmp_path))
    load_signs("val", 5)
    assert not list(tmp_path.iterdir())


class Backwards(Workers):
    """A single process, for each imports torch; results come in an order that several may have."""

    def __init__(self, _count: int, *words: str) -> None:
        super().__init__(1, *words)

    def map(
        self,
        function: Callable[..., Any],
        tasks: Iterable[tuple[Any, ...]],
        on_told: Callable[[Any], object] = id,
    ) -> Iterator[tuple[int, Any]]:
        return reversed(list(super().map(function, tasks, on_told)))


def test_the_kept_set_equals_the_rendered_one(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_CHUNK", 4)  # so that it is shared out
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr(kept, "Workers", Backwards)
    rendered = load_signs("val", 10, 32)
    for index in (0, 3, 4, 9):
        sign = render("val", index, 32)
        assert torch.equal(rendered.images[index], torch.from_numpy(sign.image).permute(2, 0, 1))
    assert [path.suffix for path in cache.iterdir()] == [".npz"]
    monkeypatch.setattr(kept, "_render_all", None)  # so that only the file can answer
    again = load_signs("val", 10, 32)
    assert again.fingerprint == rendered.fingerprint
    assert torch.equal(torch.as_tensor(again.images), torch.as_tensor(rendered.images))
    assert torch.equal(again.labels, rendered.labels)


def test_an_edited_drawing_does_not_use_the_old_file(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_signs("val", 3, 16)
    monkeypatch.setattr(signs, "_SIGNS", replace(signs._SIGNS, version="another"))
    load_signs("val", 3, 16)
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "array", "other"])
def test_a_broken_file_is_rendered_anew(cache: Path, damage: str) -> None:
    rendered = load_signs("val", 4, 16)
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    if damage == "array":
        with path.open("wb") as file:
            np.save(file, np.zeros(3))
    elif damage == "other":
        np.savez(path, images=np.zeros((4, 3, 8, 8), np.uint8), labels=np.zeros(4, np.int64))
    else:
        path.write_bytes({"cut": whole[:-300], "empty": b"", "text": b"no archive"}[damage])
    assert load_signs("val", 4, 16).fingerprint == rendered.fingerprint
    assert path.read_bytes()[:1000] == whole[:1000]


def test_a_folder_that_cannot_be_written_is_ignored(cache: Path) -> None:
    cache.write_text("a file where the folder should be")
    assert len(load_signs("val", 3, 16)) == 3
