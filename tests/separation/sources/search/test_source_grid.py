"""Many images and budgets: like one at a time, but each compressed once."""

import subprocess
import sys
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from coder_checks import picture
from semjscc.separation.sources.base import Pixels
from semjscc.separation.sources.jpeg import Jpeg
from semjscc.separation.sources.search.grid import encode_all
from semjscc.separation.sources.search.search import encode
from semjscc.separation.sources.webp import WebP
from toy_coder import Toy

BUDGETS = (400, 30, 90, 90)


@pytest.fixture
def images() -> Pixels:
    return np.stack([picture("photograph", 24, 32, seed) for seed in range(6)])


@pytest.fixture(autouse=True)
def nothing_compressed() -> None:
    Toy.compressed.clear()


def test_each_result_is_that_of_the_image_and_budget_alone(images: Pixels) -> None:
    found = encode_all(Jpeg(), images, BUDGETS, "compact", processes=1)
    assert found == [[encode(Jpeg(), image, b, "compact") for b in BUDGETS] for image in images]


def test_nothing_is_compressed_twice(images: Pixels) -> None:
    encode_all(Toy(), images, range(50, 3000, 100), "compact", processes=1)
    assert len(Toy.compressed) == len(set(Toy.compressed)) > 0


def test_cached_results_are_the_same_and_need_no_coder(images: Pixels, tmp_path: Path) -> None:
    cache = tmp_path / "new folder" / "trials.sqlite"
    budgets = (2000, 500)
    first = encode_all(Toy(), images, budgets, "compact", cache, processes=1)
    Toy.compressed.clear()
    assert encode_all(Toy(), images, budgets, "compact", cache, processes=1) == first
    assert encode_all(Toy(), images[::-1], budgets, "compact", cache, processes=1) == first[::-1]
    assert Toy.compressed == []


def test_larger_budget_after_a_smaller_one(images: Pixels, tmp_path: Path) -> None:
    # Payloads too long for the first run were not kept, only their lengths.
    cache = tmp_path / "trials.sqlite"
    encode_all(Toy(), images, (500,), "compact", cache, processes=1)
    found = encode_all(Toy(), images, (2000,), "compact", cache, processes=1)
    assert found == encode_all(Toy(), images, (2000,), "compact", processes=1)


class Counting(WebP):
    """WebP that counts what it compresses."""

    count: ClassVar[int] = 0

    def compress(self, image: Pixels, variant: int, quality: int) -> bytes:
        Counting.count += 1
        return super().compress(image, variant, quality)


def test_points_of_a_grid_one_after_the_other_share_one_search(tmp_path: Path) -> None:
    images = picture("photograph", 128, 128)[None]
    budgets = [200, 500, 900, 1500, 250, 600, 2500]
    Counting.count = 0
    together = encode_all(Counting(), images, budgets, "compact", processes=1)
    alone = Counting.count
    cache = tmp_path / "trials.sqlite"
    one_by_one = [encode_all(Counting(), images, [b], "compact", cache, 1)[0][0] for b in budgets]
    assert one_by_one == together[0]
    # A payload far beyond one budget is not kept for a larger one.
    assert alone <= Counting.count - alone <= 1.1 * alone


def test_accountings_do_not_mix_in_the_cache(images: Pixels, tmp_path: Path) -> None:
    cache = tmp_path / "trials.sqlite"
    for accounting in ("compact", "file", "compact"):
        found = encode_all(Jpeg(), images, (900,), accounting, cache, processes=1)
        assert found == encode_all(Jpeg(), images, (900,), accounting, processes=1)


def test_several_processes_give_the_same(
    images: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semjscc.separation.sources.search.grid._CHUNK_PIXELS", 2 * 24 * 32)
    cache, told = tmp_path / "trials.sqlite", []
    found = encode_all(Jpeg(), images, BUDGETS, "compact", cache, 2, told.append)
    assert found == encode_all(Jpeg(), images, BUDGETS, "compact", processes=1)
    assert told == [2, 4, 6]


def test_coder_of_a_script_that_no_process_can_read_is_at_work_here(
    images: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semjscc.separation.sources.search.grid._CHUNK_PIXELS", 1)
    monkeypatch.setattr("semjscc.separation.sources.search.grid.needs_script", lambda _: True)
    monkeypatch.setattr(
        "semjscc.separation.sources.search.grid.script_can_start_again", lambda: False
    )
    found = encode_all(Toy(), images, (2000,), "compact", processes=2)
    assert len(Toy.compressed) > 0  # not elsewhere
    assert found == encode_all(Toy(), images, (2000,), "compact", processes=1)


def test_run_that_is_cut_off_keeps_what_was_finished(
    images: Pixels, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semjscc.separation.sources.search.grid._CHUNK_PIXELS", 1)
    cache = tmp_path / "trials.sqlite"

    def stop(done: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        encode_all(Toy(), images, (2000,), "compact", cache, 1, stop)
    before = len(Toy.compressed)
    found = encode_all(Toy(), images, (2000,), "compact", cache, processes=1)
    assert found == encode_all(Toy(), images, (2000,), "compact", processes=1)
    first, rest = Toy.compressed[:before], Toy.compressed[before:]
    # Four images of six were kept; then all six once more without a cache.
    assert len(rest) == len(first) // 2 + len(first) // 4 * 6


def test_no_images_and_no_budgets() -> None:
    none = np.zeros((0, 32, 32, 3), np.uint8)
    assert encode_all(Jpeg(), none, (10,), "compact") == []
    assert encode_all(Jpeg(), np.zeros((2, 8, 8, 3), np.uint8), (), "compact", processes=1) == [
        [],
        [],
    ]


def test_small_images_take_little_time_each() -> None:
    # Some 50 ms on a busy core of 2024.
    images = np.stack([picture("photograph", 32, 32, seed) for seed in range(20)])
    start = time.process_time()
    encode_all(Jpeg(), images, (16, 32, 64, 128, 256), "compact", processes=1)
    assert time.process_time() - start < 20 * 0.25


def test_workers_end_with_a_parent_that_was_killed() -> None:
    script = (
        "import os, time; from semjscc.separation.sources.search.grid import _workers\n"
        "found = _workers(1, False).map(os.getpid, [()])\n"
        "print(next(found)[1], flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert _runs(worker)
        parent.kill()
    end = time.monotonic() + 20
    while _runs(worker) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _runs(worker)


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"  # ended, and nobody has asked how
