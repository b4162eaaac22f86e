"""``semjscc modulate``, ``demodulate`` and ``channel``: images on the air."""

import argparse
import json
import shutil
import sys
from pathlib import Path

from semjscc.cli.options import (
    add_json,
    check_network,
    existing_file,
    family_for_file,
    folder,
    ratio_of,
    warn,
)
from semjscc.cli.parser import Parser, Register
from semjscc.cli.streams import need
from semjscc.errors import UserError, printable
from semjscc.paths import check_writable, keep_apart, user_path
from semjscc.threads import import_torch

PIPE = "-"
FORMATS = ("cf32", "ci8", "wav")
WAVEFORMS = ("sdr", "audio")
DESIGN_SNR_DB = "10"
MULTIPATH = (
    "none", "two-ray", "tdl-a", "tdl-b", "tdl-c", "good", "moderate", "poor", "mpg", "mpm", "mpp",
)  # fmt: skip
NUMBERS = {
    "--cfo": ("cfo_hz", "carrier offset in Hz"),
    "--sro": ("sro_ppm", "sample-rate offset in ppm, the sender's clock ahead"),
    "--delay": ("delay_s", "silence in front, in seconds"),
    "--gain": ("gain_db", "of the receiver in dB"),
    "--delay-spread": ("delay_spread_s", "RMS, in seconds (default: 1e-6 for sdr, 2e-4 for audio)"),
    "--doppler": ("doppler_hz", "largest shift in Hz"),
    "--phase-noise": ("linewidth_hz", "linewidth of the oscillators in Hz"),
    "--iq-gain": ("iq_gain_db", "imbalance of the mixer in dB"),
    "--iq-phase": ("iq_phase_deg", "the same in degrees"),
    "--dc-i": ("dc_i", "direct current over the signal's RMS"),
    "--dc-q": ("dc_q", "the same in quadrature"),
    "--clip": ("clip_db", "saturation over mean power in dB"),
}
"""Options of ``channel``: the field of a simulation that each states."""


def register(command: Register) -> None:
    """Add the commands."""
    _add_modulate(command("modulate", _modulate, "images to a waveform in a file"))
    _add_demodulate(command("demodulate", _demodulate, "a recording to the images in it"))
    _add_channel(command("channel", _channel, "what a radio channel makes of a waveform"))


def _add_modulate(modulate: Parser) -> None:
    modulate.add_argument("images", nargs="+", metavar="IMAGE")
    modulate.add_argument("--link", default="semantic", help="whose symbols; or a checkpoint")
    modulate.add_argument("--profile", choices=WAVEFORMS, default="sdr")
    modulate.add_argument("--out", required=True, help=".sigmf-meta, .cf32, .ci8, .wav, or -")
    modulate.add_argument("--format", choices=FORMATS, help="of a pipe or an unknown ending")
    modulate.add_argument("--ratio", help="such as 1/24, the default, or 0.03")
    modulate.add_argument("--snr", default=DESIGN_SNR_DB, help="in dB, what the sender codes for")
    modulate.add_argument("--gap", type=float, metavar="SECONDS", help="silence around each image")
    modulate.add_argument("--weights", help="family of shipped weights, such as signs")
    add_json(modulate)


def _add_demodulate(demodulate: Parser) -> None:
    demodulate.add_argument("file", metavar="FILE", help="a recording, or - for a pipe")
    demodulate.add_argument("--out", required=True, help="folder for images and log")
    demodulate.add_argument("--profile", choices=WAVEFORMS, help="where the file does not tell")
    demodulate.add_argument("--format", choices=FORMATS, help="of a pipe or an unknown ending")
    demodulate.add_argument(
        "--codec", action="append", default=[], help="checkpoint of the sender's"
    )
    demodulate.add_argument("--weights", help="family whose network looks, where none is named")
    demodulate.add_argument("--perception", help="name or path of the network that looks")
    demodulate.add_argument("--network", help="its class, my.module:Class, where it is yours")
    demodulate.add_argument("--task", help="the class of its task, likewise")
    demodulate.add_argument("--live", action="store_true", help="play at its own speed and watch")
    add_json(demodulate)


def _add_channel(channel: Parser) -> None:
    channel.add_argument("input", metavar="IN", help="a recording, or - for a pipe")
    channel.add_argument("output", metavar="OUT", help="a recording, or - for a pipe")
    channel.add_argument("--snr", help="Es/N0 of a data element in dB (default: no noise)")
    channel.add_argument("--profile", choices=MULTIPATH, default="none", help="multipath")
    for option, (field, text) in NUMBERS.items():
        channel.add_argument(option, type=float, dest=field, help=text)
    text = "of the signal while it is on, in dB over 1 (default: measured)"
    channel.add_argument("--power", type=float, metavar="DB", help=text)
    text = "samples a second, where the file does not tell (default: sdr's)"
    channel.add_argument("--rate", type=float, help=text)
    channel.add_argument("--seed", type=int, default=0)
    channel.add_argument("--format", choices=FORMATS, help="of a pipe or an unknown ending")
    add_json(channel)


