"""Moving pictures as commands take them: the options, where frames come from, the budget."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from semjscc.cli.options import at_least, existing_file
from semjscc.cli.parser import Parser
from semjscc.cli.pictures import upright_size_of
from semjscc.errors import UserError, printable
from semjscc.paths import check_writable, user_path
from semjscc.video.kinds import is_camera

if TYPE_CHECKING:
    from semjscc.links import Link
    from semjscc.video.budget import Budget
    from semjscc.video.frames import Clip

FPS = 0.001, 1000
"""Frames a second, the least and the most."""
SEEN = ".jsonl"
"""How a file of what is seen in moving pictures ends."""
_NUMBERS = {"--symbols-per-second": (1, 1e12), "--fps": FPS}
"""The options of moving pictures that take a number, with the least and the most."""


class Source(NamedTuple):
    """Where frames come from, and which of them are sent.

    Attributes:
        path: a file, a folder of frames or a camera.
        symbols_per_second: that there are; None where nobody says how many.
        rate: frames a second of a folder.
        limit: only the first so many frames.
    """

    path: Path
    symbols_per_second: Fraction | None
    rate: Fraction
    limit: int | None


def add_clip(parser: Parser) -> None:
    """The options of moving pictures."""
    text = "of moving pictures: complex symbols a second; ratio and frame rate follow"
    parser.add_argument("--symbols-per-second", type=float, metavar="S", help=text)
    text = "frames a second of a folder (default: 25)"
    parser.add_argument("--fps", type=float, help=text)
    text = "of moving pictures: only the first so many frames"
    parser.add_argument("--limit", type=int, help=text)


def check_still(arguments: argparse.Namespace, image: str) -> None:
    """Refuse the options of moving pictures for a still image.

    Raises:
        UserError: one is there.
    """
    for option in (*_NUMBERS, "--limit"):
        if getattr(arguments, option.removeprefix("--").replace("-", "_")) is not None:
            name = printable(image)
            raise UserError(f"{option} is of moving pictures, and {name} is not among them")


def check_number(option: str, number: float | None, limits: tuple[float, float]) -> None:
    """Refuse a number that lies beyond its limits.

    Raises:
        UserError: it does.
    """
    least, most = limits
    if number is not None and not least <= number <= most:
        raise UserError(f"{option} is a number from {least:g} to {most:g}, not {number:g}")


def stated_rate(fps: float | None) -> Fraction:
    """Frames a second as stated, or the usual ones."""
    return Fraction(25) if fps is None else Fraction(fps).limit_denominator(10**6)


def check_seen(path: Path) -> None:
    """Whether lines of what is seen can be written there.

    Raises:
        UserError: the ending is another, or no file can be made there.
    """
    if path.suffix.lower() != SEEN and (path.is_file() or not path.exists()):
        name = printable(str(path))
        raise UserError(f"what is seen in moving pictures goes to a {SEEN} file, not to {name}")
    check_writable(path)


def source_of(arguments: argparse.Namespace, text: str) -> Source:
    """What the words say of a clip, before anything is opened that takes time.

    Raises:
        UserError: a number cannot be, there is no such file, or an option is not of its kind.
    """
    for option, limits in _NUMBERS.items():
        number = getattr(arguments, option.removeprefix("--").replace("-", "_"))
        check_number(option, number, limits)
    if arguments.limit is not None:
        at_least(1, arguments.limit, "--limit")
    path = user_path(text)
    if not is_camera(path):
        path = existing_file(text)
    if arguments.fps is not None and not path.is_dir():
        raise UserError("--fps is of a folder of frames: files and cameras tell their own")
    symbols = arguments.symbols_per_second
    return Source(
        path,
        None if symbols is None else Fraction(symbols).limit_denominator(10**6),
        stated_rate(arguments.fps),
        arguments.limit,
    )


def open_source(source: Source) -> tuple[Clip | None, tuple[int, int], list[Path]]:
    """The clip and its size; of a folder the files in its stead, since to read them takes torch."""
    if source.path.is_dir():
        from semjscc.video.folder import frame_files

        files = frame_files(source.path)
        return None, upright_size_of(files[0]), files
    from semjscc.video.reading import open_camera, open_video

    clip = open_camera(source.path) if is_camera(source.path) else open_video(source.path)
    return clip, clip.size, []


def budget_of(
    ratio: str | None, source: Source, links: Sequence[Link], clip: Clip
) -> Budget | None:
    """Of the symbols a second that there are; None where nobody says how many.

    Raises:
        UserError: the links have no ratio in common, or keep to no budget.
    """
    from semjscc.codecs.bandwidth import parse_ratio
    from semjscc.video.budget import Range, common_range, fit_budget
    from semjscc.video.transmission import ratios_of

    if source.symbols_per_second is None:
        return None
    own = [ratios_of(link) for link in links]
    if ratio is not None:
        stated = parse_ratio(ratio)
        ratios: Range | None = Range(stated, stated, (stated,))
    else:
        ratios = common_range(own)
    if ratios is None:
        raise UserError("these links have no ratio in common: send them one by one")
    return fit_budget(source.symbols_per_second, clip.rate, clip.size, ratios)
