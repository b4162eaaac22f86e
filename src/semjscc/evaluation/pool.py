"""The points of a grid over several processes, each point in one of them."""

import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing.queues import SimpleQueue
from typing import Any

import torch

from semjscc.channels import CHANNELS, Channel
from semjscc.errors import UserError
from semjscc.evaluation.grid import Grid, Point, measure
from semjscc.evaluation.judge import Judged
from semjscc.evaluation.results import Record, device_of
from semjscc.images import printable

_LOOK_S = 0.2
"""How often the progress of the processes is asked for."""


@dataclass(frozen=True)
class Work:
    """What every process needs: points, images with those who judge, the grid and its channel."""

    points: Sequence[Point]
    judged: Sequence[Judged]
    grid: Grid
    channel: Channel


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


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
        wanted: places of those to measure, and which of ``work.judged`` look at each.
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
    if any(device_of(one.perception).type != "cpu" for one in work.judged):
        raise UserError("several processes at a time are for the CPU: use --jobs 1")
    # Forking a process that runs torch's threads can hang.
    context = multiprocessing.get_context("spawn")
    done: SimpleQueue[int] = context.SimpleQueue()
    try:
        # Handed over by multiprocessing itself, every tensor would take an open file.
        content = pickle.dumps(work)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise UserError(
            "a link, the network or the channel cannot be sent to other processes, use --jobs 1: "
            f"{printable(str(error))}"
        ) from error
    threads = max(1, min(torch.get_num_threads(), cores() // jobs))
    pool = ProcessPoolExecutor(jobs, context, _begin, (content, done, threads))
    running: dict[Future[list[Record]], int] = {}
    try:
        running = {pool.submit(_measure_here, *one): one[0] for one in wanted.items()}
        while running:
            finished = wait(running, timeout=_LOOK_S, return_when=FIRST_COMPLETED).done
            while not done.empty():
                on_progress(done.get())
            for future in finished:
                yield running.pop(future), future.result()
    except BrokenProcessPool as error:
        raise UserError(
            "a process of the evaluation died, most often for want of memory: use fewer --jobs"
        ) from error
    finally:
        # A point takes minutes: what nobody waits for any more is not worth its end.
        processes = list((pool._processes or {}).values()) if running else []  # no public way
        pool.shutdown(wait=not running, cancel_futures=True)
        for process in processes:
            process.terminate()


def _measure(
    work: Work, place: int, judges: Sequence[int], on_progress: Callable[[int], None]
) -> list[Record]:
    judged = [work.judged[judge] for judge in judges]
    return measure(work.points[place], judged, work.grid, on_progress=on_progress)


_here: dict[str, Any] = {}
"""What a process of the pool was given when it began."""


def _begin(content: bytes, done: "SimpleQueue[int]", threads: int) -> None:
    """Leave Ctrl-C to the parent, and end with it, however it ends."""
    work: Work = pickle.loads(content)  # of our parent's
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    # A channel that is not ours, or stands in for one of ours, is known to the parent alone.
    CHANNELS[work.grid.channel] = work.channel
    _here.update(work=work, done=done)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _measure_here(place: int, judges: Sequence[int]) -> list[Record]:
    return _measure(_here["work"], place, judges, _here["done"].put)
