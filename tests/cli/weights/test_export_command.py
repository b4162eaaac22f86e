"""``semjscc export`` on a small checkpoint."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from semjscc.checkpoint import save_weights
from semjscc.cli import main
from semjscc.codecs.deepjscc import DeepJSCC

OPTIONS = {"ratio": "1/12", "snr_db": 7.0}


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "own.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(1)
        weights = DeepJSCC(**OPTIONS).state_dict()
    save_weights(path, weights, {"kind": "codec", "codec": "deepjscc", "options": OPTIONS})
    return path


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for shade in range(3):
        Image.new("RGB", (20 + shade, 16), (80 * shade, 200, 90)).save(folder / f"{shade}.png")
    return folder


def test_own_checkpoint_with_own_pictures(
    checkpoint: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "board"
    words = ["export", "--link", str(checkpoint), "--out", str(out)]
    assert main(words) == 2
    assert "these weights name no images by which int8" in capsys.readouterr().err
    assert main([*words, "--calibrate", str(pictures), "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    told = json.loads(printed.out)
    assert told["out"] == str(out)
    assert told["bytes"] == {path.name: path.stat().st_size for path in out.glob("*.onnx")}
    assert len(told["bytes"]) == 4
    text = (out / "README.md").read_text()
    assert "3 images of\npictures" in text or "3 images of pictures" in text
    assert main([*words, "--float32"]) == 0
    assert "encoder.onnx" in capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {
        "encoder.onnx",
        "decoder.onnx",
        "runner.py",
        "README.md",
    }
