"""Masks: a class for each pixel, in tables beside their images."""

from io import BytesIO
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from pyarrow import parquet

from semjscc.data import load_data
from semjscc.errors import UserError
from semjscc.images import decode_mask

SIDE = 24


def encoded(pixels: np.ndarray, mode: str | None = None) -> bytes:
    file = BytesIO()
    image = Image.fromarray(pixels)
    if mode == "P":
        image.putpalette(list(np.random.default_rng(0).integers(0, 256, 768)))
    image.save(file, "PNG")
    return file.getvalue()


def table(path: Path, masks: list[bytes], column: str = "mask") -> Path:
    random = np.random.default_rng(1)
    images = [random.integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8) for _ in masks]
    rows = {
        "image": [{"bytes": encoded(one), "path": None} for one in images],
        column: [{"bytes": one, "path": None} for one in masks],
    }
    features = datasets.Features({"image": datasets.Image(), column: datasets.Image()})
    datasets.Dataset.from_dict(rows, features).to_parquet(str(path))
    return path


@pytest.mark.parametrize("mode", ["L", "P"])
@pytest.mark.parametrize("column", ["mask", "annotation", "label"])
def test_masks_are_read_as_numbers_whatever_their_colours(
    tmp_path: Path, mode: str, column: str
) -> None:
    classes = np.arange(3 * SIDE * SIDE, dtype=np.uint8).reshape(3, SIDE, SIDE) % 12
    path = table(tmp_path / "a.parquet", [encoded(one, mode) for one in classes], column)
    data = load_data(str(path), "test", needs_labels=False, needs_masks=True)
    assert isinstance(data.masks, torch.Tensor)
    assert (data.masks.numpy() == classes).all()
    assert (data.targets("mask", [2, 0]).numpy() == classes[[2, 0]]).all()
    first = data.first(2).masks
    assert first is not None
    assert len(first) == 2
    bare = load_data(str(path), "test", needs_labels=False)
    assert bare.masks is None
    assert bare.fingerprint == data.fingerprint  # of the images
    assert bare.print_of("label") != data.print_of("mask")


@pytest.mark.parametrize("kind", ["binary", "large_binary"])
@pytest.mark.parametrize(
    ("image", "mask", "structs"),
    [
        ("image", "mask", ""),
        ("Photo", "label", ""),
        ("scan", "mask", ""),
        ("image", "annotation", "image"),
        ("image", "mask", "mask"),
    ],
)
def test_masks_are_read_from_plain_bytes(
    tmp_path: Path, kind: str, image: str, mask: str, structs: str
) -> None:
    random = np.random.default_rng(2)
    pictures = random.integers(0, 256, (2, SIDE, SIDE, 3), dtype=np.uint8)
    classes = np.arange(2 * SIDE * SIDE, dtype=np.uint8).reshape(2, SIDE, SIDE) % 12
    columns = {}
    for name, files in ((image, pictures), (mask, classes)):
        plain = [encoded(one) for one in files]
        records = pa.array([{"bytes": one, "path": None} for one in plain])
        columns[name] = records if name == structs else pa.array(plain, getattr(pa, kind)())
    parquet.write_table(pa.table(columns), tmp_path / "test.parquet")
    data = load_data(str(tmp_path), "test", needs_labels=False, needs_masks=True)
    assert (data.batch([0, 1]) * 255).round().numpy().transpose(0, 2, 3, 1) == pytest.approx(
        pictures
    )
    assert isinstance(data.masks, torch.Tensor)
    assert (data.masks.numpy() == classes).all()


def test_masks_are_cropped_with_their_images(tmp_path: Path) -> None:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[: SIDE // 2] = 7
    path = table(tmp_path / "a.parquet", [encoded(mask)])
    data = load_data(str(path), "test", size=16, needs_labels=False, needs_masks=True)
    assert data.masks is not None
    assert (data.masks[0].numpy() == np.repeat([7, 0], 8)[:, None]).all()


def test_what_is_no_mask_is_refused(tmp_path: Path) -> None:
    colours = np.zeros((SIDE, SIDE, 3), np.uint8)
    small = np.zeros((18, 18), np.uint8)
    for masks, words in ((encoded(colours), "no mask"), (encoded(small), "18 x 18 pixels")):
        path = table(tmp_path / "a.parquet", [encoded(colours[..., 0]), masks])
        with pytest.raises(UserError, match=words):
            load_data(str(path), "test", needs_labels=False, needs_masks=True)
    with pytest.raises(UserError, match="has class 300"):
        decode_mask(encoded(np.full((20, 20), 300, np.uint16)), "mask")
    with pytest.raises(UserError, match="labels alone"):
        load_data("signs", "test", limit=1, needs_masks=True)
