"""Photographs of any size, decoded once: from then on their pixels are mapped into memory.

NAME.bin   all pixels, image after image, rows of RGB, 8 bits
NAME.json  their sizes, labels and what else an `ImageSet` knows; written last

Both lie in the cache folder, under a name that changes with the source's files, with the split, and
with the code that reads. Where that folder cannot be written the images stay in memory, as those
of a hub data set do.
"""

import hashlib
import json
import tempfile
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from semjscc import images
from semjscc.data import hub
from semjscc.data.base import ImageSet, Split
from semjscc.data.hub import Row
from semjscc.data.sources import Source
from semjscc.data.splits import fingerprint
from semjscc.paths import cache_folder, user_path

_READERS = (Path(images.__file__ or "").parent, Path(__file__).parent)
"""All code on which a pixel, a label or a name may depend."""


def load_decoded(
    source: str, split: Split, *, val_fraction: float = 0.1, limit: int | None = None
) -> ImageSet:
    """One split of a parquet file, a folder or a hub data set; labels are -1 where it has none.

    Args:
        source: as `semjscc.data.hub.load_hub` takes it.
        split: train, val or test.
        val_fraction: the share of train that is carved off as val.
        limit: only the first so many images.

    Returns:
        the images as they are, each (3, H, W) uint8.

    Raises:
        UserError: the data cannot be had, or is not fit to use.
    """

    def rows() -> tuple[Source, Iterator[Row]]:
        return hub.open_split(
            source, split, val_fraction=val_fraction, limit=limit, needs_labels=False
        )

    folder = cache_folder()
    # A hub data set may change at any time.
    if folder is None or not user_path(source).exists():
        return _in_memory(split, *rows())
    try:
        place = folder / f"decoded-{_key(source, split, val_fraction, limit)}"
        kept = _open(place)
        if kept is not None:
            return kept
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as part:
            return _in_file(place, Path(part), split, *rows())
    except (OSError, RuntimeError):  # a full disk, a read-only home
        return _in_memory(split, *rows())


def _key(source: str, split: Split, val_fraction: float, limit: int | None) -> str:
    """Of all that could change a pixel, a label or which images there are."""
    path = user_path(source).absolute()
    about = [str(path), split, val_fraction, limit, version("pillow"), file_stamps(source)]
    digest = hashlib.blake2b(json.dumps(about).encode(), digest_size=16)
    for file in sorted(file for folder in _READERS for file in folder.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def file_stamps(source: str) -> tuple[tuple[str, int, int, int], ...]:
    """Path, size and times of all files of a local source; none for any other.

    The time of the last change to an entry counts too: archives give files any time of writing.
    """
    place = user_path(source)
    files = place.rglob("*") if place.is_dir() else [place]
    stats = [(str(file), file.stat()) for file in files if file.is_file()]
    return tuple(
        sorted((name, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) for name, stat in stats)
    )


def _in_memory(split: Split, source: Source, rows: Iterator[Row]) -> ImageSet:
    images, labels, names, *_ = zip(*rows, strict=True)
    return _assemble(split, source, images, labels, names)


def _assemble(
    split: Split,
    source: Source,
    images: Sequence[Tensor],
    labels: Sequence[int],
    names: Sequence[str],
) -> ImageSet:
    numbers = torch.tensor(labels, dtype=torch.int64)
    return ImageSet(
        name=source.name,
        split=split,
        images=images,
        labels=numbers,
        class_names=source.class_names,
        revision=source.revision,
        fingerprint=fingerprint(images, numbers),
        numbered=source.numbered,
        names=tuple(names) if all(names) else (),
    )


def _in_file(
    place: Path, part: Path, split: Split, source: Source, rows: Iterator[Row]
) -> ImageSet:
    """Write the images beside each other in the folder ``part``, then put them in place."""
    pixels, description = part / "pixels", part / "description"
    sizes: list[tuple[int, int]] = []
    labels: list[int] = []
    names: list[str] = []
    with pixels.open("wb") as file:
        for image, label, name, *_ in rows:
            file.write(image.permute(1, 2, 0).contiguous().numpy().data)
            sizes.append((int(image.shape[-2]), int(image.shape[-1])))
            labels.append(label)
            names.append(name)
    data = _assemble(split, source, _mapped(pixels, sizes), labels, names)
    about = {
        "name": data.name,
        "split": split,
        "labels": labels,
        "class_names": data.class_names,
        "revision": data.revision,
        "fingerprint": data.fingerprint,
        "numbered": data.numbered,
        "names": data.names,
        "sizes": sizes,
    }
    description.write_text(json.dumps(about))
    pixels.replace(place.with_suffix(".bin"))  # mapped still: that is of the file, not its name
    description.replace(place.with_suffix(".json"))
    return data


def _open(place: Path) -> ImageSet | None:
    """What was kept; None where a file is missing or cannot be trusted."""
    try:
        about: dict[str, Any] = json.loads(place.with_suffix(".json").read_text())
        labels, sizes = about.pop("labels"), about.pop("sizes")
        classes, names = tuple(about.pop("class_names")), tuple(about.pop("names"))
        images = _mapped(place.with_suffix(".bin"), sizes)
        numbers = torch.tensor(labels, dtype=torch.int64)
        return ImageSet(images=images, labels=numbers, class_names=classes, names=names, **about)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _mapped(file: Path, sizes: Sequence[Sequence[int]]) -> list[Tensor]:
    """Views (3, H, W) of the pixels in a file, which are read when they are looked at.

    Raises:
        ValueError: the file has another length.
    """
    lengths = [3 * height * width for height, width in sizes]
    if file.stat().st_size != sum(lengths):
        raise ValueError(f"{file} does not hold {len(sizes)} images of these sizes")
    if not lengths:
        return []
    # Not shared: what is written to the tensors, if ever, does not reach the file.
    pixels = torch.from_file(str(file), shared=False, size=sum(lengths), dtype=torch.uint8)
    return [
        piece.view(height, width, 3).permute(2, 0, 1)
        for piece, (height, width) in zip(pixels.split(lengths), sizes, strict=True)
    ]
