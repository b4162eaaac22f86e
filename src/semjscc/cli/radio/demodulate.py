"""``semjscc demodulate``: a recording to the images, or moving pictures, in it."""

from __future__ import annotations

import argparse

from semjscc.cli.options import add_json, check_classes, check_network, warn
from semjscc.cli.parser import Parser, Register
from semjscc.cli.radio.modem import WAVEFORMS, add_format, check_stated, recording
from semjscc.cli.radio.received import kept_of
from semjscc.errors import UserError
from semjscc.paths import keep_apart, user_path
from semjscc.radio.recordings.kinds import COMPRESSED, FORMATS, PIPE
from semjscc.runtime.threads import import_torch


def register(command: Register) -> None:
    """Add the command."""
    _add_demodulate(command("demodulate", _demodulate, "a recording to the images in it"))


def _add_demodulate(demodulate: Parser) -> None:
    demodulate.add_argument("file", metavar="FILE", help="a recording, or - for a pipe")
    text = "folder for images and log, or a file of moving pictures such as received.mp4"
    demodulate.add_argument("--out", required=True, help=text)
    demodulate.add_argument("--profile", choices=WAVEFORMS, help="where the file does not tell")
    add_format(demodulate, (*FORMATS, *COMPRESSED))
    text = "samples a second, where the file does not tell (default: the profile's)"
    demodulate.add_argument("--rate", type=float, help=text)
    text = "where the signal's centre lies above the recording's"
    demodulate.add_argument("--offset", type=float, default=0.0, metavar="HZ", help=text)
    text = "I is Q and Q is I, as in a spectrum that is turned round"
    demodulate.add_argument("--swap-iq", action="store_true", help=text)
    demodulate.add_argument(
        "--codec", action="append", default=[], help="checkpoint of the sender's"
    )
    demodulate.add_argument("--weights", help="family whose network looks (default: the header's)")
    demodulate.add_argument("--perception", help="name or path of the network that looks")
    demodulate.add_argument("--network", help="its class, my.module:Class, where it is yours")
    demodulate.add_argument("--task", help="the class of its task, likewise")
    demodulate.add_argument("--live", action="store_true", help="play at its own speed and watch")
    demodulate.add_argument(
        "--fps", type=float, help="of moving pictures: frames a second (default: 25)"
    )
    text = "of moving pictures: what the network sees in each frame, as JSON lines"
    demodulate.add_argument("--seen", metavar="JSONL", help=text)
    add_json(demodulate)


def _demodulate(arguments: argparse.Namespace) -> None:
    from semjscc.families import choose_family

    path, quiet = recording(arguments.file, is_read=True), arguments.json
    kept = kept_of(arguments)
    family = "" if arguments.weights is None else choose_family(arguments.weights, "")
    if arguments.perception is not None:
        check_network(arguments.perception)
    check_classes(arguments)
    check_stated(arguments.rate, arguments.offset)

    import_torch()
    from contextlib import closing

    from rich.console import Console

    from semjscc.perception.store import open_perception
    from semjscc.radio.demodulation import line, listen, watch
    from semjscc.radio.demodulator_input import Stated, open_recording
    from semjscc.radio.frame_decoding import TITLES, Listener, columns
    from semjscc.radio.recordings.files import files_of
    from semjscc.radio.recordings.kinds import check_kind
    from semjscc.radio.weights import Receivers

    check_kind(arguments.format, path)
    keep_apart(files_of(path), kept.files)
    lacking: dict[str | None, None] = {}
    imageless: list[str | None] = []
    warned: set[str] = set()
    stated = Stated(
        arguments.profile, arguments.format, arguments.rate, arguments.offset, arguments.swap_iq
    )
    opened = open_recording(path, stated, warn)
    profile = opened.profile
    looks, perception = arguments.perception, None
    if looks is not None:
        perception = open_perception(looks, arguments.network, own_task=arguments.task)
    codecs = [user_path(text) for text in arguments.codec]
    receivers = Receivers(codecs, family)
    listener = Listener(receivers, perception, family)
    facts = {"file": path, "profile": profile.name, "sample_rate": profile.sample_rate}
    talks, titled, frames = not quiet and not arguments.live, False, 0
    try:
        with kept.open(facts, profile) as book:
            to_hear = opened.chunks, profile, listener, book, opened.room, warn
            # Standard output belongs to programs where they asked for it.
            # Whoever feeds a pipe may still be sending: the first picture comes early.
            heard = (
                watch(*to_hear, Console(stderr=quiet))
                if arguments.live
                else listen(*to_hear, early=path == PIPE)
            )
            with closing(heard):
                for one in heard:
                    if one.lacking:
                        lacking[one.problem] = None
                    if one.imageless:
                        imageless.append(one.problem)
                    if one.warning and one.warning not in warned:
                        warned.add(one.warning)
                        warn(f"image {one.frame.image}: {one.warning}")
                    if talks:
                        head = [] if titled else [line(TITLES)]
                        print(*head, line(columns(one)), sep="\n", flush=True)
                        titled = True
                    frames += not one.is_early
    except KeyboardInterrupt as stop:
        kept.tell(quiet=quiet)
        raise kept.stopped(stop) from None
    if talks and not frames:
        print(f"no frame of {profile.name} in it")
    kept.tell(quiet=quiet)
    if idle := receivers.idle():
        warn(idle)
    if len(imageless) == frames:
        lacking.update(dict.fromkeys(imageless))
    if lacking:
        raise UserError("; ".join(map(str, lacking)))
