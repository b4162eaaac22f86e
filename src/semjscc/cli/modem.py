"""``semjscc modulate``, ``demodulate`` and ``channel``: images on the air."""

import argparse
import json
import shutil
import sys
from pathlib import Path

from semjscc.cli.words import Parser, Register, add_json, family_of, parse_snr
from semjscc.errors import UserError

FORMATS = ("cf32", "ci8", "wav")
WAVEFORMS = ("sdr", "audio")
FAMILY = "signs"
DESIGN_SNR_DB = "10"
GAP_S = {"sdr": 1e-3, "audio": 0.25}
ALIASES = {"good": "mpg", "moderate": "mpm", "poor": "mpp"}
"""What ITU-R F.1487 calls its channels."""
SPREAD_S = {"sdr": 1e-6, "audio": 2e-4}


def register(command: Register) -> None:
    """Add the commands."""
    _add_modulate(command("modulate", _modulate, "images to a waveform in a file"))
    _add_demodulate(command("demodulate", _demodulate, "a recording to the images in it"))
    _add_channel(command("channel", _channel, "what a radio channel makes of a waveform"))


def _add_modulate(modulate: Parser) -> None:
    modulate.add_argument("images", type=Path, nargs="+", metavar="IMAGE")
    modulate.add_argument("--link", default="semantic", help="whose symbols; or a checkpoint")
    modulate.add_argument("--profile", choices=WAVEFORMS, default="sdr")
    modulate.add_argument("--out", required=True, help=".sigmf-meta, .cf32, .ci8, .wav, or -")
    modulate.add_argument("--format", choices=FORMATS, help="of a pipe or an unknown ending")
    modulate.add_argument("--ratio", help="such as 1/24 (default: the smallest there is)")
    modulate.add_argument("--snr", default=DESIGN_SNR_DB, help="in dB, what the sender codes for")
    modulate.add_argument("--gap", type=float, metavar="SECONDS", help="silence around each image")
    modulate.add_argument("--weights", help="family of shipped weights, such as signs")
    add_json(modulate)


def _add_demodulate(demodulate: Parser) -> None:
    demodulate.add_argument("file", metavar="FILE", help="a recording, or - for a pipe")
    demodulate.add_argument("--out", type=Path, required=True, help="folder for images and log")
    demodulate.add_argument("--profile", choices=WAVEFORMS, help="where the file does not tell")
    demodulate.add_argument("--format", choices=FORMATS, help="of a pipe or an unknown ending")
    demodulate.add_argument(
        "--codec", type=Path, action="append", default=[], help="checkpoint of the sender's"
    )
    demodulate.add_argument("--weights", help="family whose network looks, where none is named")
    demodulate.add_argument("--perception", help="name or path of the network that looks")
    demodulate.add_argument("--network", help="its class, my.module:Class, where it is yours")
    demodulate.add_argument("--live", action="store_true", help="play at its own speed and watch")
    add_json(demodulate)


def _add_channel(channel: Parser) -> None:
    channel.add_argument("input", metavar="IN", help="a recording, or - for a pipe")
    channel.add_argument("output", metavar="OUT", help="a recording, or - for a pipe")
    channel.add_argument("--snr", help="Es/N0 of a data element in dB (default: no noise)")
    profiles = ("none", "two-ray", "tdl-a", "tdl-b", "tdl-c", *ALIASES, *ALIASES.values())
    channel.add_argument("--profile", choices=profiles, default="none", help="multipath")
    numbers = {
        "--cfo": "carrier offset in Hz",
        "--sro": "sample-rate offset in ppm, the sender's clock ahead",
        "--delay": "silence in front, in seconds",
        "--gain": "of the receiver in dB",
        "--delay-spread": "RMS, in seconds (default: 1e-6 for sdr, 2e-4 for audio)",
        "--doppler": "largest shift in Hz",
        "--phase-noise": "linewidth of the oscillators in Hz",
        "--iq-gain": "imbalance of the mixer in dB",
        "--iq-phase": "the same in degrees",
        "--dc-i": "direct current over the signal's RMS",
        "--dc-q": "the same in quadrature",
        "--clip": "saturation over mean power in dB",
        "--rate": "samples a second, where the file does not tell (default: sdr's)",
    }
    for name, text in numbers.items():
        channel.add_argument(name, type=float, help=text)
    channel.add_argument("--seed", type=int, default=0)
    channel.add_argument("--format", choices=FORMATS, help="of a pipe or an unknown ending")
    add_json(channel)


def _modulate(arguments: argparse.Namespace) -> None:
    from semjscc.codecs.bandwidth import parse_ratio
    from semjscc.images import printable, read_image
    from semjscc.radio.files import write_recording
    from semjscc.radio.profiles import PROFILES
    from semjscc.radio.sending import Sent, annotation, open_sender, send_images
    from semjscc.radio.sigmf import Annotation

    profile = PROFILES[arguments.profile]
    gap = GAP_S[profile.name] if arguments.gap is None else arguments.gap
    if not 0 <= gap <= 3600:
        raise UserError(f"--gap is a number of seconds from 0 to 3600, not {gap:g}")
    arguments.perception = None
    family = family_of(arguments, [arguments.link], FAMILY)
    sender = open_sender(arguments.link, family)
    link = sender.link
    ratio = link.default_ratio if arguments.ratio is None else parse_ratio(arguments.ratio)
    sent: list[Sent] = []
    annotations: list[Annotation] = []

    def tell(one: Sent) -> None:
        sent.append(one)
        annotations.append(annotation(one))

    samples = send_images(
        ((printable(str(path)), read_image(path)) for path in arguments.images),
        sender,
        profile,
        ratio=ratio,
        snr_db=parse_snr(arguments.snr),
        gap_s=gap,
        tell=tell,
    )
    kind = arguments.format or _pipe_format(arguments.out, profile.name)
    written = write_recording(arguments.out, samples, profile.sample_rate, kind, annotations)
    facts = {
        "out": arguments.out,
        "profile": profile.name,
        "sample_rate": profile.sample_rate,
        "seconds": written / profile.sample_rate,
        "images": [one.to_dict() for one in sent],
    }
    # Standard output may be the recording itself.
    stream = sys.stderr if arguments.out == "-" else sys.stdout
    if arguments.json:
        print(json.dumps(facts), file=stream)
        return
    for one in sent:
        print(
            f"image {one.image}: {one.name}, {one.width} x {one.height} by {one.codec} at "
            f"{one.ratio}: {one.channel_uses} symbols in {one.bursts} bursts, "
            f"{one.samples / profile.sample_rate:.3f} s, {one.share:.0%} of it payload",
            file=stream,
        )
    print(f"written to {arguments.out}: {facts['seconds']:.3f} s of {profile.name}", file=stream)


