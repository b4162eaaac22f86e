"""``semjscc transmit`` with moving pictures."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from semjscc.cli.answers import print_json
from semjscc.cli.important import Marks, check_marks, mask_of, read_marks
from semjscc.cli.options import (
    at_least,
    check_classes,
    check_network,
    columns,
    existing_file,
    family_for_size,
    ratio_of,
    split_list,
    warn,
    warn_of_no_channel,
)
from semjscc.cli.parser import Parser
from semjscc.cli.pictures import upright_size_of
from semjscc.cli.transmission.clip_answers import clip_facts, clip_rows, frames_text
from semjscc.errors import UserError, printable
from semjscc.paths import check_writable, keep_apart, user_path
from semjscc.runtime.threads import import_torch
from semjscc.video.kinds import check_clip_out, is_camera

if TYPE_CHECKING:
    from semjscc.links import Link
    from semjscc.links.catalogue import Place
    from semjscc.video.budget import Budget
    from semjscc.video.frames import Clip

SEEN = ".jsonl"
"""How a file of what is seen in moving pictures ends."""
_NUMBERS = {"--symbols-per-second": (1, 1e12), "--fps": (0.001, 1000)}
"""The options of moving pictures that take a number, with the least and the most."""


class _Asked(NamedTuple):
    """What the words say, before anything is opened that takes time."""

    source: Path
    out: Path | None
    seen: Path | None
    links: list[str]
    marks: Marks
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


def check_still(arguments: argparse.Namespace) -> None:
    """Refuse the options of moving pictures for a still image.

    Raises:
        UserError: one is there.
    """
    for option in (*_NUMBERS, "--limit"):
        if getattr(arguments, option.removeprefix("--").replace("-", "_")) is not None:
            name = printable(arguments.image)
            raise UserError(f"{option} is of moving pictures, and {name} is not among them")


def transmit_clip(arguments: argparse.Namespace) -> None:
    """Send moving pictures and say what it came to."""
    # As with an image, what takes no time is checked before what does.
    from semjscc.decibels import parse_snr
    from semjscc.families import default_perception

    snr_db = parse_snr(arguments.snr)
    assumed = arguments.assumed_snr
    assumed_snr_db = None if assumed is None else parse_snr(assumed, "--assumed-snr")
    asked = _asked(arguments)
    check_classes(arguments)
    clip, size, files = _opened(asked)
    family = family_for_size(arguments, asked.links, size)
    places = [_place(name, family, asked.marks, size) for name in asked.links]
    warn_of_no_channel(arguments, places)
    judge = arguments.perception or default_perception(family)
    check_network(judge)

    import_torch()
    from semjscc.channels import channel_named
    from semjscc.links import Situation, open_link
    from semjscc.perception.store import open_perception
    from semjscc.randomness import Draws
    from semjscc.runtime.devices import device_named
    from semjscc.video.folder import open_folder
    from semjscc.video.sending import send_clip, stop_of

    clip = clip or open_folder(asked.source, files, asked.rate)
    if clip.has_sound:
        warn(f"the sound of {clip.name} is not sent")
    channel = channel_named(arguments.channel)
    perception = open_perception(
        judge, arguments.network, own_task=arguments.task, device=device_named(arguments.device)
    )
    important = mask_of(asked.marks, clip.size) if asked.marks else None
    links = [open_link(name, family, perception, important=important) for name in asked.links]
    budget = _budget(arguments.ratio, asked, links, clip)
    situations = [
        Situation(
            channel,
            snr_db,
            ratio_of(arguments.ratio, link) if budget is None else budget.ratio,
            Draws(arguments.seed, [0]),
            assumed_snr_db,
        )
        for link in links
    ]
    outcome = send_clip(
        clip,
        list(zip(links, situations, strict=True)),
        perception,
        out=asked.out,
        seen=asked.seen,
        interval=None if budget is None else budget.interval,
        limit=asked.limit,
    )
    if outcome.warning:
        warn(f"of the first frame: {outcome.warning}")
    facts = clip_facts(clip, outcome, places, links, situations)
    files_written = {
        name: str(path) for name, path in (("out", asked.out), ("seen", asked.seen)) if path
    }
    if arguments.json:
        print_json({**facts, **files_written})
    else:
        print(columns(clip_rows(facts, perception, files_written)))
    where = " and ".join(files_written.values())
    if (stop := stop_of(outcome, f"{frames_text(outcome.sent)} are in {where}")) is not None:
        raise stop


def _asked(arguments: argparse.Namespace) -> _Asked:
    from semjscc.codecs.bandwidth import parse_ratio

    if arguments.ratio is not None:
        parse_ratio(arguments.ratio)
    for option, (least, most) in _NUMBERS.items():
        number = getattr(arguments, option.removeprefix("--").replace("-", "_"))
        if number is not None and not least <= number <= most:
            raise UserError(f"{option} is a number from {least:g} to {most:g}, not {number:g}")
    if arguments.limit is not None:
        at_least(1, arguments.limit, "--limit")
    source = user_path(arguments.image)
    if not is_camera(source):
        source = existing_file(arguments.image)
    if arguments.fps is not None and not source.is_dir():
        raise UserError("--fps is of a folder of frames: files and cameras tell their own")
    out = None if arguments.out is None else user_path(arguments.out)
    seen = None if arguments.seen is None else user_path(arguments.seen)
    marks = read_marks(arguments.important)
    keep_apart([source, *marks.files], [one for one in (out, seen) if one is not None])
    if out is None and seen is None:
        raise UserError("moving pictures need a file: name one with --out, such as received.mp4")
    if out is not None:
        check_clip_out(out)
    if seen is not None:
        if seen.suffix.lower() != SEEN and (seen.is_file() or not seen.exists()):
            name = printable(str(seen))
            raise UserError(f"what is seen in moving pictures goes to a {SEEN} file, not to {name}")
        check_writable(seen)
    symbols, fps = arguments.symbols_per_second, arguments.fps
    return _Asked(
        source,
        out,
        seen,
        split_list(arguments.link),
        marks,
        None if symbols is None else Fraction(symbols).limit_denominator(10**6),
        Fraction(25) if fps is None else Fraction(fps).limit_denominator(10**6),
        arguments.limit,
    )


def _opened(asked: _Asked) -> tuple[Clip | None, tuple[int, int], list[Path]]:
    """The clip and its size; of a folder the files in its stead, since to read them takes torch."""
    if asked.source.is_dir():
        from semjscc.video.folder import frame_files

        files = frame_files(asked.source)
        return None, upright_size_of(files[0]), files
    from semjscc.video.reading import open_camera, open_video

    clip = open_camera(asked.source) if is_camera(asked.source) else open_video(asked.source)
    return clip, clip.size, []


def _place(name: str, family: str, marks: Marks, size: tuple[int, int]) -> Place:
    """Where a link is found.

    Raises:
        UserError: there is none, or it does not fit what is asked.
    """
    from semjscc.allocation.sources import check_takes_mask
    from semjscc.links.catalogue import LABEL, find_link

    place = find_link(name, family)
    if place.scheme == LABEL:
        raise UserError(f"the link '{LABEL}' brings no image: compare it with evaluate")
    if marks:
        check_takes_mask(place.policy, place.source, place.name)
        check_marks(marks, size)
    return place


def _budget(ratio: str | None, asked: _Asked, links: Sequence[Link], clip: Clip) -> Budget | None:
    """Of the symbols a second that there are; None where nobody says how many.

    Raises:
        UserError: the links have no ratio in common, or keep to no budget.
    """
    from semjscc.codecs.bandwidth import parse_ratio
    from semjscc.video.budget import Range, common_range, fit_budget
    from semjscc.video.transmission import ratios_of

    if asked.symbols_per_second is None:
        return None
    own = [ratios_of(link) for link in links]
    if ratio is not None:
        stated = parse_ratio(ratio)
        ratios: Range | None = Range(stated, stated, (stated,))
    else:
        ratios = common_range(own)
    if ratios is None:
        raise UserError("these links have no ratio in common: send them one by one")
    return fit_budget(asked.symbols_per_second, clip.rate, clip.size, ratios)
