"""The cache on disk: keeps, tells apart, survives."""

import errno
import math
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from coder_checks import picture
from semjscc.separation.sources.base import Setting
from semjscc.separation.sources.jpeg import Jpeg
from semjscc.separation.sources.search.trials import Trial, TrialCache, image_key
from toy_coder import Toy

KEY = bytes(16)
TRIALS = {
    Setting(0, 1, 2): Trial(3, 25.5, b"abc"),
    Setting(3, 0, 31): Trial(4, math.inf, b"abcd"),
    Setting(0, 0, 0): Trial(70_000, None, None),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "trials.sqlite"


def test_trials_come_back(path: Path) -> None:
    with closing(TrialCache(path)) as cache:
        cache.write([(KEY, TRIALS)])
        assert cache.read(KEY, 10) == TRIALS
    with closing(TrialCache(path)) as cache:
        assert cache.read(KEY, 10) == TRIALS
        assert cache.read(bytes(15) + b"x", 10) == {}


def test_long_payloads_stay_on_disk(path: Path) -> None:
    with closing(TrialCache(path)) as cache:
        cache.write([(KEY, TRIALS)])
        assert cache.read(KEY, 3)[Setting(3, 0, 31)] == Trial(4, math.inf, None)


def test_newer_trial_replaces_the_older(path: Path) -> None:
    with closing(TrialCache(path)) as cache:
        cache.write([(KEY, TRIALS)])
        cache.write([(KEY, {Setting(0, 0, 0): Trial(70_000, 40.0, None)})])
        assert cache.read(KEY, 10)[Setting(0, 0, 0)].psnr_db == 40.0


def test_payload_of_a_wrong_length_is_not_used(path: Path) -> None:
    with closing(TrialCache(path)) as cache:
        cache.write([(KEY, {Setting(0, 0, 0): Trial(5, 30.0, b"abc")})])
        assert cache.read(KEY, 10) == {}


def test_damaged_file_is_moved_aside_with_one_line(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = b"no database at all, but long enough to be one" * 100
    path.write_bytes(content)
    with closing(TrialCache(path)) as cache:
        cache.write([(KEY, TRIALS)])
        assert cache.read(KEY, 10) == TRIALS
    warning = capsys.readouterr().err
    assert warning.startswith("semjscc: warning: the cache")
    assert warning.count("\n") == 1
    assert Path(f"{path}.damaged").read_bytes() == content


def test_damage_in_the_middle_is_noticed_on_use(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    many = {Setting(0, 0, i): Trial(1000, 20.0, bytes(1000)) for i in range(32)}
    with closing(TrialCache(path)) as cache:
        cache.write([(index.to_bytes(16, "big"), many) for index in range(20)])
    content = bytearray(path.read_bytes())
    content[4096 * 1 : 4096 * 60] = os.urandom(4096 * 59)
    path.write_bytes(content)
    with closing(TrialCache(path)) as cache:
        found = [cache.read(index.to_bytes(16, "big"), 2000) for index in range(20)]
        cache.write([(KEY, TRIALS)])
        assert cache.read(KEY, 10) == TRIALS
    assert {} in found
    assert capsys.readouterr().err.count("semjscc: warning") == 1


@pytest.mark.parametrize("kind", ["folder in its place", "file for a folder", "read-only"])
def test_a_cache_out_of_reach_is_done_without_and_told_once(
    kind: str, path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "folder in its place":
        path.mkdir()
    elif kind == "file for a folder":
        path.write_bytes(b"")
        path = path / "trials.sqlite"
    else:  # as root, who may write anywhere, cannot see it

        def refuse(*_: object, **__: object) -> None:
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(Path, "mkdir", refuse)
    for _ in range(2):
        with closing(TrialCache(path)) as cache:
            cache.write([(KEY, TRIALS)])
            assert cache.read(KEY, 10) == {}
    warning = capsys.readouterr().err
    assert warning.startswith(f"semjscc: warning: the cache {path} cannot be used")
    assert warning.count("\n") == 1


def test_a_cache_that_becomes_read_only_is_kept_whole(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(TrialCache(path)) as cache:
        cache.write([(KEY, TRIALS)])
        cache._connection.execute("PRAGMA query_only = ON")  # pyright: ignore[reportOptionalMemberAccess]
        cache.write([(bytes(16), TRIALS)])
        assert cache.read(KEY, 10) == {}
    assert "cannot be used" in capsys.readouterr().err
    assert not Path(f"{path}.damaged").exists()


def test_killed_process_leaves_whole_transactions(path: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from semjscc.separation.sources.base import Setting
from semjscc.separation.sources.search.trials import Trial, TrialCache
cache = TrialCache(Path({str(path)!r}))
cache.write([(bytes(16), {{Setting(0, 1, 2): Trial(3, 25.5, b"abc")}})])
def broken():
    yield bytes(16), {{Setting(0, 0, 9): Trial(1, 1.0, b"a")}}
    os.kill(os.getpid(), signal.SIGKILL)
cache.write(broken())
"""
    killed = subprocess.run([sys.executable, "-c", program], check=False)
    assert killed.returncode == -9
    with closing(TrialCache(path)) as cache:
        assert cache.read(KEY, 10) == {Setting(0, 1, 2): Trial(3, 25.5, b"abc")}


def test_key_tells_apart_what_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    image = picture("noise", 8, 12)
    keys = {
        image_key(image, Jpeg(), "compact"),
        image_key(image, Jpeg(), "file"),
        image_key(image, Toy(), "compact"),
        image_key(image.reshape(12, 8, 3), Jpeg(), "compact"),
        image_key(255 - image, Jpeg(), "compact"),
    }
    monkeypatch.setattr(Jpeg, "version", lambda _: "another")
    keys.add(image_key(image, Jpeg(), "compact"))
    monkeypatch.setattr(Jpeg, "qualities", (1, 2))
    keys.add(image_key(image, Jpeg(), "compact"))
    assert len(keys) == 7
    assert image_key(np.asfortranarray(image), Toy(), "file") == image_key(image, Toy(), "file")
