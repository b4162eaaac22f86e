"""A report goes with its figures, and nothing else does."""

from dataclasses import replace
from pathlib import Path

import pytest

from records import NO_CHANNEL, RECORD
from semjscc.errors import UserError
from semjscc.experiments.evaluation import prepare, run
from semjscc.experiments.existing_results import RESULTS
from semjscc.report import report as module
from semjscc.report.report import publish
from semjscc.report.stale_files import COMPARISONS, REPORT, STRIP, is_of_a_report, withdraw
from semjscc.results.records import Record, Results
from small_evaluation import GRID, make

PNG = b"\x89PNG\r\n\x1a\n"
GRID_OF_TWO = [
    NO_CHANNEL,
    *(
        replace(RECORD, link=link, ratio=r)
        for link in ("djscc", "semantic")
        for r in ("1/24", "1/12")
    ),
]


@pytest.fixture(autouse=True)
def quick_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "save_figure", lambda _, path: path.write_bytes(b""))
    monkeypatch.setattr(module, "drawing", lambda *_: "")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def published(folder: Path, records: list[Record]) -> set[str]:
    publish(Results({}, records), folder)
    return {path.stem for path in folder.glob("*.svg")}


def test_figures_that_a_new_report_lacks_are_removed(tmp_path: Path) -> None:
    assert published(tmp_path, GRID_OF_TWO) == {"accuracy", "accuracy-by-ratio", "psnr", "gain"}
    for name in ("gain-of-mine.svg", "psnr.txt", "mine.png"):
        (tmp_path / name).write_bytes(b"")
    one = [replace(RECORD, link="djscc", psnr_db=None, ssim=None, exact=None)]
    assert published(tmp_path, one) == {"accuracy", "gain-of-mine"}
    figures = {f"accuracy.{kind}" for kind in ("svg", "pdf", "png")}
    assert names(tmp_path) == {*figures, REPORT, "gain-of-mine.svg", "psnr.txt", "mine.png"}


def test_a_report_is_withdrawn_with_all_that_it_came_with(tmp_path: Path) -> None:
    publish(Results({}, GRID_OF_TWO), tmp_path, strip=PNG)
    for name in (COMPARISONS, RESULTS, "gain.txt"):
        (tmp_path / name).write_bytes(b"")
    withdraw(tmp_path)
    assert names(tmp_path) == {RESULTS, "gain.txt"}
    withdraw(tmp_path)
    withdraw(tmp_path / "nothing")


@pytest.mark.parametrize("text", ["", "<html>another's</html>", '<meta name="semjscc-figures">'])
def test_a_report_that_is_not_ours_stays(tmp_path: Path, text: str) -> None:
    (tmp_path / REPORT).write_text(text)
    (tmp_path / "accuracy.svg").write_text(text)
    withdraw(tmp_path)
    with pytest.raises(UserError, match=r"report.html was not written by semjscc.* another --out"):
        prepare(tmp_path)
    assert names(tmp_path) == {REPORT, "accuracy.svg"}


@pytest.mark.parametrize("text", ["", "[1]", '{"my": "comparisons"}'])
def test_comparisons_that_are_not_ours_stay(tmp_path: Path, text: str) -> None:
    (tmp_path / COMPARISONS).write_text(text)
    with pytest.raises(UserError, match=r"comparisons.json was not written by semjscc"):
        prepare(tmp_path)


@pytest.mark.parametrize("name", ["accuracy.pdf", "psnr.svg", "gain.png", STRIP])
@pytest.mark.parametrize("reported", [False, True])
def test_figures_that_are_not_ours_stay(tmp_path: Path, name: str, reported: bool) -> None:
    if reported:  # a report of ours that names none of them
        one = [replace(RECORD, link="djscc", psnr_db=None, ssim=None, exact=None)]
        published(tmp_path, one)
        for kind in ("svg", "pdf", "png"):
            (tmp_path / f"accuracy.{kind}").unlink()
        (tmp_path / REPORT).write_text((tmp_path / REPORT).read_text().replace('"accuracy"', '""'))
    (tmp_path / name).write_text("mine")
    before = names(tmp_path)
    with pytest.raises(UserError, match=rf"{name} would be written over, .* another --out"):
        prepare(tmp_path)
    if reported:
        withdraw(tmp_path)
        before -= {REPORT}
    assert names(tmp_path) == before
    assert (tmp_path / name).read_text() == "mine"


