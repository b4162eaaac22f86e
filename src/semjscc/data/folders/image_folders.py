"""Image folders: ``train/cat/1.jpg``, or ``cat/1.jpg`` where all is for testing.

The first folder below the split names the class, however deep the image lies. A folder that only
wraps all others (``images``, or its own name once more) names nothing, so that Tiny-ImageNet's own
layout is read, too: ``train/n01/images/1.JPEG``, and ``val/images`` with ``val_annotations.txt``.
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from torch import Tensor

from semjscc.data.classes import one_form
from semjscc.data.folders.walking import Found, describe, listed, walk
from semjscc.data.sources import Part, PartName, Source, part_of, source_name
from semjscc.errors import UserError, UserNote
from semjscc.images import printable, read_image

ANNOTATIONS = "val_annotations.txt"
"""Of Tiny-ImageNet: in each line the name of a file and its class, with tabs between."""

_WRAPPERS = (
    "data",
    "dataset",
    "image",
    "images",
    "img",
    "imgs",
    "jpegimages",
    "photos",
    "pictures",
)


def open_image_folder(folder: Path) -> Source:
    """List the images below ``folder``; the folders that hold them name the classes.

    Class folders stand in ``train``, ``val`` and ``test``, or directly in ``folder``. Images
    without class folders have no labels. Hidden files and other file types are passed over;
    images that are left out are counted in a `UserNote`.

    Raises:
        UserError: there are no images, or it is not clear what is a split and what a class; or
            a link leads out of the folder or nowhere.
    """
    unread: Counter[str] = Counter()
    try:
        files = list(walk(folder, folder, unread))
        if not files:
            raise UserError(f"{printable(str(folder))} holds {describe(folder)}")
    except OSError as error:
        place = printable(str(error.filename or folder))
        raise UserError(f"{place} cannot be read: {error.strerror}") from None
    if unread:
        counts = listed(unread)
        _tell(folder, f"images of endings or formats that are not read are left out, {counts}")
    found = _divide(folder, _unwrapped(files, source_name(folder)))
    classes = {part: _classes(files) for part, files in found.items()}
    # Over all parts, so that a class missing from one of them does not shift the others.
    names = sorted({name for of_part in classes.values() for name in of_part if name is not None})
    _check_nesting(folder, names, found)
    problem = _lone_class(folder, names, found)
    parts: dict[PartName, Part] = {
        part: _part(folder, files, classes[part], names, problem) for part, files in found.items()
    }
    return Source(source_name(folder), "", parts, tuple(map(printable, names)))


def _tell(folder: Path, text: str) -> None:
    warnings.warn(f"{printable(str(folder))}: {text}", UserNote, stacklevel=3)


def _unwrapped(files: Sequence[Found], name: str, part: PartName | None = None) -> list[Found]:
    """The files without the folders that all of them lie in and that name neither split nor class.

    Args:
        files: at least one.
        name: of the folder that they lie in, which a packed folder often holds once more.
        part: the split that the folder is.
    """
    while True:
        first = files[0].below[:1]
        if not first or any(file.below[:1] != first for file in files):
            return list(files)
        again = first[0].casefold() == name.casefold() or (part and part_of(first[0]) == part)
        if not again and first[0].casefold() not in _WRAPPERS:
            return list(files)
        name, files = first[0], [replace(file, below=file.below[1:]) for file in files]


def _divide(folder: Path, files: Sequence[Found]) -> dict[PartName, list[Found]]:
    """The files of each split, by the first folder that they lie in."""
    found: dict[PartName, list[Found]] = {}
    called: dict[PartName, str] = {}
    others: list[Found] = []
    for file in files:
        part = part_of(file.below[0]) if file.below else None
        if part is None:
            others.append(file)
            continue
        name = file.below[0]
        if called.setdefault(part, name) != name:
            both = printable(f"{called[part]} and {name}")
            raise UserError(f"{printable(str(folder))} holds {both}: keep one of them")
        found.setdefault(part, []).append(replace(file, below=file.below[1:]))
    if not found:
        return {"all": others}
    where = printable(
        ", ".join(sorted({file.below[0] if file.below else "no folder" for file in others}))
    )
    if others and len(found) == 1:
        split = printable(*called.values())
        raise UserError(
            f"{printable(str(folder))} holds images in {where} beside those in {split}: move them"
            f" away if {split} is a split, and give it another name if it is a class"
        )
    if others:
        _tell(folder, f"images beside the splits are left out, {len(others):,} in {where}")
    return {part: _unwrapped(files, called[part], part) for part, files in found.items()}


def _classes(files: Sequence[Found]) -> list[str | None]:
    """The class of each file, None where it has none."""
    if any(file.below for file in files):
        return [one_form(file.below[0]) if file.below else None for file in files]
    for place in (files[0].path.parent, files[0].path.parent.parent):
        if (place / ANNOTATIONS).is_file():
            return _annotated(place / ANNOTATIONS, files)
    return [None] * len(files)


def _annotated(path: Path, files: Sequence[Found]) -> list[str | None]:
    try:
        rows = [line.split("\t") for line in path.read_text(errors="replace").splitlines()]
    except OSError as error:
        raise UserError(f"{printable(str(path))} cannot be read: {error.strerror}") from None
    told = {one_form(row[0]): one_form(row[1]) for row in rows if len(row) > 1}
    return [told.get(one_form(file.path.name)) for file in files]


def _check_nesting(folder: Path, names: Sequence[str], found: dict[PartName, list[Found]]) -> None:
    """Refuse splits that lie where only classes, or parts of them, are looked for."""
    deep = [name for name in names if part_of(name)]
    if len(deep) < len(names) or not names:
        # A class may be called train; one that has folders in it is a split.
        inner = {
            file.below if len(file.below) > 1 else () for files in found.values() for file in files
        }
        deep = sorted(name for folders in inner for name in folders if part_of(name))
    if deep:
        raise UserError(
            f"{printable(str(folder))} holds a folder {printable(deep[0])} deeper down: name the"
            " folder that it lies in, or put train and test at the top"
        )


def _lone_class(folder: Path, names: Sequence[str], found: dict[PartName, list[Found]]) -> str:
    """Why the only class is none, or ""; it may be a wrapper whose folders are the classes."""
    below = [file.below for files in found.values() for file in files if file.below]
    inner = {folders[1] for folders in below if len(folders) > 1}
    if len(names) == 1 and len(inner) > 1 and all(len(folders) > 1 for folders in below):
        return (
            f"{printable(str(folder))} has a single class, {printable(names[0])}, with folders in"
            " it; if those are the classes, put them in its place"
        )
    return ""


def _part(
    folder: Path,
    files: Sequence[Found],
    classes: Sequence[str | None],
    names: Sequence[str],
    problem: str,
) -> Part:
    if not problem and None in classes and set(classes) != {None}:
        problem = (
            f"{printable(str(folder))} holds images beside its class folders;"
            " put every image into the folder of its class"
        )
    numbers = {name: number for number, name in enumerate(names)}
    labels = [numbers[name] for name in classes if name is not None]
    return Part(
        images=partial(_read, [file.path for file in files]),
        labels=None if problem or None in classes else labels,
        unlabelled=problem,
        names=[printable(str(file.path.relative_to(folder))) for file in files],
    )


def _read(files: Sequence[Path]) -> Iterator[Tensor]:
    return map(read_image, files)
