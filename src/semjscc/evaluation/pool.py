"""The points of a grid over several processes, each point in one of them."""

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
from semjscc.images import printable
from semjscc.parts.own_code import failure_of
from semjscc.results.records import Record
from semjscc.runtime.devices import device_of
from semjscc.runtime.processes import Workers, cores, needs_script, tell


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
) -> Iterator[tuple[int, list[Record]]]:
    """The records of some points as they are done, with the points' places.

    Every process computes whole points with its share of the cores. The noise of a point follows
    from seed, image and draw, so that the records are those of a single process.

    Args:
        work: all points.
        wanted: places of those to measure, and which of ``work.evaluators`` look at each.
        jobs: how many processes; 1 measures them here.
        on_progress: given the number of images of each batch that is done.

    Raises:
        UserError: as of `evaluate`; several processes and a network that is not on the CPU; or a
            process died.
    """
    jobs = min(jobs, len(wanted))
    if jobs <= 1:
        for place, judges in wanted.items():
            yield place, _measure(work, place, judges, on_progress)
        return
    if any(device_of(one.perception).type != "cpu" for one in work.evaluators):
        raise UserError("several processes at a time are for the CPU: use --jobs 1")
    try:
        # Handed over by multiprocessing itself, every tensor would take an open file.
        content = pickle.dumps(work)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise UserError(
            "a link, the network or the channel cannot be sent to other processes, use --jobs 1: "
            f"{printable(str(error))}"
        ) from error
    threads = max(1, min(torch.get_num_threads(), cores() // jobs))
    begin = _begin, (content, threads)
    names = "a process of the evaluation", "use fewer --jobs"
    places = list(wanted)
    with Workers(jobs, *names, begin, script=needs_script(content)) as workers:
        for number, records in workers.map(_measure_here, wanted.items(), on_progress):
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
