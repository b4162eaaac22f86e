"""A folder's images as frames."""

import re
import warnings
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

from semjscc.errors import UserError, UserNote, printable
from semjscc.video.frames import Clip, Frame, Pixels

_DIGITS = re.compile(r"(\d+)", re.ASCII)


def frame_files(folder: Path) -> list[Path]:
    """The images directly in a folder, by name; 2 stands before 10.

    Raises:
        UserError: there are none.
    """
    from semjscc.data.folders.walking import IMAGE_SUFFIXES

    files = [
        file
        for file in folder.iterdir()
        if file.suffix.lower() in IMAGE_SUFFIXES and not file.name.startswith(".")
    ]
    if not files:
        raise UserError(f"the folder {printable(str(folder))} holds no images, and they are frames")
    return sorted(files, key=lambda file: (_in_order(file.name), file.name))


def _in_order(name: str) -> list[str | int]:
    """A key of texts and numbers in turns."""
    return [int(part) if at % 2 else part for at, part in enumerate(_DIGITS.split(name))]


def open_folder(folder: Path, files: Sequence[Path], rate: Fraction) -> Clip:
    """Images as frames; those that cannot be read are left out, with a note.

    Args:
        folder: what messages name.
        files: as of `frame_files`.
        rate: frames a second.

    Raises:
        UserError: the first cannot be read; later, that one has another size than the first.
    """
    first = _read(files[0])
    size = first.shape[0], first.shape[1]
    frames = _frames(first, files, rate)
    return Clip(printable(str(folder)), size, rate, len(files), frames)


def _frames(first: Pixels, files: Sequence[Path], rate: Fraction) -> Iterator[Frame]:
    yield Frame(0, Fraction(0), first)
    for number, file in enumerate(files[1:], 1):
        try:
            pixels = _read(file)
        except UserError as error:
            warnings.warn(f"{error}: this frame is left out", UserNote, stacklevel=2)
            continue
        if pixels.shape != first.shape:
            (height, width, _), (other_height, other_width, _) = first.shape, pixels.shape
            raise UserError(
                f"frames are of one size, and {printable(str(files[0]))} has {width} x {height} "
                f"pixels, {printable(str(file))} {other_width} x {other_height}"
            )
        yield Frame(number, number / rate, pixels)


def _read(file: Path) -> Pixels:
    from semjscc.images import read_image

    return read_image(file).permute(1, 2, 0).numpy()
