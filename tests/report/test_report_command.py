"""``semjscc report``: from results files alone to figures, tables and JSON."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from records import NO_CHANNEL, RECORD
from semjscc.cli import main
from semjscc.report.figures import gallery
from semjscc.results.outcomes import pack
from semjscc.results.records import Record, Results, save_results

META = {
    "command": "semjscc evaluate",
    "data": {"name": "signs", "split": "val", "images": 1000, "fingerprint": "f"},
    "links": [{"name": "semantic"}, {"name": "djscc"}],
}


def record(link: str, hits: int, **changes: object) -> Record:
    right = (np.arange(1000) < hits)[:, None]
    return replace(RECORD, link=link, value=hits / 1000, right=pack(right), **changes)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    path = tmp_path / "run" / "results.json"
    records = [NO_CHANNEL, record("semantic", 800), record("djscc", 700), record("separate", 790)]
    save_results(Results(META, records), path)
    return path


def test_figures_and_report_come_from_results_alone(
    results: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    terminal: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "out"
    assert main(["report", str(results), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "semantic against djscc" in printed
    assert "+10.0" in printed
    assert "better" in printed
    assert {path.suffix for path in out.iterdir()} == {".html", ".json", ".svg", ".pdf", ".png"}
    assert "What arrived" not in (out / "report.html").read_text()
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    terminal(100)
    # Of the other kinds, that equal figures are equal files is tested where they are drawn.
    monkeypatch.setattr("semjscc.report.report.KINDS", ("svg",))
    assert main(["report", str(results.parent), "--out", str(out)]) == 0  # its results are meant
    shown = capsys.readouterr().out
    assert max(len(line) for line in shown.splitlines() if str(out) not in line) <= 100
    # Folded between words, and nothing is cut.
    assert {word for word in shown.split() if word.strip("─")} == {
        word for word in printed.split() if word.strip("─")
    }
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


@pytest.mark.usefixtures("undrawn")
def test_json_holds_every_comparison(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = str(tmp_path / "out")
    assert main(["report", str(results), "--out", out, "--against", "djscc", "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert json.loads((tmp_path / "out" / "comparisons.json").read_text()) == content
    (found,) = content["comparisons"]
    assert (found["over"], found["verdict"], found["training_seeds"]) == ("djscc", "better", 1)
    assert found["points"] == pytest.approx(10)
    assert found["relative_percent"] == pytest.approx(100 / 7)
    assert content["best"]["djscc"]["where_delivered"] == found


@pytest.mark.usefixtures("undrawn")
def test_json_holds_both_ratios_where_they_are_unlike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.json"
    records = [record("semantic", 800, ratio_measured=743 / 6912)]
    records += [record("djscc", 700, ratio_measured=576 / 6912)]
    records += [record("separate", 700, ratio_measured=743 / 6912)]
    save_results(Results(META, records), path)
    assert main(["report", str(path), "--out", str(tmp_path / "out"), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    found, equal = content["comparisons"]
    assert found["candidate_ratio_measured"] == 743 / 6912
    assert found["reference_ratio_measured"] == 576 / 6912
    assert found["more_channel_uses_percent"] == pytest.approx(28.993, abs=0.001)
    assert content["best"]["djscc"]["anywhere"] == found
    assert set(found) - set(equal) == {
        *("candidate_ratio_measured", "reference_ratio_measured", "more_channel_uses_percent")
    }


def test_several_files_and_another_candidate(
    results: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("semjscc.report.report.KINDS", ("svg",))
    monkeypatch.setattr(gallery, "FIGURES", {"accuracy": gallery.FIGURES["accuracy"]})
    other = tmp_path / "c.json"
    judged = [replace(record(link, 600), perception="c") for link in ("semantic", "djscc")]
    save_results(Results(META | {"perception": "c"}, judged), other)
    words = ["report", str(results), str(other), "--out", str(tmp_path / "out"), "--json"]
    assert main([*words, "--candidate", "djscc", "--against", "semantic"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert [one["perception"] for one in content["comparisons"]] == ["resnet", "c"]
    assert [one["verdict"] for one in content["comparisons"]] == ["worse", "open"]
    assert (tmp_path / "out" / "accuracy-judged-by-c.svg").is_file()


@pytest.mark.usefixtures("undrawn")
def test_points_of_several_judges_seeds_and_metrics_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], terminal: Callable[[int], None]
) -> None:
    pair = [record("semantic", 800), record("djscc", 700)]
    changes = [{}, {"seed": 1}, {"metric": "agreement"}, {"perception": "other"}]
    records = [replace(one, **change) for change in changes for one in pair]
    save_results(Results(META, records), tmp_path / "results.json")
    terminal(100)
    words = ["report", str(tmp_path / "results.json"), "--against", "djscc", "--out", str(tmp_path)]
    assert main(words) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for apart in ("noise of seed 1", "agreement", "judged by other"):
        assert sum(apart in part for part in printed.split("semantic against djscc, ")) == 1
    told = json.loads((tmp_path / "comparisons.json").read_text())["comparisons"]
    keys = [(one["metric"], one["perception"], one["seed"]) for one in told]
    assert keys == [
        ("accuracy", "resnet", 0),
        ("accuracy", "resnet", 1),
        ("agreement", "resnet", 0),
        ("accuracy", "other", 0),
    ]


def test_the_strip_beside_the_results_comes_along(results: Path, tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(results.with_name("transmission.png"))
    assert main(["report", str(results), "--out", str(tmp_path / "out")]) == 0
    assert "What arrived" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--candidate", "mine"], "no link mine in the results: theirs are none, semantic"),
        (["--against", "mine,djscc"], "no link mine"),
        (["--against", "semantic"], "semantic is the candidate: its baselines are other links"),
        (["--against", "none"], "none passes no channel, and no point of another link compares"),
        (["--candidate", "none"], "none passes no channel, and no point of another link compares"),
        (["missing.json"], "missing.json does not exist"),
    ],
)
def test_what_is_not_there_is_named(
    words: list[str],
    message: str,
    results: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["report", str(results), *words, "--out", str(tmp_path / "out")]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


@pytest.mark.usefixtures("undrawn")
def test_a_candidate_is_found_in_any_spelling_and_without_baselines_it_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, words = tmp_path / "results.json", ["--candidate", "x+repeat@1/2", "--json"]
    words = ["report", str(path), "--out", str(tmp_path / "out"), *words]
    ours = record("x+repeat@0.5", 600)
    save_results(Results(META, [ours, record("djscc", 600)]), path)
    assert main(words) == 0
    printed = capsys.readouterr()
    assert (len(json.loads(printed.out)["comparisons"]), printed.err) == (1, "")
    save_results(Results(META, [ours, record("djscc", 600, channel="cut@0.5")]), path)
    assert main(words) == 0
    said = "semjscc: warning: x+repeat@0.5 is compared with nothing: djscc, which comes nearest,"
    error = capsys.readouterr().err
    assert error == f"{said} has another channel ({ours.channel} here, cut@0.5 there)\n"


def test_baselines_of_no_candidate_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "results.json"
    save_results(Results(META, [record(link, 600) for link in ("djscc", "linear")]), path)
    words = ["report", str(path), "--out", str(tmp_path / "out"), "--against", "linear"]
    assert main(words) == 2
    assert "is compared with linear? Say --candidate\n" in capsys.readouterr().err


def test_results_without_records_give_no_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = tmp_path / "results.json", tmp_path / "out"
    save_results(Results(META, []), path)
    assert main(["report", str(path), "--out", str(out)]) == 2
    said = f"semjscc: nothing was measured in {path}: there is nothing to report\n"
    assert capsys.readouterr() == ("", said)
    assert not out.exists()


def test_a_figure_for_a_paper_has_its_links_its_ratio_and_its_width(
    results: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semjscc.report.report.KINDS", ("svg",))
    out = tmp_path / "out"
    words = ["report", str(results), "--links", "semantic,djscc", "--ratio", "1/24", "--width"]
    assert main([*words, "3.5", "--out", str(out)]) == 0
    drawn = (out / "accuracy.svg").read_text()
    assert f'width="{3.5 * 72:g}pt"' in drawn
    page = (out / "report.html").read_text()
    assert "Only these points are shown: semantic, djscc; R = 1/24." in page
    assert 'class="text">separate<' not in page
    assert f'viewBox="0 0 {3.5 * 72:g}' not in page  # which keeps its own


def test_a_table_takes_links_and_ratios(results: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["report", str(results), "--table", "csv", "--columns", "link"]
    assert main([*words, "--links", "djscc,none", "--ratio", "1/24"]) == 0
    assert capsys.readouterr().out.split() == ["link", "none", "djscc"]
    assert main([*words, "--links", "djsc"]) == 2
    assert "no link djsc in the results: theirs are none, semantic" in capsys.readouterr().err
    assert main([*words, "--width", "3"]) == 2
    assert "--width is of figures, and --table draws none" in capsys.readouterr().err
