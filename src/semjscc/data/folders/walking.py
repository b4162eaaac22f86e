"""The files below a folder, in an order that does not change, and never a file outside it."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from semjscc.errors import UserError
from semjscc.images import begins_like_an_image, printable

# fmt: off
IMAGE_SUFFIXES = frozenset({
    ".apng", ".avif", ".bmp", ".gif", ".j2c", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg",
    ".jpx", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tif", ".tiff", ".webp",
})
UNREAD_SUFFIXES = frozenset({
    ".arw", ".cr2", ".cr3", ".dng", ".exr", ".heic", ".heif", ".ico", ".jxl", ".nef", ".npy",
    ".orf", ".pcx", ".psd", ".raf", ".raw", ".rw2", ".svg", ".tga",
})
"""Images of formats that are not read here, which a user should not miss without a word."""
_OF_WORDS = frozenset({".csv", ".htm", ".html", ".json", ".md", ".txt", ".xml", ".yaml", ".yml"})
"""What stands beside images, often one for each, and is none."""
# fmt: on

_MOST_DESCRIBED = 10_000


@dataclass(frozen=True)
class Found:
    """An image file.

    Attributes:
        path: where it is.
        below: the folders between the one that was walked and the file.
    """

    path: Path
    below: tuple[str, ...]


@dataclass(frozen=True)
class Entries:
    """What is directly in a folder, by name; hidden entries are passed over."""

    folders: list[Path]
    images: list[Path]
    others: list[Path]


def entries(folder: Path) -> Entries:
    """Look into a folder.

    Raises:
        OSError: it cannot be read.
    """
    found = Entries([], [], [])
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            found.folders.append(entry)
        elif entry.suffix.lower() in IMAGE_SUFFIXES:
            found.images.append(entry)
        else:
            found.others.append(entry)
    return found


def walk(root: Path, home: Path, unread: Counter[str]) -> Iterator[Found]:
    """All images below a folder, at any depth, those of a folder before those of its subfolders.

    Args:
        root: where to begin.
        home: the data folder, which no link may lead out of.
        unread: counts the images of other formats, and those of endings that are no image's, by
            their ending.

    Raises:
        UserError: a link leads out of the data folder, back to where it lies, or nowhere.
        OSError: a folder cannot be read.
    """
    home = home.resolve()
    waiting: list[tuple[Path, tuple[str, ...], frozenset[tuple[int, int]]]] = []
    waiting.append((root, (), frozenset()))
    while waiting:
        folder, below, above = waiting.pop()
        _check_link(folder, home)
        stat = folder.stat()
        if (stat.st_dev, stat.st_ino) in above:
            raise UserError(f"{printable(str(folder))} is a link to a folder that it lies in")
        above |= {(stat.st_dev, stat.st_ino)}
        inside = entries(folder)
        for image in inside.images:
            if image.is_symlink():
                _check_link(image, home)
            yield Found(image, below)
        for other in inside.others:
            if not other.suffix and not other.exists():  # a link to a folder that was moved
                _check_link(other, home)
        unread.update(other.suffix.lower() for other in inside.others if _is_unread(other))
        waiting += [(inner, (*below, inner.name), above) for inner in reversed(inside.folders)]


def _is_unread(file: Path) -> bool:
    """Whether a file is an image of another format, or one whose name hides it: ``a.jpg?w=200``."""
    ending = file.suffix.lower()
    if ending in UNREAD_SUFFIXES or ending in _OF_WORDS or file.is_symlink() or not file.is_file():
        return ending in UNREAD_SUFFIXES
    try:
        with file.open("rb") as stream:
            return begins_like_an_image(stream.read(12))
    except OSError:
        return False


def _check_link(path: Path, home: Path) -> None:
    """A link in a downloaded folder must not show the user's other files to the program."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # a loop is one or the other, by the version of Python
        if not path.is_symlink():
            raise
        raise UserError(f"{printable(str(path))} is a link that leads nowhere") from None
    if not target.is_relative_to(home):
        raise UserError(f"{printable(str(path))} is a link that leads out of the data folder")


def describe(folder: Path) -> str:
    """What a folder holds instead of data, as the end of a sentence.

    Raises:
        OSError: the folder cannot be read.
    """
    files = list(islice(_files(folder), _MOST_DESCRIBED))
    counts = Counter(file.suffix.lower() for file in files)
    if ".parquet" in counts:
        first = next(file for file in files if file.suffix.lower() == ".parquet")
        place = printable(str(first.relative_to(folder)))
        return f".parquet files deeper down, such as {place}: name the folder of their splits"
    more = " or more" if len(files) == _MOST_DESCRIBED else ""
    found = f"it holds {listed(counts)}{more}" if counts else "it is empty"
    return f"neither images nor .parquet files: {found}"


def listed(counts: Counter[str]) -> str:
    """The most frequent kinds of files, as in ``3 .csv, 1 .zip``."""
    shown = [
        f"{count:,} {ending or 'without an ending'}" for ending, count in counts.most_common(4)
    ]
    return printable(", ".join(shown) + (", …" if len(counts) > len(shown) else ""))


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(place, name) for name in files if not name.startswith("."))
