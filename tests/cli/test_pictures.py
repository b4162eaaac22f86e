"""The ending of an image's name says how it is written, or is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from semjscc.cli.pictures import (
    FORMATS,
    LOSSY,
    RECEIVED,
    check_picture,
    check_received,
    size_of,
    write_picture,
)
from semjscc.errors import UserError
from semjscc.images import read_image, to_float

PIXELS = torch.randint(0, 256, (3, 20, 33), generator=torch.Generator().manual_seed(0)).byte()


@pytest.mark.parametrize("ending", [*FORMATS, ".PNG", ".TIFF"])
@pytest.mark.parametrize("kind", ["whole", "floating"])
def test_every_pixel_is_kept(ending: str, kind: str, tmp_path: Path) -> None:
    path, said = tmp_path / f"image{ending}", []
    check_picture(path, said.append)
    write_picture(PIXELS if kind == "whole" else to_float(PIXELS), path)
    with Image.open(path) as image:
        assert image.format == FORMATS[ending.lower()][0]
    assert torch.equal(read_image(path), PIXELS)
    assert said == []


@pytest.mark.parametrize("ending", LOSSY)
def test_lossy_formats_are_named_as_such(ending: str, tmp_path: Path) -> None:
    path, said = tmp_path / f"image{ending}", []
    check_picture(path, said.append)
    write_picture(PIXELS, path)
    with Image.open(path) as image:
        assert image.format == "JPEG"
    assert said == [f"JPEG is lossy: {path} is not to the pixel what arrived"]
    assert (read_image(path).float() - PIXELS.float()).abs().mean() < 8


@pytest.mark.parametrize("name", ["image", "image.gif", "image.png.bak", ".png", "image.cf32"])
def test_other_endings_are_refused_before_the_work(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no ending of an image format .*: take \.png, \.tif"):
        check_picture(tmp_path / name, print)


def test_places_where_nothing_can_be_written_are_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="no file can be made in"):
        check_picture(tmp_path / "file" / "image.png", print)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UserError, match="is a folder"):
        check_picture(tmp_path / "folder.png", print)


def test_a_file_that_nobody_named_is_written_over_where_it_is_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    check_received()
    write_picture(PIXELS, Path(RECEIVED))
    check_received()
    for mine in (
        lambda path: Image.new("RGB", (8, 8)).save(path),
        lambda path: path.write_text(""),
    ):
        mine(Path(RECEIVED))
        with pytest.raises(UserError, match=r"received.png is there and .*: name another .* --out"):
            check_received()


def test_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "image.png"
    check_picture(path, print)
    write_picture(PIXELS, path)
    assert torch.equal(read_image(path), PIXELS)


def test_what_a_format_cannot_hold_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be written"):
        write_picture(torch.zeros(3, 16, 16400, dtype=torch.uint8), tmp_path / "wide.webp")


def test_the_size_of_an_image_is_known_before_it_is_read(tmp_path: Path) -> None:
    pixels = np.zeros((40, 70, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    assert size_of(tmp_path / "a.png") == (40, 70)
    (tmp_path / "b.png").write_bytes(b"no image")
    assert size_of(tmp_path / "b.png") == size_of(tmp_path / "none.png") == (0, 0)
