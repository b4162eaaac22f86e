"""``semjscc transmit``."""

from __future__ import annotations

import argparse

from semjscc.cli.answers import print_json
from semjscc.cli.important import add_important, check_marks, mask_of, read_marks
from semjscc.cli.options import (
    add_device,
    add_json,
    add_situation,
    check_classes,
    check_network,
    existing_file,
    family_for_file,
    few_digits,
    ratio_of,
    warn,
    warn_of_no_channel,
)
from semjscc.cli.parser import Register
from semjscc.cli.pictures import (
    RECEIVED,
    check_figure,
    check_picture,
    check_received,
    upright_size_of,
    write_picture,
)
from semjscc.cli.transmission.clip_source import add_clip, check_still
from semjscc.cli.transmission.clips import transmit_clip
from semjscc.errors import UserError
from semjscc.paths import keep_apart, user_path
from semjscc.runtime.threads import import_torch
from semjscc.video.kinds import is_clip


def register(command: Register) -> None:
    """Add the command."""
    transmit = command("transmit", _transmit, "send one image of any size, or moving pictures")
    text = "a still image, moving pictures, a folder of frames, or a camera such as /dev/video0"
    transmit.add_argument("image", metavar="IMAGE", help=text)
    text = "its name, or a checkpoint's path; of moving pictures several as a list"
    transmit.add_argument("--link", default="semantic", help=text)
    transmit.add_argument("--snr", required=True, help="in dB")
    add_important(transmit)
    transmit.add_argument("--ratio", help="such as 1/24, the default, or 0.03")
    text = f"what arrives; its ending says the format (default for an image: {RECEIVED})"
    transmit.add_argument("--out", help=text)
    text = "figure of what the network sees, before and after; of moving pictures JSON lines"
    transmit.add_argument("--seen", help=text)
    add_clip(transmit)
    add_situation(transmit)
    add_device(transmit)
    add_json(transmit)


def _transmit(arguments: argparse.Namespace) -> None:
    if is_clip(user_path(arguments.image)):
        transmit_clip(arguments)
    else:
        check_still(arguments, arguments.image)
        _transmit_image(arguments)


def _transmit_image(arguments: argparse.Namespace) -> None:
    # What takes no time is checked before what does: torch alone takes two seconds to import.
    from semjscc.allocation.sources import check_takes_mask
    from semjscc.codecs.bandwidth import parse_ratio
    from semjscc.decibels import parse_snr
    from semjscc.families import default_perception
    from semjscc.links.catalogue import LABEL, find_link
    from semjscc.radio.supported_links import seconds_on_air

    snr_db = parse_snr(arguments.snr)
    assumed = arguments.assumed_snr
    assumed_snr_db = None if assumed is None else parse_snr(assumed, "--assumed-snr")
    if arguments.ratio is not None:
        parse_ratio(arguments.ratio)
    source, out = existing_file(arguments.image), user_path(arguments.out or RECEIVED)
    seen = None if arguments.seen is None else user_path(arguments.seen)
    marks = read_marks(arguments.important)
    keep_apart([source, *marks.files], [out] if seen is None else [out, seen])
    check_picture(out, warn)
    if arguments.out is None:
        check_received()
    if seen is not None:
        check_figure(seen)
        if seen.absolute() == out.absolute():
            raise UserError("--seen and --out are the same file")
    family = family_for_file(arguments, arguments.link, source)
    place = find_link(arguments.link, family)
    if place.scheme == LABEL:
        raise UserError(f"the link '{LABEL}' brings no image: compare it with evaluate")
    warn_of_no_channel(arguments, [place])
    if marks:
        check_takes_mask(place.policy, place.source, place.name)
        check_marks(marks, upright_size_of(source))
    check_classes(arguments)
    judge = arguments.perception or default_perception(family)
    check_network(judge)

    import_torch()
    from semjscc.channels import channel_named
    from semjscc.images import read_image, to_float
    from semjscc.links import Situation, open_link
    from semjscc.perception.store import open_perception
    from semjscc.randomness import Draws
    from semjscc.runtime.devices import device_named
    from semjscc.transmission import transmit

    channel = channel_named(arguments.channel)
    image = read_image(source)
    perception = open_perception(
        judge, arguments.network, own_task=arguments.task, device=device_named(arguments.device)
    )
    important = mask_of(marks, (image.shape[-2], image.shape[-1])) if marks else None
    link = open_link(arguments.link, family, perception, important=important)
    ratio = ratio_of(arguments.ratio, link)
    draws = Draws(arguments.seed, [0])
    situation = Situation(channel, snr_db, ratio, draws, assumed_snr_db)
    received, report = transmit(image, link, perception, situation)
    write_picture(received, out)
    if seen is not None:
        from semjscc.report.figures.panels import save_figure
        from semjscc.report.strip import sight, strip_figure, strip_title

        panels = [sight("original", to_float(image), perception)]
        panels.append(sight(link.name, received, perception))
        met = strip_title(situation, image.shape[-2], image.shape[-1])
        title = "no channel" if report.snr_db is None else met
        save_figure(strip_figure([panels], title), seen)
    if report.warning:
        warn(report.warning)
    if report.note:
        warn(report.note)
    on_air = seconds_on_air(place, (image.shape[-2], image.shape[-1]), ratio)
    shown = {} if seen is None else {"seen": str(seen)}
    if arguments.json:
        facts = {**report.to_dict(), "seconds_on_air": on_air, "out": str(out)}
        print_json(facts | shown)
        return
    quality = "no error" if report.psnr_db is None else f"{report.psnr_db:.2f} dB"
    met = "no channel" if report.snr_db is None else f"SNR {report.snr_db:g} dB"
    print(f"link          {report.link}, {met}, seen by {perception.name}")
    if report.ratio_measured is not None:
        print(f"ratio         {report.ratio} nominal, k/n = {report.ratio_measured:.5f}")
    print(
        f"channel uses  {report.channel_uses} complex symbols, {report.control_bits} control bits"
    )
    if on_air is not None:
        takes = [f"{few_digits(seconds)} s by {name}" for name, seconds in on_air.items()]
        print(f"on the air    {', '.join(takes)}, the profiles of the modem")
    if report.payload_bits is not None:
        print(f"payload       {report.payload_bits} bits by {report.codec or 'no coder: too few'}")
    print(f"PSNR          {quality if report.delivered else 'nothing delivered: the mean image'}")
    for when, things in (("before", report.all_before), ("after", report.all_after)):
        said = ", ".join(f"{one.label} ({one.confidence:.0%})" for one in things)
        print(f"{when:<14}{said or 'nothing'}")
    print(f"written to    {out}" + ("" if seen is None else f", and what is seen to {seen}"))
