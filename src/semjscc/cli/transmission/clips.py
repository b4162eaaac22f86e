"""``semjscc transmit`` with moving pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from semjscc.cli.answers import print_json
from semjscc.cli.important import Marks, check_marks, mask_of, read_marks
from semjscc.cli.options import (
    check_classes,
    check_network,
    columns,
    family_for_size,
    ratio_of,
    split_list,
    warn,
    warn_of_no_channel,
)
from semjscc.cli.transmission.clip_answers import clip_facts, clip_rows, frames_are
from semjscc.cli.transmission.clip_source import (
    Source,
    budget_of,
    check_seen,
    open_source,
    source_of,
)
from semjscc.errors import UserError
from semjscc.paths import keep_apart, user_path
from semjscc.runtime.threads import import_torch
from semjscc.video.kinds import check_clip_out

if TYPE_CHECKING:
    from semjscc.links.catalogue import Place


class _Asked(NamedTuple):
    """What the words say, before anything is opened that takes time."""

    source: Source
    out: Path | None
    seen: Path | None
    links: list[str]
    marks: Marks


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
    clip, size, files = open_source(asked.source)
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

    clip = clip or open_folder(asked.source.path, files, asked.source.rate)
    if clip.has_sound:
        warn(f"the sound of {clip.name} is not sent")
    channel = channel_named(arguments.channel)
    perception = open_perception(
        judge, arguments.network, own_task=arguments.task, device=device_named(arguments.device)
    )
    important = mask_of(asked.marks, clip.size) if asked.marks else None
    links = [open_link(name, family, perception, important=important) for name in asked.links]
    budget = budget_of(arguments.ratio, asked.source, links, clip)
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
        limit=asked.source.limit,
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
    if (stop := stop_of(outcome, f"{frames_are(outcome.sent)} in {where}")) is not None:
        raise stop


def _asked(arguments: argparse.Namespace) -> _Asked:
    from semjscc.codecs.bandwidth import parse_ratio

    if arguments.ratio is not None:
        parse_ratio(arguments.ratio)
    source = source_of(arguments, arguments.image)
    out = None if arguments.out is None else user_path(arguments.out)
    seen = None if arguments.seen is None else user_path(arguments.seen)
    marks = read_marks(arguments.important)
    keep_apart([source.path, *marks.files], [one for one in (out, seen) if one is not None])
    if out is None and seen is None:
        raise UserError("moving pictures need a file: name one with --out, such as received.mp4")
    if out is not None:
        check_clip_out(out)
    if seen is not None:
        check_seen(seen)
    return _Asked(source, out, seen, split_list(arguments.link), marks)


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
