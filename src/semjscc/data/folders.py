"""Image folders: ``train/cat/1.jpg``, or ``cat/1.jpg`` where all is for testing."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from torch import Tensor

from semjscc.data.sources import PART_NAMES, Part, PartName, Source
from semjscc.errors import UserError
from semjscc.images import printable, read_image

# fmt: off
IMAGE_SUFFIXES = frozenset({
    ".avif", ".bmp", ".gif", ".j2k", ".jp2", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm",
    ".ppm", ".tif", ".tiff", ".webp",
})
# fmt: on
_Files = list[tuple[Path, str | None]]
"""Image files, each with its class."""


def open_image_folder(folder: Path) -> Source:
    """List the images below ``folder``; the folders that hold them name the classes.

    Class folders stand in ``train``, ``val`` and ``test``, or directly in ``folder``. Images
    without class folders have no labels. Hidden files and other file types are passed over.

    Raises:
        UserError: where there are no images, only some have a class, or a link leads out.
    """
    try:
        found = _find_parts(folder)
    except OSError as error:
        raise UserError(f"{printable(str(folder))} cannot be read: {error.strerror}") from None
    classes = {name for files in found.values() for _, name in files}
    if not classes:
        raise UserError(f"{printable(str(folder))} holds neither images nor .parquet files")
    if None in classes and len(classes) > 1:
        raise UserError(
            f"{printable(str(folder))} holds images beside its class folders;"
            " put every image into the folder of its class"
        )
    # Over all parts, so that a class missing from one of them does not shift the others.
    names = sorted(name for name in classes if name is not None)
    numbers = {name: number for number, name in enumerate(names)}
    parts: dict[PartName, Part] = {
        part: Part(
            images=partial(_read, [file for file, _ in files]),
            labels=[numbers[name] for _, name in files if name is not None] if names else None,
        )
        for part, files in found.items()
    }
    return Source(printable(folder.absolute().name), "", parts, tuple(map(printable, names)))


def _find_parts(folder: Path) -> dict[PartName, _Files]:
    found: dict[PartName, _Files] = {}
    for entry in _visible(folder):
        if entry.name in PART_NAMES and entry.is_dir():
            found.setdefault(PART_NAMES[entry.name], []).extend(_find(entry))
    found = found or {"all": _find(folder)}
    for files in found.values():
        _stay_within(folder, [file for file, _ in files])
    return found


def _visible(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))


def _find(root: Path) -> _Files:
    """List the image files in ``root`` and in its class folders."""
    files: _Files = []
    for entry in _visible(root):
        if entry.is_dir():
            files += [(file, entry.name) for file in _visible(entry) if _is_image(file)]
        elif _is_image(entry):
            files.append((entry, None))
    return files


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES


def _stay_within(folder: Path, files: Sequence[Path]) -> None:
    # A link in a downloaded folder must not show the user's other files to the program.
    home = folder.resolve()
    for file in files:
        if not file.resolve().is_relative_to(home):
            raise UserError(f"{printable(str(file))} is a link that leads out of the data folder")


def _read(files: Sequence[Path]) -> Iterator[Tensor]:
    return map(read_image, files)
