"""An evaluation by Python has the records of ``semjscc evaluate``."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import semjscc
from semjscc.cli import main
from semjscc.perception.base import Perception
from semjscc.results.records import load_results


@pytest.fixture(autouse=True)
def unpublished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("semjscc.experiments.evaluation.draw", lambda *_: None)


def test_records_are_those_of_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    links = ["none", "djscc"]
    words = ["--data", "signs", "--limit", "4", "--ratio", "1/48,1/24", "--snr", "0,10"]
    words += ["--seed", "3", "--draws", "2", "--assumed-error", "2", "--channel", "block-rayleigh"]
    command = ["evaluate", "--links", ",".join(links), *words, "--out", str(tmp_path), "--json"]
    assert main(command) == 0
    capsys.readouterr()
    meant = load_results(tmp_path / "results.json")
    same: dict[str, Any] = {"seed": 3, "draws": 2, "assumed_error_db": 2}
    same |= {"channel": "block-rayleigh", "ratio": ["1/48", Fraction(1, 24)], "snr_db": [0, 10]}
    found = semjscc.evaluate(links, "signs", limit=4, **same)
    assert found.records == meant.records  # with the fingerprints: all that decides them is one
    assert found.meta["data"] == meant.meta["data"]
    assert found.meta["links"] == meant.meta["links"]
    # Likewise of parts that are open, and into the command's folder, which has them all.
    data = semjscc.load_data("signs", limit=9)
    opened = [semjscc.open_link(name, weights="signs") for name in links]
    network = semjscc.open_perception("signs-a")
    out = tmp_path / "own"
    again = semjscc.evaluate(opened, data, limit=4, perception=network, out=out, **same)
    assert [r.value for r in again.records] == [r.value for r in meant.records]
    assert [r.psnr_db for r in again.records] == [r.psnr_db for r in meant.records]
    assert semjscc.Results.load(out).records == again.records


def test_several_networks_and_one_of_each(
    coarse_perception: Perception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(*_: object, **__: object) -> None:
        raise AssertionError("it wrote a file")

    monkeypatch.setattr("semjscc.experiments.evaluation.save_results", told)
    both = ["signs-a", coarse_perception]
    words: dict[str, Any] = {"ratio": 1 / 24, "snr_db": 5, "limit": 2, "metric": "agreement"}
    found = semjscc.evaluate("linear", "signs", perception=both, **words)
    assert [(r.perception, r.metric) for r in found.records] == [
        ("signs-a", "agreement"),
        ("coarse", "agreement"),
    ]
    assert found.meta["command"].startswith("semjscc.evaluate(['linear'], 'signs', ratio=['1/24']")


def test_bad_words_are_one_line() -> None:
    data = semjscc.load_data("signs", limit=1)
    cases: list[tuple[dict[str, Any], str]] = [
        ({"links": []}, "each list needs one entry or more"),
        ({"links": ["none", semjscc.open_link("none")]}, "two links are called 'none'"),
        ({"perception": ["signs-a", "signs-a"]}, "two networks are called 'signs-a'"),
        ({"limit": 0}, "limit must be at least 1"),
        ({"draws": 0}, "at least once"),
        ({"snr_db": "ten"}, "an SNR is a number of dB, not 'ten'"),
        ({"size": 32}, "give it to load_data"),
        ({"data": "nothere"}, "say which weights fit nothere"),
        ({"assumed_snr_db": 3, "assumed_error_db": 1}, "not both"),
    ]
    for words, message in cases:
        usual: dict[str, Any] = {"links": "none", "data": data, "ratio": "1/24", "snr_db": 0}
        with pytest.raises(semjscc.UserError, match=message) as caught:
            semjscc.evaluate(**(usual | words))
        assert "\n" not in str(caught.value)
