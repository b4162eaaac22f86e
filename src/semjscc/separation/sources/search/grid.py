"""Many images within many budgets: each is compressed at most once with each setting."""

import pickle
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, nullcontext
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semjscc.runtime.processes import Workers, cores, needs_script, script_can_start_again
from semjscc.separation.sources.base import Accounting, SourceCoder
from semjscc.separation.sources.search.search import Encoded, Search
from semjscc.separation.sources.search.trials import TrialCache, Trials, image_key

_CHUNK_PIXELS = 2**16
"""Of the images that one task holds: 64 of 32 x 32, one photograph."""

_KEPT = 4
"""Payloads up to so many times the largest budget are kept, for other points of a grid."""

_Task = tuple[SourceCoder, NDArray[np.uint8], tuple[int, ...], Accounting, list[Trials]]
_Found = list[tuple[list[Encoded | None], Trials]]


def encode_all(
    coder: SourceCoder,
    images: NDArray[np.uint8],
    budgets: Sequence[int],
    accounting: Accounting,
    cache: Path | None = None,
    processes: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> list[list[Encoded | None]]:
    """What `search.encode` gives for every image and every budget.

    Args:
        coder: any.
        images: (N, H, W, 3) uint8.
        budgets: the longest payloads in bytes.
        accounting: what a payload is, see `scaling.reconstruct`.
        cache: a file that keeps every trial across runs.
        processes: how many to use; by default one for each core.
        progress: is told the number of images done, from time to time.

    Returns:
        For each image the result for each budget, None where nothing fits.

    Raises:
        UserError: a worker process died.
    """
    results: list[list[Encoded | None]] = [[] for _ in images]
    longest = _KEPT * max(budgets, default=0)
    step = max(1, _CHUNK_PIXELS // (images.shape[1] * images.shape[2]))
    chunks = [range(start, min(start + step, len(images))) for start in range(0, len(images), step)]
    done = 0
    with nullcontext() if cache is None else closing(TrialCache(cache)) as store:
        keys = [image_key(image, coder, accounting) for image in images] if store else []

        def task(chunk: range) -> _Task:
            known: list[Trials] = [store.read(keys[i], longest) if store else {} for i in chunk]
            return coder, images[chunk.start : chunk.stop], tuple(budgets), accounting, known

        with closing(_run(task, chunks, processes or cores(), coder)) as run:
            for chunk, found in run:
                if store:
                    write = zip(chunk, found, strict=True)
                    store.write((keys[i], fresh) for i, (_, fresh) in write)
                for i, (encoded, _) in zip(chunk, found, strict=True):
                    results[i] = encoded
                done += len(chunk)
                if progress is not None:
                    progress(done)
    return results


def _encode_chunk(task: _Task) -> _Found:
    coder, images, budgets, accounting, known = task
    found: _Found = []
    for image, trials in zip(images, known, strict=True):
        search = Search(coder, image, accounting, trials)
        encoded = [search.best(budget) for budget in budgets]
        found.append((encoded, search.fresh(_KEPT * max(budgets, default=0))))
    return found


def _run(
    task: Callable[[range], _Task], chunks: Sequence[range], processes: int, coder: SourceCoder
) -> Generator[tuple[range, _Found]]:
    """Chunks and what was found for them, as they are done."""
    processes = min(processes, len(chunks))
    script = processes > 1 and needs_script(pickle.dumps(coder))
    if processes <= 1 or (script and not script_can_start_again()):
        for chunk in chunks:
            yield chunk, _encode_chunk(task(chunk))
        return
    try:
        tasks = ((task(chunk),) for chunk in chunks)
        for place, found in _workers(processes, script).map(_encode_chunk, tasks):
            yield chunks[place], found
    except BaseException:
        _workers.cache_clear()
        raise


@cache
def _workers(processes: int, script: bool) -> Workers:
    """Started once: a grid asks for one batch of images after the other."""
    what = "a process that compresses images"
    return Workers(processes, what, "use fewer processes", script=script)
