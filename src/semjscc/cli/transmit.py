"""``semjscc transmit``."""

import argparse
import json
import sys
from pathlib import Path

from semjscc.cli.words import Register, add_json, add_situation, family_of, parse_channel, parse_snr


def register(command: Register) -> None:
    """Add the command."""
    transmit = command("transmit", _transmit, "send one image of any size")
    transmit.add_argument("image", type=Path, metavar="IMAGE")
    transmit.add_argument("--link", default="semantic")
    transmit.add_argument("--snr", required=True, help="in dB")
    transmit.add_argument("--ratio", help="such as 1/24 or 0.03 (default: the smallest trained)")
    transmit.add_argument("--out", type=Path, default=Path("received.png"))
    add_situation(transmit)
    add_json(transmit)


def _transmit(arguments: argparse.Namespace) -> None:
    from semjscc.channels import CHANNELS
    from semjscc.codecs.bandwidth import parse_ratio
    from semjscc.families import default_perception
    from semjscc.images import read_image, write_png
    from semjscc.links import Situation, open_link
    from semjscc.perception.store import open_perception
    from semjscc.randomness import Draws
    from semjscc.transmission import transmit

    family = family_of(arguments, [arguments.link], "signs")
    judge = arguments.perception or default_perception(family)
    perception = open_perception(judge, arguments.network)
    link = open_link(arguments.link, family, perception)
    situation = Situation(
        channel=CHANNELS[parse_channel(arguments.channel)],
        snr_db=parse_snr(arguments.snr),
        ratio=link.default_ratio if arguments.ratio is None else parse_ratio(arguments.ratio),
        draws=Draws(arguments.seed, [0]),
        assumed_snr_db=None if arguments.assumed_snr is None else parse_snr(arguments.assumed_snr),
    )
    received, report = transmit(read_image(arguments.image), link, perception, situation)
    write_png(received, arguments.out)
    if arguments.json:
        print(json.dumps({**report.to_dict(), "out": str(arguments.out)}))
        return
    quality = "no error" if report.psnr_db is None else f"{report.psnr_db:.2f} dB"
    print(f"link          {report.link}, SNR {report.snr_db:g} dB, seen by {perception.name}")
    print(f"ratio         {report.ratio} nominal, k/n = {report.ratio_measured:.5f}")
    print(
        f"channel uses  {report.channel_uses} complex symbols, {report.control_bits} control bits"
    )
    if report.payload_bits is not None:
        print(f"payload       {report.payload_bits} bits by {report.codec or 'no coder: too few'}")
    print(f"PSNR          {quality if report.delivered else 'nothing delivered: the mean image'}")
    print(f"before        {report.before.label} ({report.before.confidence:.0%})")
    print(f"after         {report.after.label} ({report.after.confidence:.0%})")
    print(f"written to    {arguments.out}")
    if report.warning:
        print(f"semjscc: warning: {report.warning}", file=sys.stderr)