def _modulate(arguments: argparse.Namespace) -> None:
    # What takes no time is checked before what does: torch alone takes two seconds to import.
    from semjscc.codecs.bandwidth import parse_ratio
    from semjscc.decibels import parse_snr
    from semjscc.links.catalogue import find_link
    from semjscc.radio.supported_links import check_carried

    gap, snr_db = arguments.gap, parse_snr(arguments.snr)
    if gap is not None and not 0 <= gap <= 3600:
        raise UserError(f"--gap is a number of seconds from 0 to 3600, not {gap:g}")
    if arguments.ratio is not None:
        parse_ratio(arguments.ratio)
    images = [existing_file(text) for text in arguments.images]
    out = _recording(arguments.out)
    arguments.perception = None
    family = family_for_file(arguments, arguments.link, images[0])
    check_carried(find_link(arguments.link, family))

    import_torch()
    from semjscc.images import read_image
    from semjscc.radio.modulation import open_sender, write_images
    from semjscc.radio.recordings.files import check_kind, files_of
    from semjscc.radio.waveform.profiles import PROFILES

    check_kind(arguments.format, out)
    keep_apart(images, files_of(out))
    sender = open_sender(arguments.link, family)
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
        print(json.dumps(facts), file=stream)
        return
    for one in sent:
        print(
            f"image {one.image}: {one.name}, {one.width} x {one.height} by {one.codec} at "
            f"{one.ratio}: {one.channel_uses} symbols in {one.bursts} bursts, "
            f"{one.samples / profile.sample_rate:.3f} s, {one.share:.0%} of it payload",
            file=stream,
        )
    print(f"written to {out}: {seconds:.3f} s of {profile.name}", file=stream)


def _recording(text: str, *, is_read: bool = False) -> str:
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

    path, quiet = _recording(arguments.file, is_read=True), arguments.json
    out = folder(arguments.out)
    family = "" if arguments.weights is None else choose_family(arguments.weights, "")
    if arguments.perception is not None:
        check_network(arguments.perception)
    elif arguments.network is not None or arguments.task is not None:
        raise UserError("--network and --task are of a --perception, and none is named")

    import_torch()
    from contextlib import closing

    from rich.console import Console

    from semjscc.perception.store import open_perception
    from semjscc.radio.demodulation import line, listen, watch
    from semjscc.radio.demodulator_input import open_recording
    from semjscc.radio.frame_decoding import TITLES, Listener, columns
    from semjscc.radio.reception_log import LOG, Logbook
    from semjscc.radio.recordings.files import check_kind, files_of
    from semjscc.radio.weights import Receivers

    check_kind(arguments.format, path)
    keep_apart(files_of(path), [out / LOG])
    lacking: dict[str | None, None] = {}
    imageless: list[str | None] = []
    warned: set[str] = set()
    opened = open_recording(path, arguments.profile, arguments.format, warn)
    profile = opened.profile
    looks, perception = arguments.perception, None
    if looks is not None:
        perception = open_perception(looks, arguments.network, own_task=arguments.task)
    codecs = [user_path(text) for text in arguments.codec]
    receivers = Receivers(codecs, family)
    listener = Listener(receivers, perception, family)
    facts = {"file": path, "profile": profile.name, "sample_rate": profile.sample_rate}
    talks, frames = not quiet and not arguments.live, 0
    try:
        with Logbook(out, facts) as book:
            to_hear = opened.chunks, profile, listener, book, opened.room, warn
            # Standard output belongs to programs where they asked for it.
            heard = watch(*to_hear, Console(stderr=quiet)) if arguments.live else listen(*to_hear)
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
                        head = [] if frames else [line(TITLES)]
                        print(*head, line(columns(one)), sep="\n", flush=True)
                    frames += 1
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
        with log.open(encoding="utf-8") as stream:
            shutil.copyfileobj(stream, sys.stdout)


def _channel(arguments: argparse.Namespace) -> None:
    from dataclasses import asdict
    from math import log10

    from semjscc.decibels import parse_snr

    snr_db = None if arguments.snr is None else parse_snr(arguments.snr)
    power_db = arguments.power
    if power_db is not None and not -120 <= power_db <= 120:
        raise UserError(f"--power is a number of dB from -120 to 120, not {power_db:g}")
    source, target = _recording(arguments.input, is_read=True), _recording(arguments.output)

    import_torch()
    from semjscc.radio.recordings.files import check_kind, files_of
    from semjscc.radio.simulation import pass_through, simulation_for

    check_kind(arguments.format, source, target)
    keep_apart(files_of(source), files_of(target))
    numbers = {field: getattr(arguments, field) for field, _ in NUMBERS.values()}
    passage = pass_through(
        source,
        target,
        arguments.format,
        arguments.rate,
        lambda rate: simulation_for(
            rate, numbers, snr_db=snr_db, profile=arguments.profile, seed=arguments.seed
        ),
        warn,
        power=None if power_db is None else 10 ** (power_db / 10),
    )
    stream = sys.stderr if target == PIPE else sys.stdout
    seconds, rate, level = passage.seconds, passage.rate, passage.level
    if arguments.json:
        measured = None if level is None else asdict(level)
        facts = {"out": target, "seconds": seconds, "sample_rate": rate}
        print(
            json.dumps({**facts, **asdict(passage.simulation), "measured": measured}), file=stream
        )
        return
    if level is not None:
        measured_db = round(10 * log10(level.power), 1) + 0.0  # no minus before a zero
        there = f"{level.present / rate:.3f} of {level.heard / rate:.3f} s"
        print(f"signal of {measured_db} dB, measured where it is present: {there}", file=stream)
    if snr_db is not None:
        band = passage.simulation.bandwidth or rate
        print(f"noise for {snr_db:g} dB in {band:g} Hz", file=stream)
    print(f"written to {target}: {seconds:.3f} s at {rate:g} samples a second", file=stream)
