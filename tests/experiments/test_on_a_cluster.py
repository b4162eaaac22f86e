"""Evaluations and trainings on a Ray cluster of two nodes, of which one is lost in the end."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import torch

import cluster_tasks as work
from cluster_links import GRID, NODE, Lost
from semjscc.checkpoint import MODEL
from semjscc.cli import main
from semjscc.errors import UserError, UserNote
from semjscc.evaluation.grid import points
from semjscc.evaluation.measurement import measure
from semjscc.evaluation.pool import measure_all
from semjscc.experiments import evaluation as module
from semjscc.experiments.evaluation import run
from semjscc.experiments.trainings import train_all
from semjscc.results.records import Record, load_results
from semjscc.runtime.cluster import Cluster, Needs
from semjscc.training.recipe import load_recipe
from small_evaluation import make, no_pictures  # noqa: F401
from small_training import PERCEPTION, QUIET, assert_same_weights, recipe_file, two_classes

ray: Any = pytest.importorskip("ray", reason="Ray is not installed: pip install -e '.[cluster]'")
from semjscc.runtime.ray_tasks import RayTasks, connect  # noqa: E402

TESTS = Path(__file__).parents[1]
QUICKLY = {"health_check_period_ms": 300, "health_check_failure_threshold": 2}
"""A node that is lost is known to be so within a second."""


@dataclass
class Nodes:
    """A cluster of two: the address of its first, which stays."""

    address: str


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    """Two nodes of one core, without what only serves to look at them."""
    from ray.cluster_utils import Cluster as RayCluster

    # Workers begin when a task comes, and not beforehand.
    settings = {
        "RAY_prestart_worker_first_driver": "0",
        "RAY_enable_worker_prestart": "0",
        "RAY_DISABLE_MEMORY_MONITOR": "1",
        "PYTHONPATH": os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")]),
    }
    small = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "include_log_monitor": False}
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Ray's own
        for name, value in settings.items():
            patch.setenv(name, value)
        logging.getLogger("ray").setLevel(logging.CRITICAL)
        head = {**small, "include_dashboard": False, "no_monitor": True, "_system_config": QUICKLY}
        cluster = RayCluster(initialize_head=True, head_node_args=head)
        cluster.add_node(**small, env_vars={NODE: "second"})
        try:
            yield Nodes(cluster.address)
        finally:
            ray.shutdown()
            cluster.shutdown()


@pytest.fixture(scope="module")
def connected(nodes: Nodes) -> Iterator[Cluster]:
    """One connection for several tests; `RayTasks` uses it and leaves it open."""
    assert connect(nodes.address)
    yield Cluster(nodes.address)
    ray.shutdown()


@contextmanager
def one_thread() -> Iterator[None]:
    """As a task has that needs one core."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def alone() -> list[Record]:
    """The records of one process on this machine."""
    e = make(grid=GRID)
    with one_thread():
        return [
            one for point in points(e.links, GRID) for one in measure(point, e.evaluators, GRID)
        ]


def without_prints(records: list[Record]) -> list[Record]:
    return [replace(record, fingerprint=None) for record in records]


def test_tasks_begin_tell_and_give_their_results(connected: Cluster) -> None:
    told: list[int] = []
    with RayTasks(connected, "a task", (work.begin, ("first",))) as tasks:
        found = dict(tasks.map(work.begun_and_told, [(2,), (3,)], told.append))
    assert found == {0: (["first"], 4), 1: (["first"], 9)}
    assert sorted(told) == [2, 3]
    # Another work in the same processes begins anew.
    with RayTasks(replace(connected, at_once=1), "a task", (work.begin, ("other",))) as tasks:
        assert list(tasks.map(work.begun_and_told, [(5,), (1,)])) == [
            (0, (["other"], 25)),
            (1, (["other"], 1)),
        ]


def test_what_a_task_says_is_said_here(connected: Cluster) -> None:
    with RayTasks(connected, "a task") as tasks:
        with pytest.warns(UserNote, match="a note"):
            assert list(tasks.map(work.note, [()])) == [(0, None)]
        with pytest.warns(UserNote), pytest.raises(UserError, match="no such thing"):
            list(tasks.map(work.refuse, [()]))


def test_a_task_that_dies_again_and_again_is_one_line(
    connected: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semjscc.runtime.ray_tasks.RETRIES", 1)
    with (
        RayTasks(connected, "a process of the evaluation") as tasks,
        pytest.raises(UserError, match="evaluation died 2 times on the cluster, most often for"),
    ):
        list(tasks.map(work.die, [()]))


def test_a_caller_who_wants_no_more_ends_the_tasks(connected: Cluster, tmp_path: Path) -> None:
    started, ended = tmp_path / "started", tmp_path / "ended"
    stop = threading.Thread(target=interrupt_when, args=(started,))
    stop.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), RayTasks(connected, "a task") as tasks:
        list(tasks.map(work.go_on, [(str(started), str(ended))]))
    stop.join()
    assert ended.exists()  # it was asked to, and had the time to
    assert time.monotonic() - began < work.PATIENCE


