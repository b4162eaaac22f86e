"""``--important``: what a person says to matter in a picture, as boxes and as masks."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from semjscc.allocation.marks import Box, check_box, check_mask_size, parse_box
from semjscc.cli.options import existing_file
from semjscc.cli.parser import Parser
from semjscc.cli.pictures import upright_size_of
from semjscc.errors import UserError, printable
from semjscc.paths import user_path

if TYPE_CHECKING:
    from torch import Tensor

_HELP = "what matters: x,y,w,h in pixels, or a mask, white on black; may be repeated"
LARGEST_CHROMA = 16
"""By how much a grey pixel's colours may differ, of 255: what JPEG makes of a mask is still one."""


class Marks(NamedTuple):
    """All that was marked.

    Attributes:
        boxes: in pixels of the picture.
        files: of masks.
    """

    boxes: list[Box]
    files: list[Path]

    def __bool__(self) -> bool:
        return bool(self.boxes or self.files)


def add_important(parser: Parser) -> None:
    """The option, of a command that sends images."""
    parser.add_argument("--important", action="append", default=[], metavar="WHERE", help=_HELP)


def read_marks(words: Iterable[str]) -> Marks:
    """What the words of the option stand for.

    Raises:
        UserError: one of them is no box, and there is no such file.
    """
    marks = Marks([], [])
    for word in words:
        if (box := parse_box(word)) is not None:
            marks.boxes.append(box)
        elif "," in word and not user_path(word).exists():
            raise UserError(
                "--important takes a box x,y,w,h of whole pixels, such as 40,30,64,64, or the file "
                f"of a mask, not '{printable(word)}'"
            )
        else:
            marks.files.append(existing_file(word))
    return marks


def check_marks(marks: Marks, size: tuple[int, int]) -> None:
    """Refuse what does not fit a picture of H x W, before seconds go by.

    Args:
        marks: of the picture.
        size: as far as it is known; (0, 0) where it is not.

    Raises:
        UserError: a box or a mask does not fit it.
    """
    if size == (0, 0):
        return
    for box in marks.boxes:
        check_box(box, size)
    for file in marks.files:
        if (own := upright_size_of(file)) != (0, 0):
            check_mask_size(str(file), own, size)


def check_same_size(files: Iterable[Path]) -> None:
    """Refuse images of several sizes, since what was marked is of one.

    Raises:
        UserError: so it is.
    """
    sizes = {size: file for file in files if (size := upright_size_of(file)) != (0, 0)}
    if len(sizes) > 1:
        (first, one), (second, other) = list(sizes.items())[:2]
        raise UserError(
            f"--important marks images of one size, and {printable(str(one))} has "
            f"{first[1]} x {first[0]} pixels, {printable(str(other))} {second[1]} x {second[0]}"
        )


def mask_of(marks: Marks, size: tuple[int, int]) -> Tensor:
    """The mask of a picture of H x W: (H, W) float32 in [0, 1].

    Raises:
        UserError: a file holds no grey image that fits, a box does not fit, or nothing matters.
    """
    from semjscc.allocation.masks import drawn_mask

    for box in marks.boxes:
        check_box(box, size)
    return drawn_mask(marks.boxes, [_read(file, size) for file in marks.files], size)


def _read(file: Path, size: tuple[int, int]) -> Tensor:
    """(h, w) float32 in [0, 1]."""
    from semjscc.images import read_image, to_float

    image = read_image(file, backdrop="black")  # what is drawn on nothing marks itself alone
    check_mask_size(str(file), (image.shape[-2], image.shape[-1]), size)
    if int((image.amax(dim=0).int() - image.amin(dim=0).int()).max()) > LARGEST_CHROMA:
        raise UserError(f"{printable(str(file))} is no mask: it holds colours, and masks are grey")
    return to_float(image).mean(dim=0)
