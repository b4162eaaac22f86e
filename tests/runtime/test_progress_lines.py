"""Long work that nobody watches: a line a minute with the time left."""

from types import SimpleNamespace

import pytest

from semjscc.runtime import progress_lines
from semjscc.runtime.progress_lines import ProgressLines


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Seconds that a test sets."""
    told = SimpleNamespace(now=1000.0)
    monkeypatch.setattr(progress_lines.time, "monotonic", lambda: told.now)
    return told


def test_a_line_a_minute_says_how_long_the_rest_takes(
    clock: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ProgressLines("photo-djscc", 500, "steps", done=100)
    for done in range(101, 501):
        clock.now += 3
        lines.reached(done)
    printed = capsys.readouterr()
    said = printed.err.splitlines()
    # 400 steps of 3 seconds take 20 minutes; the last needs no line.
    assert printed.out == ""
    assert len(said) == 19
    assert said[0] == "photo-djscc: 120 of 500 steps, 19 min left"
    assert said[-1] == "photo-djscc: 480 of 500 steps, 1 min left"


@pytest.mark.parametrize(
    ("seconds", "total", "left"),
    [(60, 100, "99 min"), (61, 131, "2 h 12 min"), (3600, 5, "4 h 0 min"), (80, 2, "1 min")],
)
def test_times_are_as_people_say_them(
    seconds: float,
    total: int,
    left: str,
    clock: SimpleNamespace,
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = ProgressLines("work", total, "images")
    clock.now += seconds
    lines.reached(1)
    assert capsys.readouterr().err == f"work: 1 of {total} images, {left} left\n"


def test_short_work_says_nothing(
    clock: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ProgressLines("work", 10, "images")
    for done in range(1, 11):
        clock.now += 5
        lines.reached(done)
    assert capsys.readouterr().err == ""


def test_work_without_an_end_is_counted(
    clock: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ProgressLines("sending", None, "frames")
    for done in range(1, 61):
        clock.now += 2.5
        lines.reached(done)
    assert capsys.readouterr().err.splitlines() == ["sending: 24 frames", "sending: 48 frames"]