def interrupt_when(file: Path) -> None:
    until = time.monotonic() + work.PATIENCE
    while not file.exists() and time.monotonic() < until:
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGINT)


def test_what_no_node_has_is_told(connected: Cluster) -> None:
    needs = Needs(cores=9, gpus=1)
    with pytest.warns(UserNote, match="no node of the cluster has 9 cores and 1 GPU now"):
        RayTasks(replace(connected, needs=needs), "a task").close()


def test_a_training_has_the_weights_of_one_machine(connected: Cluster, tmp_path: Path) -> None:
    recipe = load_recipe(recipe_file(tmp_path, two_classes(tmp_path, ["a", "b"]), PERCEPTION))
    recipe = replace(recipe, optimiser=replace(recipe.optimiser, steps=2))
    there, here, said = tmp_path / "there" / "tiny", tmp_path / "here", list[str]()
    train_all([recipe], {"tiny": there}, QUIET, time.monotonic(), said.append, connected)
    with one_thread():
        train_all([recipe], {"tiny": here}, QUIET, time.monotonic(), said.append)
    assert_same_weights(there / MODEL, here / MODEL)
    assert said[1] == "training 1 of 1: tiny: done"
    assert [path.name for path in there.parent.iterdir()] == ["tiny"]


def test_the_numbers_are_those_of_one_machine_and_what_is_there_is_not_done_again(
    connected: Cluster, tmp_path: Path, alone: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = run(make(grid=GRID), tmp_path, cluster=connected)
    assert without_prints(found.records) == alone
    assert load_results(tmp_path / "results.json").records == found.records
    # Nothing is left to do, so that nobody connects.
    monkeypatch.setattr("semjscc.evaluation.pool.open_executor", None)
    assert run(make(grid=GRID), tmp_path, cluster=connected).records == found.records


DRIVER = """
import os, signal, sys
from pathlib import Path
from small_evaluation import make
from cluster_links import GRID
from semjscc.experiments import evaluation as module
from semjscc.runtime.cluster import Cluster

save = module.save_results

def save_and_die(results, path):
    save(results, path)
    os.kill(os.getpid(), signal.SIGKILL)

module.save_results = save_and_die
module.run(make(grid=GRID), Path(sys.argv[2]), cluster=Cluster(sys.argv[1], at_once=1))
"""


def test_a_killed_command_goes_on_with_what_is_left(
    nodes: Nodes,
    connected: Cluster,
    tmp_path: Path,
    alone: list[Record],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = os.pathsep.join([str(TESTS), *sys.path])
    words = [sys.executable, "-c", DRIVER, nodes.address, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    killed = subprocess.run(words, env=environment, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    there = load_results(tmp_path / "results.json").records
    assert len(there) == 1
    measured: list[int] = []

    def watch(given: Any, wanted: Any, *more: Any) -> Iterator[Any]:
        measured.extend(wanted)
        return measure_all(given, wanted, *more)

    monkeypatch.setattr(module, "measure_all", watch)
    found = run(make(grid=GRID), tmp_path, cluster=connected)
    assert len(measured) == len(alone) - 1
    assert without_prints(found.records) == alone
    assert there[0] in found.records


@pytest.mark.parametrize("loses", ["worker", "node"])
def test_a_lost_worker_or_node_loses_nothing(
    loses: str, connected: Cluster, tmp_path: Path, alone: list[Record]
) -> None:
    e = make(grid=GRID)
    none, ours = e.links
    link = Lost(ours.name, ours.codec)  # pyright: ignore[reportAttributeAccessIssue]
    link.mark, link.loses = tmp_path / "mark", loses
    found = run(replace(e, links=[none, link]), tmp_path / "out", cluster=connected)
    assert link.mark.exists()
    assert without_prints(found.records) == alone
    if loses == "node":
        alive = [node for node in ray.nodes() if node["Alive"]]
        assert len(alive) == 1


def words(address: str, out: Path) -> list[str]:
    given = ["--links", "none,djscc", "--ratio", "1/24", "--snr", "5", "--limit", "2"]
    return ["evaluate", *given, "--out", str(out), "--cluster", address, "--json"]


def test_ctrl_c_ends_it_and_json_stays_alone(
    nodes: Nodes,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A command connects by itself, here to the node that is left."""
    ray.shutdown()
    capfd.readouterr()
    save = module.save_results

    def save_and_stop(results: Any, path: Path) -> None:
        save(results, path)
        signal.raise_signal(signal.SIGINT)

    term = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(module, "save_results", save_and_stop)
    assert main(words(nodes.address, tmp_path)) == 130
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[-1] == "semjscc: stopped; what was finished is kept"
    assert not ray.is_initialized()
    assert signal.getsignal(signal.SIGTERM) is term
    monkeypatch.setattr(module, "save_results", save)
    assert main(words(nodes.address, tmp_path)) == 0
    printed = capfd.readouterr()
    records = json.loads(printed.out)["records"]
    assert [record["link"] for record in records] == ["none", "djscc"]
    assert all(line.startswith("evaluating") for line in printed.err.splitlines())
