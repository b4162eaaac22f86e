"""What goes out as an image."""

from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from semjscc.errors import UserError
from semjscc.images import read_image, to_float, write_png


@given(pixels=arrays.arrays(np.uint8, st.tuples(st.just(3), st.integers(16, 24), st.just(16))))
def test_written_png_reads_back(tmp_path_factory: pytest.TempPathFactory, pixels: np.ndarray):
    path = tmp_path_factory.mktemp("png") / "a.png"
    image = torch.from_numpy(pixels)
    for written in (image, to_float(image), to_float(image).requires_grad_()):
        write_png(written, path)
        assert torch.equal(read_image(path), image)
    assert [entry.name for entry in path.parent.iterdir()] == ["a.png"]


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.png"
    write_png(torch.zeros(3, 16, 16), path)
    before = path.read_bytes()

    def half(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", half)
    with pytest.raises(UserError, match=r"a\.png cannot be written: No space left on device"):
        write_png(torch.ones(3, 16, 16), path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.png"]


def test_write_png_refuses_what_it_cannot_write(tmp_path: Path):
    with pytest.raises(UserError, match="cannot be written: No such file"):
        write_png(torch.zeros(3, 16, 16), tmp_path / "none" / "a.png")
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UserError, match=r"folder\.png cannot be written"):
        write_png(torch.zeros(3, 16, 16), tmp_path / "folder.png")
    assert [entry.name for entry in tmp_path.iterdir()] == ["folder.png"]
