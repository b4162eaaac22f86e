"""As many threads as there are free cores, unless the user says otherwise."""

import os
import sys
from pathlib import Path

import pytest

from semjscc.runtime import threads
from semjscc.runtime.threads import VARIABLE, are_stated, choose_threads, free_cores, quota


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (VARIABLE, threads._CHOSEN):
        monkeypatch.setenv(name, "")  # so that it is put back afterwards
        monkeypatch.delenv(name)
    monkeypatch.delitem(sys.modules, "torch")  # as in a process that begins
    monkeypatch.setattr(threads, "quota", lambda _: float("inf"))


def machine(
    monkeypatch: pytest.MonkeyPatch, cores: int, allowed: int, load: float, granted: float
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(allowed)), raising=False)
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0), raising=False)
    monkeypatch.setattr(threads, "quota", lambda _: granted)


INFINITE = float("inf")


@pytest.mark.parametrize(
    ("cores", "allowed", "load", "granted", "free"),
    [
        (8, 8, 0.2, INFINITE, 8),
        (8, 8, 3.0, INFINITE, 5),
        (2, 2, 1.6, INFINITE, 1),
        (2, 2, 40.0, INFINITE, 1),
        (64, 4, 40.0, INFINITE, 4),
        (64, 64, 0.0, 2.5, 2),
        (64, 64, 0.0, 0.5, 1),
    ],
)
def test_what_is_free(
    cores: int, allowed: int, load: float, granted: float, free: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    machine(monkeypatch, cores, allowed, load, granted)
    assert free_cores() == free


@pytest.mark.parametrize(("processes", "chosen"), [(1, "8"), (3, "2"), (20, "1")])
def test_processes_share_the_cores(
    processes: int, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, 8, 8, 0.0, INFINITE)
    choose_threads(processes)
    assert os.environ[VARIABLE] == chosen
    assert not are_stated()


def test_the_user_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, 8, 8, 0.0, INFINITE)
    monkeypatch.setenv(VARIABLE, "3")
    choose_threads()
    assert os.environ[VARIABLE] == "3"
    assert are_stated()


def test_where_torch_is_there_already_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", os)
    choose_threads()
    assert VARIABLE not in os.environ


@pytest.mark.parametrize(
    ("files", "granted"),
    [
        ({}, INFINITE),
        ({"cpu.max": "max 100000"}, INFINITE),
        ({"cpu.max": "150000 100000"}, 1.5),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4.0),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, INFINITE),
        ({"cpu.max": "nonsense"}, INFINITE),
    ],
)
def test_quotas_of_control_groups(files: dict[str, str], granted: float, tmp_path: Path) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert quota(tmp_path) == granted