def test_a_strip_of_somebody_elses_is_in_no_reports_way(tmp_path: Path) -> None:
    (tmp_path / STRIP).write_text("mine")
    prepare(tmp_path, with_strip=False)
    published(tmp_path, GRID_OF_TWO)
    withdraw(tmp_path)
    assert names(tmp_path) == {STRIP}


def test_a_figure_with_a_longer_name_is_looked_for_before_any_is_written(tmp_path: Path) -> None:
    (tmp_path / "psnr-judged-by-c.svg").write_text("mine")
    judged = [replace(one, perception="c") for one in GRID_OF_TWO]
    with pytest.raises(UserError, match=r"psnr-judged-by-c.svg would be written over"):
        published(tmp_path, [*GRID_OF_TWO, *judged])
    assert names(tmp_path) == {"psnr-judged-by-c.svg"}


def test_a_strip_stays_ours_when_its_results_are_reported_again(tmp_path: Path) -> None:
    publish(Results({}, GRID_OF_TWO), tmp_path, strip=PNG)
    published(tmp_path, GRID_OF_TWO)
    assert (tmp_path / STRIP).read_bytes() == PNG
    prepare(tmp_path)
    withdraw(tmp_path)
    assert names(tmp_path) == set()


def test_a_report_stopped_half_way_is_in_nobodys_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(_: object, path: Path) -> None:
        if path.name == "psnr.svg":
            raise KeyboardInterrupt
        path.write_bytes(b"")

    monkeypatch.setattr(module, "save_figure", stop)
    with pytest.raises(KeyboardInterrupt):
        publish(Results({}, GRID_OF_TWO), tmp_path, strip=PNG)
    assert "accuracy.svg" in names(tmp_path)
    prepare(tmp_path)


def test_no_file_is_lost_to_find_out_whether_one_can_be_written(tmp_path: Path) -> None:
    (tmp_path / ".writable").write_text("mine")
    prepare(tmp_path)
    assert names(tmp_path) == {".writable"}
    assert (tmp_path / ".writable").read_text() == "mine"


def test_a_report_of_ours_may_be_written_over(tmp_path: Path) -> None:
    published(tmp_path, GRID_OF_TWO)
    (tmp_path / COMPARISONS).write_text('{"comparisons": []}')
    prepare(tmp_path)


def test_no_name_in_a_report_leads_out_of_its_folder(tmp_path: Path) -> None:
    evil = '"><meta name="semjscc-figures" content="../kept">'
    (tmp_path / "kept.svg").write_bytes(b"")
    (tmp_path / "out").mkdir()
    meta = {"data": {"name": evil}, "command": evil}
    publish(Results(meta, [replace(RECORD, link=evil, data=evil)]), tmp_path / "out")
    withdraw(tmp_path / "out")
    assert names(tmp_path) == {"kept.svg", "out"}
    assert names(tmp_path / "out") == set()


def test_new_points_and_an_old_report_never_stand_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semjscc.experiments.evaluation.draw", lambda *_: None)
    e = make(grid=replace(GRID, ratios=GRID.ratios[:1], snrs_db=(0.0,), draws=1))
    results = run(e, tmp_path)
    publish(results, tmp_path)
    run(e, tmp_path)
    assert REPORT in names(tmp_path)  # nothing has changed
    run(replace(e, grid=replace(e.grid, snrs_db=(0.0, 5.0))), tmp_path)
    assert names(tmp_path) == {RESULTS}


@pytest.mark.parametrize("name", [REPORT, COMPARISONS, STRIP, "quality-1.svg", "Report.HTML"])
def test_names_that_a_report_takes_are_known(name: str) -> None:
    assert is_of_a_report(name)


@pytest.mark.parametrize("name", ["main", "noise.5", "svg", "png-front"])
def test_names_that_no_report_takes_are_free(name: str) -> None:
    assert not is_of_a_report(name)
