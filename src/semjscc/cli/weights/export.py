"""``semjscc export``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from semjscc.cli.answers import print_json
from semjscc.cli.options import add_json, columns, existing_file, folder, stated_size
from semjscc.cli.parser import Register
from semjscc.errors import UserError, printable
from semjscc.runtime.threads import import_torch

if TYPE_CHECKING:
    from fractions import Fraction

    from semjscc.links.catalogue import Place

MINIMUM_SIDE, LARGEST_SIDE = 16, 4096
"""Of images whose size is settled; larger ones would need gigabytes."""
DRAWN = "signs", "scenes"
"""Families whose images the package draws itself."""


def register(command: Register) -> None:
    """Add the command."""
    export = command("export", _export, "write a codec as ONNX files that run without torch")
    export.add_argument("--link", default="semantic", help="its name, or a checkpoint's path")
    export.add_argument("--weights", help="family of shipped weights, such as signs")
    export.add_argument("--out", required=True, help="folder for networks, runner.py and README.md")
    text = "folder of images like those to be sent, by which int8 is calibrated"
    export.add_argument("--calibrate", help=f"{text} (default: the family's own, where it has any)")
    export.add_argument("--size", help="of the images, such as 640x480: where +uniform needs it")
    export.add_argument("--ratio", help="bandwidth ratio, likewise")
    export.add_argument("--snr", help="in dB, likewise")
    export.add_argument("--float32", action="store_true", help="leave int8 out")
    add_json(export)


def _export(arguments: argparse.Namespace) -> None:
    from semjscc.export.names import check_out, weights_of
    from semjscc.runtime.extras import check_extra

    check_extra("onnx", "export")
    out = folder(arguments.out)
    check_out(out)
    place, family = _place(arguments)
    weights, is_planned = weights_of(place)
    settled = _settled(arguments, place.name, is_planned=is_planned)
    images = None if arguments.float32 or settled else _images(arguments, family)

    import_torch()
    from semjscc.codecs.deep import Deep
    from semjscc.codecs.store import load_codec
    from semjscc.export.calibration import calibration_images
    from semjscc.export.folder import Calibration, export
    from semjscc.export.networks import exportable
    from semjscc.export.planned import Planned

    loaded = load_codec(weights)[0]
    if settled is None:
        codec = exportable(loaded)
    else:
        assert isinstance(loaded, Deep)
        codec = Planned(loaded, *settled)
    calibration = None
    if images is not None:
        found = calibration_images(images)
        said = f"{len(found)} images of {printable(found.name)}"
        calibration = Calibration(list(found.images), said)
    named = f"`{printable(place.name)}`" + (f" for {family}" if family else "")
    sizes = export(codec, out, named, calibration)
    if arguments.json:
        print_json({"out": str(out), "bytes": sizes})
        return
    print(columns([(name, f"{size / 1e6:.2f} MB") for name, size in sizes.items()]))
    print(f"Networks, runner.py and README.md, which says how to use them, are in {out}")


def _place(arguments: argparse.Namespace) -> tuple[Place, str]:
    """The link, and the family of shipped weights, "" for others."""
    from semjscc.families import choose_family, families, family_of_weights
    from semjscc.links.catalogue import find_link, needs_family

    asked, link = arguments.weights, arguments.link
    if asked is None and needs_family(link):
        raise UserError(
            f"say which weights {printable(link)} is of: --weights {'|'.join(families())}"
        )
    family = "" if asked is None else choose_family(asked, "")
    return find_link(link, family), family or family_of_weights(link) or ""


def _settled(
    arguments: argparse.Namespace, link: str, *, is_planned: bool
) -> tuple[tuple[int, int], Fraction, float] | None:
    """Size (height, width), ratio and SNR of a codec with a plan; None for others."""
    from semjscc.codecs.bandwidth import parse_ratio
    from semjscc.decibels import parse_snr

    size, ratio, snr = arguments.size, arguments.ratio, arguments.snr
    if not is_planned:
        if size or ratio or snr:
            raise UserError(
                f"--size, --ratio and --snr are of codecs with a plan, and {printable(link)} has "
                "none: leave them out"
            )
        return None
    if not (size and ratio and snr):
        raise UserError(
            f"{printable(link)} is exported for images of one size, a ratio and an SNR: "
            "--size 640x480 --ratio 1/24 --snr 10"
        )
    if arguments.calibrate is not None:
        raise UserError(f"{printable(link)} is exported in float32: leave --calibrate out")
    height, width = stated_size(size)
    if not MINIMUM_SIDE <= min(height, width) <= max(height, width) <= LARGEST_SIDE:
        raise UserError(f"--size has {MINIMUM_SIDE} to {LARGEST_SIDE} pixels a side here")
    return (height, width), parse_ratio(ratio), parse_snr(snr)


def _images(arguments: argparse.Namespace, family: str) -> str:
    """The name of the data by which int8 is calibrated."""
    if arguments.calibrate is not None:
        return str(existing_file(arguments.calibrate))
    if family in DRAWN:
        return family
    whose = f"the package has no images of {family}" if family else "these weights name no images"
    raise UserError(
        f"{whose} by which int8 could be calibrated: --calibrate FOLDER of images like those to "
        "be sent, or --float32 to leave int8 out"
    )
