"""``semjscc channel``."""

import argparse
import sys
from collections.abc import Mapping

from semjscc.cli.answers import print_json
from semjscc.cli.options import add_json, warn
from semjscc.cli.parser import Parser, Register
from semjscc.cli.radio.modem import add_format, check_stated, recording
from semjscc.errors import UserError
from semjscc.paths import keep_apart
from semjscc.radio.recordings.kinds import PIPE
from semjscc.runtime.threads import import_torch

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
    "--iq-phase": ("iq_phase_deg", "imbalance of the mixer in degrees"),
    "--dc-i": ("dc_i", "direct current over the signal's RMS"),
    "--dc-q": ("dc_q", "direct current in quadrature, likewise"),
    "--clip": ("clip_db", "saturation over mean power in dB"),
}
"""Options of ``channel``: the field of a simulation that each states."""


def register(command: Register) -> None:
    """Add the command."""
    _add_channel(command("channel", _channel, "what a radio channel makes of a waveform"))


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
    channel.add_argument("--seed", type=int, help="of noise, fading and phase noise (default: 0)")
    add_format(channel)
    add_json(channel)


def _channel(arguments: argparse.Namespace) -> None:
    from dataclasses import asdict
    from math import log10

    from semjscc.decibels import parse_snr

    snr_db = None if arguments.snr is None else parse_snr(arguments.snr)
    numbers = {field: getattr(arguments, field) for field, _ in NUMBERS.values()}
    _check_numbers(numbers, arguments)
    power_db = arguments.power
    source, target = recording(arguments.input, is_read=True), recording(arguments.output)

    import_torch()
    from semjscc.radio.recordings.files import files_of
    from semjscc.radio.recordings.kinds import check_kind
    from semjscc.radio.simulation import pass_through, simulation_for

    check_kind(arguments.format, source, target)
    keep_apart(files_of(source), files_of(target))
    passage = pass_through(
        source,
        target,
        arguments.format,
        arguments.rate,
        lambda rate: simulation_for(
            rate, numbers, snr_db=snr_db, profile=arguments.profile, seed=arguments.seed or 0
        ),
        warn,
        power=None if power_db is None else 10 ** (power_db / 10),
    )
    stream = sys.stderr if target == PIPE else sys.stdout
    seconds, rate, level = passage.seconds, passage.rate, passage.level
    if arguments.json:
        measured = None if level is None else asdict(level)
        facts = {"out": target, "format": passage.kind, "seconds": seconds, "sample_rate": rate}
        facts |= {**asdict(passage.simulation), "measured": measured}
        print_json(facts, beside_recording=target == PIPE)
        return
    if level is not None:
        measured_db = round(10 * log10(level.power), 1) + 0.0  # no minus before a zero
        there = f"{level.present / rate:.3f} of {level.heard / rate:.3f} s"
        print(f"signal of {measured_db} dB, measured where it is present: {there}", file=stream)
    if snr_db is not None:
        band = passage.simulation.bandwidth or rate
        print(f"noise for {snr_db:g} dB in {band:g} Hz", file=stream)
    form = f", as {passage.kind}" if target == PIPE else ""
    print(f"written to {target}: {seconds:.3f} s at {rate:g} samples a second{form}", file=stream)


def _check_numbers(numbers: Mapping[str, float | None], arguments: argparse.Namespace) -> None:
    """Refuse numbers that cannot be, and those that would change nothing, by their options."""
    from semjscc.radio.simulator.limits import check_counts, check_limits

    called = {field: option for option, (field, _) in NUMBERS.items()} | {"profile": "--profile"}
    check_limits(numbers, called)
    check_counts(numbers, arguments.profile, called)
    power_db = arguments.power
    if power_db is not None and not -120 <= power_db <= 120:
        raise UserError(f"--power is a number of dB from -120 to 120, not {power_db:g}")
    needed = (arguments.snr, numbers["clip_db"], numbers["dc_i"] or None, numbers["dc_q"] or None)
    if power_db is not None and all(one is None for one in needed):
        raise UserError(
            "--power does nothing without what refers to it: leave it out, or add --snr, --clip, "
            "--dc-i or --dc-q"
        )
    random = (arguments.snr, numbers["linewidth_hz"] or None)
    if arguments.seed is not None and arguments.profile == "none" and random == (None, None):
        raise UserError(
            "--seed does nothing where nothing is random: leave it out, or add --snr, "
            "--phase-noise or --profile"
        )
    check_stated(arguments.rate)
