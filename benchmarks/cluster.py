"""How long a grid takes on a Ray cluster of 1, 2 and 4 workers, all of them on this machine.

    python benchmarks/cluster.py [--points 24] [--workers 1,2,4] [--out results/cluster.json]

Prints the table of docs/cluster.md, which tools/fill_tables.py makes of the file. A few minutes.

Each worker is a node with one core. Where this machine has no core for each of them, real points
would only wait for one another. So a point of the grid is measured alone first, and then the tasks
on the cluster are given images and networks as those of an evaluation are, and sleep as long as
that point took: what is measured is what the cluster itself costs. The first time the processes
begin, the second time they are there. Real points are measured on no more workers than cores.
"""

import argparse
import json
import logging
import os
import platform
import runpy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from semjscc.channels import channel_named
from semjscc.checkpoint import write_atomically
from semjscc.evaluation.evaluators import load_evaluators
from semjscc.evaluation.grid import Grid, points
from semjscc.evaluation.measurement import measure
from semjscc.evaluation.packing import packed
from semjscc.evaluation.pool import Work, _begin, _measure_here
from semjscc.families import default_perception
from semjscc.links import open_link
from semjscc.perception.store import open_perception
from semjscc.runtime.cluster import Cluster
from semjscc.runtime.processes import cores
from semjscc.runtime.ray_tasks import RayTasks

ray: Any = import_module("ray")
ROOT = Path(__file__).parents[1]
SNRS = (-5.0, 0.0, 5.0, 10.0, 15.0, 20.0)


def work_of(images: int) -> Work:
    """A codec for road signs on a grid of four ratios and six SNRs."""
    perception = open_perception(default_perception("signs"))
    link = open_link("djscc", "signs", perception)
    evaluators = load_evaluators("signs", "test", [perception], "accuracy", limit=images)
    grid = Grid(tuple(Fraction(1, part) for part in (48, 24, 12, 6)), SNRS)
    return Work(points([link], grid), evaluators, grid, channel_named(grid.channel))


@contextmanager
def cluster_of(workers: int) -> Iterator[str]:
    """The address of a cluster of nodes with one core each."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "src"), str(Path(__file__).parent)])
    node = {"num_cpus": 1, "object_store_memory": 200 * 2**20, "include_log_monitor": False}
    cluster = import_module("ray.cluster_utils").Cluster(
        initialize_head=True,
        head_node_args={**node, "include_dashboard": False, "no_monitor": True},
    )
    try:
        for _ in range(workers - 1):
            cluster.add_node(**node)
        yield cluster.address
    finally:
        ray.shutdown()
        cluster.shutdown()


def timed(executor: RayTasks, function: Callable[..., Any], tasks: list[tuple[Any, ...]]) -> float:
    """Seconds until the last of some tasks has come back."""
    began = time.perf_counter()
    done = list(executor.map(function, tasks))
    assert len(done) == len(tasks)
    return time.perf_counter() - began


def main() -> None:
    """Measure, write the file, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=24)
    parser.add_argument("--images", type=int, default=500)
    parser.add_argument("--workers", default="1,2,4", help="the first is what others are told by")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "cluster.json")
    arguments = parser.parse_args()
    logging.getLogger("ray").setLevel(logging.CRITICAL)
    torch.set_num_threads(1)
    work = work_of(arguments.images)
    places = [number % len(work.points) for number in range(arguments.points)]
    measure(work.points[0], work.evaluators, work.grid)  # what is slow only once
    began = time.perf_counter()
    measure(work.points[0], work.evaluators, work.grid)
    point_s = time.perf_counter() - began
    content = packed(work)
    rows = []
    for workers in map(int, arguments.workers.split(",")):
        with cluster_of(workers) as address:
            began = time.perf_counter()
            with RayTasks(Cluster(address), "a task", (_begin, (content, 1))) as executor:
                connected = time.perf_counter() - began
                sleeps = [(point_s,)] * arguments.points
                row = {"workers": workers, "connected": connected, "real": None}
                row["first"], row["again"] = (timed(executor, time.sleep, sleeps) for _ in "ab")
                if workers <= cores():
                    points_here = [(place, [0]) for place in places]
                    row["real"] = timed(executor, _measure_here, points_here)
        rows.append(row)
    found = {
        "machine": platform.machine(),
        "cores": cores(),
        "ray": ray.__version__,
        "points": arguments.points,
        "images": arguments.images,
        "point_s": point_s,
        "sent_bytes": len(content),
        "rows": rows,
    }
    text = json.dumps(found, indent=1) + "\n"
    write_atomically(arguments.out, lambda temporary: temporary.write_text(text))
    table = runpy.run_path(str(ROOT / "tools" / "fill_tables.py"))["cluster_table"]
    print(table(arguments.out))


if __name__ == "__main__":
    main()
