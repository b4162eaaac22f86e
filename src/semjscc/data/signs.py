"""The embedded data set: road signs drawn by rule, so that nothing need be downloaded.

Each picture shows one sign, small in a cluttered scene: what a vision model needs is a small
part of the image, which is the case that semantic importance is for. Images, labels, boxes and
masks follow from (split, index, size) alone.
"""

import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

from semjscc.data import sign_backdrops, sign_scene, sign_shapes
from semjscc.data.base import ImageSet, Split
from semjscc.data.sign_scene import Sign, render
from semjscc.data.sign_shapes import CLASS_NAMES
from semjscc.data.splits import fingerprint
from semjscc.errors import UserError
from semjscc.paths import cache_folder
from semjscc.processes import Workers

__all__ = ["CLASS_NAMES", "COUNTS", "GENERATOR_VERSION", "Sign", "load_signs", "render"]

GENERATOR_VERSION = "1"
COUNTS: dict[Split, int] = {"train": 20_000, "val": 2_000, "test": 2_000}

# Below these, starting processes or writing a file costs more than it saves.
_POOL_FROM = 4_000
_CACHE_FROM = 4_000
_CHUNK = 250
_MOST_WORKERS = 8  # each imports torch, some 300 MB

_Arrays = tuple[np.ndarray, np.ndarray]


def _render_range(split: Split, start: int, stop: int, size: int) -> _Arrays:
    """Images (N, 3, size, size) uint8 and labels (N,) int64 of the places start to stop - 1."""
    images = np.empty((stop - start, 3, size, size), np.uint8)
    labels = np.empty(stop - start, np.int64)
    for row, index in enumerate(range(start, stop)):
        sign = render(split, index, size)
        images[row] = sign.image.transpose(2, 0, 1)
        labels[row] = sign.label
    return images, labels


def _joined(parts: Iterable[_Arrays]) -> _Arrays:
    images, labels = zip(*parts, strict=True)
    return np.concatenate(images), np.concatenate(labels)


def _render_all(split: Split, count: int, size: int) -> _Arrays:
    workers = min(os.cpu_count() or 1, _MOST_WORKERS)
    if count < _POOL_FROM or workers == 1:
        return _render_range(split, 0, count, size)
    starts = range(0, count, _CHUNK)
    tasks = [(split, start, min(start + _CHUNK, count), size) for start in starts]
    with Workers(workers, "a process that draws signs", "close other programs") as pool:
        parts = dict(pool.map(_render_range, tasks))
    return _joined(parts[place] for place in range(len(tasks)))


def _cache_file(folder: Path, split: Split, count: int, size: int) -> Path:
    """Where a rendered set is kept; the name changes with everything that could change a pixel."""
    digest = hashlib.blake2b(digest_size=8)
    libraries = [version(name) for name in ("numpy", "pillow", "scikit-image")]
    digest.update("/".join([GENERATOR_VERSION, *libraries]).encode())
    for module in (sign_backdrops, sign_scene, sign_shapes):
        digest.update(Path(module.__file__ or "").read_bytes())
    return folder / f"signs-{split}-{count}-{size}-{digest.hexdigest()}.npz"


def _read_cache(path: Path, count: int, size: int) -> _Arrays | None:
    """The kept arrays; None where the file is missing or cannot be trusted."""
    try:
        # Opened here, because np.load forgets to close a file that is no archive.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            images, labels = arrays["images"], arrays["labels"]
    except (OSError, ValueError, TypeError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None
    fits = images.shape == (count, 3, size, size) and labels.shape == (count,)
    return (images, labels) if fits and images.dtype == np.uint8 else None


def _write_cache(path: Path, images: np.ndarray, labels: np.ndarray) -> None:
    """Keep the arrays if possible; a reader never sees half a file."""
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            part = Path(folder) / path.name
            np.savez(part, images=images, labels=labels)
            part.replace(path)


def _arrays(split: Split, count: int, size: int) -> _Arrays:
    folder = cache_folder()
    if count < _CACHE_FROM or folder is None:
        return _render_all(split, count, size)
    path = _cache_file(folder, split, count, size)
    kept = _read_cache(path, count, size)
    if kept is not None:
        return kept
    images, labels = _render_all(split, count, size)
    _write_cache(path, images, labels)
    return images, labels


def load_signs(split: Split, count: int | None = None, size: int = 64) -> ImageSet:
    """The first ``count`` pictures of a split, with their labels.

    A large set is rendered by several processes and kept in `paths.cache_folder`.

    Args:
        split: train, val or test.
        count: the number of images; ``COUNTS[split]`` where it is None.
        size: height and width in pixels.

    Returns:
        Images (count, 3, size, size) uint8 and labels (count,) int64.

    Raises:
        UserError: count or size is too small.
    """
    count = COUNTS[split] if count is None else count
    if count < 1:
        raise UserError(f"cannot draw {count} signs: ask for one or more")
    images, labels = _arrays(split, count, size)
    pixels, classes = torch.from_numpy(images), torch.from_numpy(labels)
    return ImageSet(
        name="signs",
        split=split,
        images=pixels,
        labels=classes,
        class_names=CLASS_NAMES,
        revision=GENERATOR_VERSION,
        fingerprint=fingerprint(pixels, classes),
    )
