"""Integers of a file: exact within their range, and a word where it is left."""

from pathlib import Path

import numpy as np
import pytest

from semjscc.radio.recordings.files import read_recording, write_recording
from semjscc.radio.recordings.formats import DATATYPES, SOUND
from semjscc.radio.recordings.integers import Integers


def test_full_scale_is_the_whole_range() -> None:
    values = np.array([-8, 0, 8 * 32767 / 32768, 8 / 32768], np.float32)
    integers = Integers(SOUND)
    assert np.frombuffer(integers.to_bytes(values), "<i2").tolist() == [-32768, 0, 32767, 1]
    assert integers.problem() is None
    assert np.frombuffer(Integers(DATATYPES["ci8"]).to_bytes(values), np.int8).tolist() == [
        -128,
        0,
        127,
        0,
    ]


@pytest.mark.parametrize("kind", ["ci8", "cu8", "ci16", "wav"])
def test_levels_that_do_not_fit_are_told_of(tmp_path: Path, kind: str) -> None:
    tone = np.exp(2j * np.pi * 0.01 * np.arange(40_000)).astype(np.complex64)

    def told(gain_db: float) -> str:
        lines: list[str] = []
        sent = tone * np.float32(10 ** (gain_db / 20))
        write_recording(tmp_path / f"x.{kind}", [sent], 8e3, tell=lines.append)
        return " ".join(lines)

    assert told(0) == told(9) == ""
    assert "clipped" in told(32)
    weak = told(-42 if kind in ("ci8", "cu8") else -90)
    assert "weaker than half a step" in weak
    assert f"x.{kind}" in weak


def test_the_gain_that_is_named_is_enough(tmp_path: Path) -> None:
    lines: list[str] = []
    sent = np.random.default_rng(0).normal(0, 4, (9000, 2)).astype(np.float32).view(np.complex64)
    write_recording(tmp_path / "x.ci8", [sent[:, 0]], 2e6, tell=lines.append)
    (line,) = lines
    less = np.float32(10 ** (-int(line.split(" dB")[0].split()[-1]) / 20))
    write_recording(tmp_path / "x.ci8", [sent[:, 0] * less], 2e6, tell=lines.append)
    assert len(lines) == 1
    back = np.concatenate(list(read_recording(tmp_path / "x.ci8", 2e6).chunks))
    assert np.abs(back - sent[:, 0] * less).max() < 4 / 128


def test_no_metadata_stand_beside_other_samples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.sigmf-meta"
    write_recording(path, [np.ones(10, np.complex64)], 1e6)

    def stopped(*_: object) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("semjscc.radio.recordings.files.sigmf.to_json", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_recording(path, [np.zeros(20, np.complex64)], 2e6)
    assert [file.name for file in tmp_path.iterdir()] == ["x.sigmf-data"]
