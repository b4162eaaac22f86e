"""``semjscc modulate`` and ``demodulate``: images on the air."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from semjscc.cli.answers import print_answer, print_json
from semjscc.cli.important import (
    add_important,
    check_marks,
    check_same_size,
    mask_of,
    read_marks,
)
from semjscc.cli.options import (
    add_json,
    check_classes,
    check_network,
    existing_file,
    family_for_file,
    folder,
    ratio_of,
    warn,
)
from semjscc.cli.parser import Parser, Register
from semjscc.cli.pictures import upright_size_of
from semjscc.cli.radio.streams import need
from semjscc.errors import UserError, printable
from semjscc.paths import check_writable, keep_apart, user_path
from semjscc.radio.recordings.kinds import COMPRESSED, FORMATS, PIPE, canonical
from semjscc.runtime.threads import import_torch

WAVEFORMS = ("sdr", "audio")
DESIGN_SNR_DB = "10"


def register(command: Register) -> None:
    """Add the commands."""
    _add_modulate(command("modulate", _modulate, "images to a waveform in a file"))
    _add_demodulate(command("demodulate", _demodulate, "a recording to the images in it"))


def _add_modulate(modulate: Parser) -> None:
    modulate.add_argument("images", nargs="+", metavar="IMAGE")
    modulate.add_argument("--link", default="semantic", help="whose symbols; or a checkpoint")
    modulate.add_argument("--profile", choices=WAVEFORMS, default="sdr")
    modulate.add_argument("--out", required=True, help=".sigmf-meta, .cf32, .cs16, .wav, …, or -")
    add_format(modulate)
    modulate.add_argument("--ratio", help="such as 1/24, the default, or 0.03")
    modulate.add_argument("--snr", default=DESIGN_SNR_DB, help="in dB, what the sender codes for")
    add_important(modulate)
    modulate.add_argument("--gap", type=float, metavar="SECONDS", help="silence around each image")
    modulate.add_argument("--weights", help="family of shipped weights, such as signs")
    add_json(modulate)


def _add_demodulate(demodulate: Parser) -> None:
    demodulate.add_argument("file", metavar="FILE", help="a recording, or - for a pipe")
    demodulate.add_argument("--out", required=True, help="folder for images and log")
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
    add_json(demodulate)


def add_format(command: argparse.ArgumentParser, kinds: Sequence[str] = FORMATS) -> None:
    """The option that says what a path of no known ending holds."""
    text = "of a pipe or an unknown ending; cs16, cs8 and other spellings are known"
    command.add_argument("--format", type=canonical, choices=kinds, help=text)


def check_stated(rate: float | None, offset_hz: float = 0.0) -> None:
    """Refuse numbers that no recording has.

    Raises:
        UserError: so it is.
    """
    if rate is not None and not 0 < rate < float("inf"):
        raise UserError(f"--rate is a positive number of samples a second, not {rate:g}")
    if not abs(offset_hz) < float("inf"):
        raise UserError(f"--offset is a number of Hz, not {offset_hz:g}")


def _modulate(arguments: argparse.Namespace) -> None:
    # What takes no time is checked before what does: torch alone takes two seconds to import.
    from semjscc.allocation.sources import check_takes_mask
    from semjscc.codecs.bandwidth import parse_ratio
    from semjscc.decibels import parse_snr
    from semjscc.links.catalogue import find_link
    from semjscc.links.loading import uses_family
    from semjscc.radio.supported_links import check_carried

    gap, snr_db = arguments.gap, parse_snr(arguments.snr)
    if gap is not None and not 0 <= gap <= 3600:
        raise UserError(f"--gap is a number of seconds from 0 to 3600, not {gap:g}")
    if arguments.ratio is not None:
        parse_ratio(arguments.ratio)
    images = [existing_file(text) for text in arguments.images]
    marks = read_marks(arguments.important)
    out = recording(arguments.out)
    arguments.perception = None
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
    profile = PROFILES[arguments.profile]
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


def recording(text: str, *, is_read: bool = False) -> str:
    """The path of a recording, or "-" for a standard stream that there is.

    Raises:
        UserError: the stream is closed, there is no file to read, or none can be written.
    """
    if text == PIPE:
        need("stdin" if is_read else "stdout")
        return text
    if is_read:
        return str(existing_file(text))
    path = user_path(text)
    check_writable(path)
    return str(path)


def _demodulate(arguments: argparse.Namespace) -> None:
    from semjscc.families import choose_family

    path, quiet = recording(arguments.file, is_read=True), arguments.json
    out = folder(arguments.out)
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
    from semjscc.radio.reception_log import LOG, Logbook
    from semjscc.radio.recordings.files import files_of
    from semjscc.radio.recordings.kinds import check_kind
    from semjscc.radio.weights import Receivers
    from semjscc.runtime.folder_lock import alone_in

    check_kind(arguments.format, path)
    keep_apart(files_of(path), [out / LOG])
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
        with alone_in(out), Logbook(out, facts) as book:
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
    except KeyboardInterrupt:
        _print_log(out / LOG, wanted=quiet)
        raise
    if talks and not frames:
        print(f"no frame of {profile.name} in it")
    _print_log(out / LOG, wanted=quiet)
    if idle := receivers.idle():
        warn(idle)
    if len(imageless) == frames:
        lacking.update(dict.fromkeys(imageless))
    if lacking:
        raise UserError("; ".join(map(str, lacking)))


def _print_log(log: Path, *, wanted: bool) -> None:
    if wanted:
        print_answer(log.read_text(encoding="utf-8"), end="")
