"""The line that says how far an evaluation is, on terminals of any width."""

import pytest
from rich.console import Console
from rich.progress import Progress as RichProgress

from semjscc.evaluation.progress import columns_for

TITLE, TOTAL = "evaluating (12 points are there)", 123_456


def line(width: int, capsys: pytest.CaptureFixture[str]) -> str:
    progress = RichProgress(*columns_for(width, TITLE, TOTAL))
    progress.advance(progress.add_task(TITLE, total=TOTAL), 100_000)
    Console(width=width).print(progress.make_tasks_table(progress.tasks))
    return capsys.readouterr().out.rstrip()


@pytest.mark.parametrize("width", [24, 30, 40, 50, 60, 72, 82, 200])
def test_nothing_that_is_shown_is_cut(width: int, capsys: pytest.CaptureFixture[str]) -> None:
    shown = line(width, capsys)
    assert "\n" not in shown
    assert "…" not in shown
    assert "100000/123456" in shown
    assert ("images," in shown) == (width >= 36)
    assert (TITLE in shown) == (width >= 72)
    assert ("━" in shown) == (width >= 82)


def test_what_has_no_end_is_counted_too(capsys: pytest.CaptureFixture[str]) -> None:
    progress = RichProgress(*columns_for(60, "sending", None, "frames"))
    progress.advance(progress.add_task("sending", total=None), 123_456)
    Console(width=60).print(progress.make_tasks_table(progress.tasks))
    shown = capsys.readouterr().out.rstrip()
    assert "\n" not in shown
    assert "123456/?" in shown
    assert "frames," in shown
