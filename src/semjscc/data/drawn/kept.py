"""Sets of drawn pictures: rendered by several processes, and kept from one run to the next."""

import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import numpy as np

from semjscc.data.base import Split
from semjscc.paths import cache_folder
from semjscc.runtime.processes import Workers

Arrays = Mapping[str, np.ndarray]
"""By name, each with a row for each picture."""

_CHUNK = 250
_MOST_WORKERS = 8  # each imports torch, some 300 MB


@dataclass(frozen=True)
class Drawn:
    """A set of pictures that the program draws.

    Attributes:
        name: of the set.
        version: of what it draws.
        render: arrays of the places from start to stop of a split, at a size; a function of a
            module, so that another process can call it.
        modules: whose text decides a pixel.
        many: from so many pictures on they are shared out and kept: below, starting processes or
            writing a file costs more than it saves.
    """

    name: str
    version: str
    render: Callable[[Split, int, int, int], Arrays]
    modules: Sequence[ModuleType]
    many: int = 4_000


def drawn_arrays(drawn: Drawn, split: Split, count: int, size: int) -> Arrays:
    """The arrays of the first ``count`` pictures of a split, rendered now or taken from the cache.

    Args:
        drawn: the set.
        split: of it.
        count: how many.
        size: height and width in pixels.
    """
    folder = cache_folder()
    if count < drawn.many or folder is None:
        return _render_all(drawn, split, count, size)
    path = _cache_file(folder, drawn, split, count, size)
    kept = _read_cache(path, drawn.render(split, 0, 1, size), count)
    if kept is not None:
        return kept
    arrays = _render_all(drawn, split, count, size)
    _write_cache(path, arrays)
    return arrays


def _render_all(drawn: Drawn, split: Split, count: int, size: int) -> Arrays:
    starts = range(0, count, _CHUNK)
    workers = min(os.cpu_count() or 1, _MOST_WORKERS, len(starts))
    if count < drawn.many or workers == 1:
        return drawn.render(split, 0, count, size)
    tasks = [(split, start, min(start + _CHUNK, count), size) for start in starts]
    with Workers(workers, f"a process that draws {drawn.name}", "close other programs") as pool:
        parts = dict(pool.map(drawn.render, tasks))
    return _joined(parts[place] for place in range(len(tasks)))


def _joined(parts: Iterable[Arrays]) -> Arrays:
    found = list(parts)
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def _cache_file(folder: Path, drawn: Drawn, split: Split, count: int, size: int) -> Path:
    """Where a rendered set is kept; the name changes with everything that could change a pixel."""
    digest = hashlib.blake2b(digest_size=8)
    libraries = [version(name) for name in ("numpy", "pillow", "scikit-image")]
    digest.update("/".join([drawn.version, *libraries]).encode())
    for module in drawn.modules:
        digest.update(Path(module.__file__ or "").read_bytes())
    return folder / f"{drawn.name}-{split}-{count}-{size}-{digest.hexdigest()}.npz"


def _read_cache(path: Path, like: Arrays, count: int) -> Arrays | None:
    """The kept arrays; None where the file is missing or cannot be trusted.

    Args:
        path: of the file.
        like: those of one picture.
        count: rows of each array.
    """
    try:
        # Opened here, because np.load forgets to close a file that is no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            kept = {name: arrays[name] for name in like}
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    fits = all(
        kept[name].shape == (count, *one.shape[1:]) and kept[name].dtype == one.dtype
        for name, one in like.items()
    )
    return kept if fits else None


def _write_cache(path: Path, arrays: Arrays) -> None:
    """Keep the arrays if possible; a reader never sees half a file."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            part = Path(folder) / path.name
            np.savez(part, allow_pickle=False, **arrays)
            part.replace(path)
