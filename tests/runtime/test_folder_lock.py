"""Who may work in a folder."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest

from semjscc.errors import UserError
from semjscc.runtime import folder_lock
from semjscc.runtime.folder_lock import alone_in


def test_one_holds_a_folder_until_the_end(tmp_path: Path) -> None:
    for _ in range(2):
        with (
            alone_in(tmp_path / "a"),
            alone_in(tmp_path / "b"),
            pytest.raises(UserError, match=r"another command is at work in .*/a: wait"),
            alone_in(tmp_path / "a"),
        ):
            pass
    with pytest.raises(KeyError), alone_in(tmp_path):
        raise KeyError
    with alone_in(tmp_path):
        pass


def test_the_further_processes_of_a_training_are_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with alone_in(tmp_path):
        monkeypatch.setenv("LOCAL_RANK", "1")
        with alone_in(tmp_path):
            pass


HOLD = """
import sys, time
from pathlib import Path
from semjscc.runtime.folder_lock import alone_in
with alone_in(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_killed_training_holds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        with pytest.raises(UserError, match="another command is at work"), alone_in(tmp_path):
            pass
        process.kill()
    with alone_in(tmp_path):
        pass


def test_where_nothing_can_be_locked_nobody_is_kept_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", flock)
    with alone_in(tmp_path), alone_in(tmp_path):
        pass
    monkeypatch.setattr(folder_lock, "fcntl", None)
    with alone_in(tmp_path / "none"):
        assert not (tmp_path / "none").exists()


def test_what_the_folder_cannot_be_is_told_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with alone_in(tmp_path / "file"):
        pass
