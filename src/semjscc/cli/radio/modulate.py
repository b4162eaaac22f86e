"""``semjscc modulate``: images, or moving pictures, on the air."""

from __future__ import annotations

import argparse
import sys

from semjscc.cli.answers import print_json
from semjscc.cli.important import (
    add_important,
    check_marks,
    check_same_size,
    mask_of,
    read_marks,
)
from semjscc.cli.options import add_json, existing_file, family_for_file, ratio_of
from semjscc.cli.parser import Parser, Register
from semjscc.cli.pictures import upright_size_of
from semjscc.cli.radio.modem import WAVEFORMS, add_format, recording, waveform_for
from semjscc.cli.radio.modulate_clip import modulate_clip
from semjscc.cli.transmission.clip_source import add_clip, check_still
from semjscc.errors import UserError, printable
from semjscc.paths import keep_apart, user_path
from semjscc.radio.recordings.kinds import PIPE
from semjscc.runtime.threads import import_torch
from semjscc.video.kinds import is_clip

DESIGN_SNR_DB = "10"


def register(command: Register) -> None:
    """Add the command."""
    _add_modulate(command("modulate", _modulate, "images or moving pictures to a waveform"))


def _add_modulate(modulate: Parser) -> None:
    text = "still images; or moving pictures, a folder of frames, or a camera, one of these"
    modulate.add_argument("images", nargs="+", metavar="IMAGE", help=text)
    modulate.add_argument("--link", default="semantic", help="whose symbols; or a checkpoint")
    text = "the waveform (default: audio for .wav, else sdr)"
    modulate.add_argument("--profile", choices=WAVEFORMS, help=text)
    modulate.add_argument("--out", required=True, help=".sigmf-meta, .cf32, .cs16, .wav, …, or -")
    add_format(modulate)
    modulate.add_argument("--ratio", help="such as 1/24, the default, or 0.03")
    modulate.add_argument("--snr", default=DESIGN_SNR_DB, help="in dB, what the sender codes for")
    add_important(modulate)
    modulate.add_argument("--gap", type=float, metavar="SECONDS", help="silence around each image")
    modulate.add_argument("--weights", help="family of shipped weights, such as signs")
    add_clip(modulate)
    add_json(modulate)


def _modulate(arguments: argparse.Namespace) -> None:
    # What takes no time is checked before what does: torch alone takes two seconds to import.
    from semjscc.allocation.sources import check_takes_mask
    from semjscc.codecs.bandwidth import parse_ratio
    from semjscc.decibels import parse_snr
    from semjscc.links.catalogue import find_link
    from semjscc.links.loading import uses_family
    from semjscc.radio.supported_links import check_carried

    arguments.perception = None
    gap, snr_db = arguments.gap, parse_snr(arguments.snr)
    if gap is not None and not 0 <= gap <= 3600:
        raise UserError(f"--gap is a number of seconds from 0 to 3600, not {gap:g}")
    if arguments.ratio is not None:
        parse_ratio(arguments.ratio)
    waveform = waveform_for(arguments.profile, arguments.out, arguments.format)
    if any(is_clip(user_path(text)) for text in arguments.images):
        modulate_clip(arguments, waveform, snr_db)
        return
    check_still(arguments, arguments.images[0])
    images = [existing_file(text) for text in arguments.images]
    marks = read_marks(arguments.important)
    out = recording(arguments.out)
    family = family_for_file(arguments, arguments.link, images[0])
    place = find_link(arguments.link, family)
    check_carried(place)
    if arguments.weights is not None and not uses_family(arguments.link, place):
        raise UserError(f"--weights does nothing for {printable(place.name)}: leave it out")
    if marks:
        check_takes_mask(place.policy, place.source, place.name)
        check_same_size(images)
        check_marks(marks, upright_size_of(images[0]))

    import_torch()
    from semjscc.images import read_image
    from semjscc.radio.demodulator_input import pipe_kind
    from semjscc.radio.modulation import open_sender, write_images
    from semjscc.radio.recordings.files import files_of
    from semjscc.radio.recordings.kinds import check_kind
    from semjscc.radio.waveform.profiles import PROFILES

    check_kind(arguments.format, out)
    keep_apart([*images, *marks.files], files_of(out))
    important = None
    if marks:
        first = read_image(images[0])
        important = mask_of(marks, (first.shape[-2], first.shape[-1]))
    sender = open_sender(arguments.link, family, important=important)
    ratio = ratio_of(arguments.ratio, sender.link)
    profile = PROFILES[waveform]
    sent, seconds = write_images(
        ((printable(str(path)), read_image(path)) for path in images),
        sender,
        profile,
        out,
        arguments.format,
        ratio=ratio,
        snr_db=snr_db,
        gap_s=gap,
    )
    # Standard output may be the recording itself.
    stream = sys.stderr if out == PIPE else sys.stdout
    if arguments.json:
        facts = {
            "out": out,
            "profile": profile.name,
            "sample_rate": profile.sample_rate,
            "seconds": seconds,
            "images": [one.to_dict() for one in sent],
        }
        print_json(facts, beside_recording=out == PIPE)
        return
    for one in sent:
        print(
            f"image {one.image}: {one.name}, {one.width} x {one.height} by {one.codec} at "
            f"{one.ratio}: {one.channel_uses} symbols in {one.bursts} bursts, "
            f"{one.samples / profile.sample_rate:.3f} s, {one.share:.0%} of it payload",
            file=stream,
        )
    form = f", as {arguments.format or pipe_kind(out, profile.name)}" if out == PIPE else ""
    print(f"written to {out}: {seconds:.3f} s of {profile.name}{form}", file=stream)
