"""The points of a grid over several processes or a cluster, each point in one process."""

import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from semjscc.channels import CHANNELS, Channel
from semjscc.errors import UserError
from semjscc.evaluation.evaluators import Evaluator
from semjscc.evaluation.grid import Grid, Point
from semjscc.evaluation.measurement import measure
from semjscc.evaluation.packing import packed
from semjscc.images import printable
from semjscc.parts.own_code import failure_of
from semjscc.results.records import Record
from semjscc.runtime.cluster import Cluster
from semjscc.runtime.devices import device_of
from semjscc.runtime.executors import open_executor
from semjscc.runtime.processes import cores, needs_script, tell


@dataclass(frozen=True)
class Work:
    """What every process needs: points, images with those who judge, the grid and its channel."""

    points: Sequence[Point]
    evaluators: Sequence[Evaluator]
    grid: Grid
    channel: Channel


def measure_all(
    work: Work,
    wanted: Mapping[int, Sequence[int]],
    jobs: int,
    on_progress: Callable[[int], None],
    cluster: Cluster | None = None,
) -> Iterator[tuple[int, list[Record]]]:
    """The records of some points as they are done, with the points' places.

    Every process computes whole points with its share of the cores. The noise of a point follows
    from seed, image and draw, so that the records are those of a single process.

    To a cluster images and weights go as they are in memory, so that no node needs their files.

    Args:
        work: all points.
        wanted: places of those to measure, and which of ``work.evaluators`` look at each.
        jobs: how many processes; 1 measures them here.
        on_progress: given the number of images of each batch that is done; on a cluster, of each
            point.
        cluster: where they are measured in place of here.

    Raises:
        UserError: as of `evaluate`; several processes and a network that is not on the CPU; a
            process died; or the cluster cannot be used.
    """
    jobs = min(jobs, len(wanted))
    if not wanted:
        return
    if cluster is None and jobs <= 1:
        for place, judges in wanted.items():
            yield place, _measure(work, place, judges, on_progress)
        return
    if any(device_of(one.perception).type != "cpu" for one in work.evaluators):
        remedy = "use --jobs 1" if cluster is None else "leave --cluster out"
        raise UserError(f"several processes at a time are for the CPU: {remedy}")
    try:
        # Handed over by multiprocessing itself, every tensor would take an open file.
        content = packed(work)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise UserError(
            "a link, the network or the channel cannot be sent to other processes, use --jobs 1 "
            "and no --cluster: "
            f"{printable(str(error))}"
        ) from error
    if cluster is None:
        threads = max(1, min(torch.get_num_threads(), cores() // jobs))
    else:
        threads = cluster.needs.cores
    begin = _begin, (content, threads)
    names = "a process of the evaluation", "use fewer --jobs"
    places = list(wanted)
    script = needs_script(content)
    with open_executor(cluster or jobs, *names, begin, script=script) as executor:
        for number, records in executor.map(_measure_here, wanted.items(), on_progress):
            yield places[number], records


def _measure(
    work: Work, place: int, judges: Sequence[int], on_progress: Callable[[int], None]
) -> list[Record]:
    evaluators = [work.evaluators[judge] for judge in judges]
    return measure(work.points[place], evaluators, work.grid, on_progress=on_progress)


_here: dict[str, Any] = {}
"""What a process of the pool was given when it began."""


def _begin(content: bytes, threads: int) -> None:
    work: Work = pickle.loads(content)  # of our parent's
    torch.set_num_threads(threads)
    # A channel that is not ours, or stands in for one of ours, is known to the parent alone.
    CHANNELS[work.grid.channel] = work.channel
    _here.update(work=work)


def _measure_here(place: int, judges: Sequence[int]) -> list[Record]:
    try:
        return _measure(_here["work"], place, judges, tell)
    except UserError:
        raise
    except Exception as error:
        # Said here, where it is still known in which lines it arose.
        said = failure_of(error)
        if said is None:
            raise
        raise UserError(said) from error
