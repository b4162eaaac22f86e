"""The modem's benchmark: what fails is seen to fail, and what is measured is measured right."""

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return __import__("modem")


@pytest.fixture
def shared(bench: ModuleType) -> ModuleType:
    del bench
    return sys.modules["modem_bench"]


@pytest.fixture
def table(bench: ModuleType) -> ModuleType:
    del bench
    return __import__("modem_table")


def point(value: float, low: float, high: float, **where: object) -> dict[str, Any]:
    return {**where, "value": value, "low": low, "high": high, "trials": 3, "lost": 0}


def test_the_noise_that_a_known_channel_bears_is_found_again(bench: ModuleType) -> None:
    power = np.array([0.02, 0.3, 1.0, 2.5])
    for noise_db in (-30.0, -5.0, 0.0, 12.0):
        noise = 10 ** (noise_db / 10)
        error = float(np.mean(noise / (power + noise)))
        assert bench.waveform.bearable_db(error, power) == pytest.approx(noise_db, abs=1e-6)
    assert bench.waveform.bearable_db(0.0, power) == -60
    assert bench.waveform.bearable_db(1.2, power) == 60


def test_the_worst_point_is_the_one_that_may_be_worst(
    bench: ModuleType, shared: ModuleType
) -> None:
    points = [point(0.9, 0.8, 0.95, name="sure"), point(0.7, 0.1, 1.3, name="unsure")]
    worst = shared.worst(points, 1.0)
    assert (worst.where, worst.high, worst.met) == ("unsure", 1.3, True)
    assert bench.verdict(bench.LINES["awgn"], worst.to_dict()) == "open"


def test_lost_frames_are_counted_and_no_numbers(shared: ModuleType) -> None:
    some, none = shared.point([1.0, np.nan, 3.0]), shared.point([np.nan, np.nan])
    assert (some["value"], some["trials"], some["lost"]) == (2.0, 2, 1)
    assert (none["value"], none["lost"]) == (float("inf"), 2)
    assert shared.frames_lost([some, none]) == "3 of 5 frames lost"


def test_clocks_that_lose_frames_at_40_ppm_have_not_met_the_target(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    lossless = True

    def losses(_: object, frames: int, sro_ppm: float = 0.0, **__: object) -> tuple:
        lost = not lossless and sro_ppm == 40
        loss = np.full(frames, 0.01)
        loss[:1] = np.nan if lost else 0.01
        return loss, [None] * (frames - lost)

    monkeypatch.setattr(bench.waveform, "losses", losses)
    line = bench.LINES["clock"]
    kept = bench.waveform.clock_offset(1)
    assert kept.met
    assert bench.verdict(line, kept.to_dict()) == "yes"
    lossless = False
    missed = bench.waveform.clock_offset(1)
    assert not missed.met
    assert bench.verdict(line, missed.to_dict()) == "no"
    assert missed.note.startswith("10 of 12 frames at ±40 ppm")


def test_multipath_and_awgn_say_what_was_lost(
    bench: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    waveform = bench.waveform
    monkeypatch.setattr(waveform, "losses_of_one", lambda *_: (np.zeros(1), None))
    outcome = waveform.multipath(1)
    lost = sum(each["lost"] for each in outcome.points)
    assert lost > 0
    assert outcome.note == f"nothing arrived; {lost} of {lost} frames lost"
    assert not outcome.met
    monkeypatch.setattr(waveform, "_awgn", lambda *_: (np.array([0.2, np.nan]), []))
    assert waveform.awgn_loss(1).note == "20 of 40 frames lost"


def test_other_code_measures_again(
    bench: ModuleType, table: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[int] = []

    def measure(effort: int) -> object:
        measured.append(effort)
        return sys.modules["modem_bench"].worst([point(0.1, 0.0, 0.2)], 1.0)

    one = bench.Line("one", "≤ 1 dB", measure, 10, 1.0)
    other = bench.Line("other", "≤ 1 dB", measure, 10, 1.0)
    lines = {"one": one, "other": other}
    monkeypatch.setattr(bench, "LINES", lines)
    monkeypatch.setattr(table, "LINES", lines)
    source, path = tmp_path / "code.py", tmp_path / "modem.json"
    monkeypatch.setattr(bench, "ROOT", tmp_path)
    monkeypatch.setattr(bench, "CODE", ("*.py",))
    source.write_text("first")
    for _ in range(2):
        bench.run(path, ["one", "other"], 1.0, again=False)
    assert len(measured) == 2
    assert "older code" not in table.table(path)
    source.write_text("second")
    bench.run(path, ["one"], 0.0, again=False)
    assert measured == [10, 10, 1]
    found = json.loads(path.read_text())["lines"]
    assert list(found) == ["other", "one"]
    assert found["one"]["code"] != found["other"]["code"]
    assert len(found["one"]["code"]) == 12
    # The table asks the file alone.
    source.write_text("third")
    rows = table.table(path).splitlines()[2:]
    assert [row.split(" | ")[3] for row in rows] == ["yes", "yes, older code"]
