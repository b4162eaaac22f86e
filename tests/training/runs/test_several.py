"""Processes of one training: none dies unheard, and none is left over."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from semjscc.errors import UserError
from semjscc.training.runs import several
from semjscc.training.runs.several import FIRST, Watch, death, first_speaks, was_killed
from semjscc.training.runs.state import RESUME

PATIENCE = 60


@pytest.fixture
def left(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The codes with which a process would have been left."""
    codes: list[int] = []
    monkeypatch.setattr(several, "_EVERY_S", 0.01)
    monkeypatch.setattr(several.os, "_exit", codes.append)
    return codes


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"])


def trainer_of(*others: subprocess.Popen[bytes]) -> Any:
    return SimpleNamespace(strategy=SimpleNamespace(launcher=SimpleNamespace(procs=list(others))))


def test_a_killed_process_is_told_in_one_line_and_ends_the_others(
    left: list[int],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    killed, other, watch = sleeper(), sleeper(), Watch(tmp_path)
    killed.kill()
    # Here the process is not left, so that the watch must be told to end.
    monkeypatch.setattr(watch._over, "wait", lambda _: bool(left))
    watch._look(trainer_of(killed, other))
    assert left[:1] == [2]
    assert other.wait(PATIENCE) == -signal.SIGKILL
    said = capsys.readouterr().err.splitlines()[0]
    assert said.startswith("semjscc: a process of the training died, most often for want of memory")
    assert "no state had been saved yet" in said


def test_what_is_kept_is_told(tmp_path: Path) -> None:
    (tmp_path / RESUME).touch()
    assert f"the last state saved is kept in {tmp_path}; run the same command" in death(tmp_path)


@pytest.mark.parametrize(
    ("code", "killed"),
    [(None, False), (0, False), (2, False), (-9, True), (-11, True), (-2, False), (-15, False)],
)
def test_who_was_asked_to_end_has_not_died(code: int | None, killed: bool) -> None:
    assert was_killed(code) is killed


def test_where_a_signal_came_nobody_is_watched(left: list[int], tmp_path: Path) -> None:
    other, watch = sleeper(), Watch(tmp_path)
    with watch.over(trainer_of(other)):
        assert os.environ[FIRST] == str(os.getpid())
        nobody: Any = None
        watch.on_exception(nobody, nobody, KeyboardInterrupt())
        other.kill()
        other.wait(PATIENCE)
    assert FIRST not in os.environ
    assert left == []


def test_who_has_lost_the_first_process_ends(
    left: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FIRST, str(os.getppid() + 1))
    monkeypatch.setenv("LOCAL_RANK", "0")
    before = threading.active_count()
    with first_speaks():
        assert threading.active_count() == before
    several._end_with(os.getppid() + 1)
    assert left == [1]


@pytest.mark.parametrize(("rank", "waits"), [("0", 0), ("1", 1)])
def test_the_first_process_tells_what_is_wrong_with_all(
    rank: str, waits: int, left: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setenv(FIRST, str(os.getppid()))
    monkeypatch.setenv("LOCAL_RANK", rank)
    monkeypatch.setattr(several, "_end_with", lambda _: None)
    monkeypatch.setattr(several.time, "sleep", waited.append)
    with pytest.raises(UserError, match="no images"), first_speaks():
        raise UserError("no images")
    assert waited == [several.PATIENCE_S] * waits
    assert left == []
