"""The published numbers of exported codecs keep what docs/board.md says of them."""

import json
from pathlib import Path
from typing import Any

import pytest

RESULTS = Path(__file__).parents[2] / "results" / "board.json"
CODECS: dict[str, Any] = json.loads(RESULTS.read_text())["codecs"]


@pytest.mark.parametrize("weights", CODECS)
def test_quality_is_that_of_torch(weights: str) -> None:
    for point in CODECS[weights]["points"]:
        right = point["of"]["torch"]
        for name, found in point["of"].items():
            most = 0.3 if "int8" in name else 1e-3
            assert found["psnr_db"] > right["psnr_db"] - most
            if "accuracy" in right:
                assert found["accuracy"] >= right["accuracy"] - 0.01
        # In deep's strongest symbols, of ten times the mean amplitude, torch's own rounding shows.
        most = 2e-4 if weights.startswith("scenes") else 1e-4
        assert point["largest_difference"] < most


@pytest.mark.parametrize("weights", CODECS)
def test_board_encodes_one_and_a_half_times_as_fast(weights: str) -> None:
    codec = CODECS[weights]
    for size, times in codec["times"].items():
        best = times.get("ONNX, int8", times["ONNX, float32"])
        # In float32 large images are arithmetic alone, and torch is as good at that.
        large = "ONNX, int8" not in times and int(size.split()[0]) > 256
        assert best["encode"]["times as fast"] >= (1 if large else 1.5)
    assert codec["bytes"]["encoder.onnx"] < 10e6