def _pipe_format(path: str, profile: str) -> str | None:
    """The format of a pipe that nobody named: audio is a WAV file, all else is IQ."""
    return ("wav" if profile == "audio" else "cf32") if path == "-" else None


def _demodulate(arguments: argparse.Namespace) -> None:
    from rich.console import Console

    from semjscc.checkpoint import locate
    from semjscc.families import choose_family
    from semjscc.images import printable
    from semjscc.perception.store import load_perception
    from semjscc.radio.demodulation import line, listen, watch
    from semjscc.radio.files import read_recording
    from semjscc.radio.listening import (
        TITLES,
        Listener,
        columns,
        most_symbols,
        profile_of,
        rate_of,
    )
    from semjscc.radio.logbook import LOG, Logbook
    from semjscc.radio.weights import Receivers

    path, asked = arguments.file, arguments.profile
    kind = arguments.format or _pipe_format(path, asked or "sdr")
    profile = profile_of(rate_of(path, kind), asked, printable(path))
    family = choose_family(arguments.weights, FAMILY)
    perception = None
    if arguments.perception is not None:
        perception = load_perception(locate(arguments.perception), own_class=arguments.network)
    listener = Listener(Receivers(arguments.codec, family), perception, family)
    recording = read_recording(path, profile.sample_rate, kind, _warn)
    room = most_symbols(path, kind, profile)
    facts = {"file": path, "profile": profile.name, "sample_rate": profile.sample_rate}
    quiet, lacking = arguments.json, None
    with Logbook(arguments.out, facts) as book:
        if arguments.live:
            # Standard output belongs to programs where they asked for it.
            heard = watch(recording.chunks, profile, listener, book, room, Console(stderr=quiet))
        else:
            heard = listen(recording.chunks, profile, listener, book, room)
        talks, frames = not quiet and not arguments.live, 0
        for one in heard:
            lacking = lacking or (one.problem if one.lacking else None)
            if talks:
                print(*([] if frames else [line(TITLES)]), line(columns(one)), sep="\n", flush=True)
            frames += 1
    if talks and not frames:
        print(f"no frame of {profile.name} in it")
    if arguments.json:
        with (arguments.out / LOG).open() as log:
            shutil.copyfileobj(log, sys.stdout)
    if lacking:
        raise UserError(lacking)


def _warn(message: str) -> None:
    print(f"semjscc: warning: {message}", file=sys.stderr)


def _channel(arguments: argparse.Namespace) -> None:
    from dataclasses import asdict, replace

    from semjscc.radio.files import read_recording, write_recording
    from semjscc.radio.listening import rate_of
    from semjscc.radio.profiles import PROFILES, SDR
    from semjscc.radio.simulator import Simulation, simulate_chunks

    kind = arguments.format or ("cf32" if "-" in (arguments.input, arguments.output) else None)
    source, target = (
        kind if path == "-" or arguments.format else None
        for path in (arguments.input, arguments.output)
    )
    rate = rate_of(arguments.input, source) or arguments.rate or SDR.sample_rate
    known = [profile for profile in PROFILES.values() if profile.sample_rate == rate]
    numbers = {
        "cfo_hz": arguments.cfo,
        "sro_ppm": arguments.sro,
        "delay_s": arguments.delay,
        "gain_db": arguments.gain,
        "delay_spread_s": arguments.delay_spread,
        "doppler_hz": arguments.doppler,
        "linewidth_hz": arguments.phase_noise,
        "iq_gain_db": arguments.iq_gain,
        "iq_phase_deg": arguments.iq_phase,
        "dc_i": arguments.dc_i,
        "dc_q": arguments.dc_q,
        "clip_db": arguments.clip,
    }
    if known:
        numbers["bandwidth"] = len(known[0].carriers) * known[0].spacing_hz
        if arguments.delay_spread is None:
            numbers["delay_spread_s"] = SPREAD_S[known[0].name]
    given: dict[str, float] = {name: each for name, each in numbers.items() if each is not None}
    simulation = replace(
        Simulation(
            profile=str(ALIASES.get(arguments.profile, arguments.profile)), seed=arguments.seed
        ),
        snr_db=None if arguments.snr is None else parse_snr(arguments.snr),
        **given,
    )
    recording = read_recording(arguments.input, rate, source, _warn)
    received = simulate_chunks(recording.chunks, recording.rate, simulation)
    written = write_recording(arguments.output, received, recording.rate, target)
    facts = {"out": arguments.output, "seconds": written / rate, **asdict(simulation)}
    stream = sys.stderr if arguments.output == "-" else sys.stdout
    if arguments.json:
        print(json.dumps(facts), file=stream)
    else:
        print(f"written to {arguments.output}: {facts['seconds']:.3f} s", file=stream)
