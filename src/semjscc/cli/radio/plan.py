"""``semjscc plan``: how long an image is on the air, or which ratio fits into some seconds."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from semjscc.cli.answers import print_json
from semjscc.cli.options import SIZE, add_json, columns, existing_file, few_digits, stated_size
from semjscc.cli.parser import Register
from semjscc.cli.pictures import upright_size_of
from semjscc.cli.radio.modem import WAVEFORMS
from semjscc.errors import UserError, printable
from semjscc.paths import user_path

if TYPE_CHECKING:
    from fractions import Fraction

    from semjscc.radio.waveform.airtime import Airtime

OWN_RADIO = "your radio"
"""What answers call the radio of ``--symbol-rate``."""
LEAST, MOST = 1e-9, 1e12
"""Of every number here: beyond them lies nothing that sends images."""


class Planned(NamedTuple):
    """One radio's answer.

    Attributes:
        radio: its name.
        ratio: the one that was asked for, or the largest that fits; the smallest where none does.
        airtime: of the image at that ratio.
        fits: whether that is within the seconds there are; None where nobody says how many.
    """

    radio: str
    ratio: Fraction
    airtime: Airtime
    fits: bool | None


def register(command: Register) -> None:
    """Add the command."""
    plan = command("plan", _plan, "how long an image is on the air, or which ratio fits")
    plan.add_argument("image", nargs="?", metavar="IMAGE", help="a file, whose size counts")
    size = "the size in pixels in its stead, such as 640x480"
    plan.add_argument("--size", metavar="WIDTHxHEIGHT", help=size)
    plan.add_argument("--ratio", help="such as 1/24, the default, or 0.03")
    plan.add_argument("--seconds", type=float, help="that there are: which ratio fits into them")
    plan.add_argument("--profile", choices=WAVEFORMS, help="of the modem (default: both)")
    rate = "complex symbols a second of a radio of yours, in place of the modem"
    plan.add_argument("--symbol-rate", type=float, metavar="HZ", help=rate)
    power = "mean transmit power while on the air (default: 1)"
    plan.add_argument("--power", type=float, default=1.0, metavar="WATTS", help=power)
    add_json(plan)


def _plan(arguments: argparse.Namespace) -> None:
    from semjscc.codecs.bandwidth import DEFAULT_RATIO, SMALLEST_RATIO, parse_ratio
    from semjscc.radio.waveform.limits import check_sent

    seconds, power, symbol_rate = arguments.seconds, arguments.power, arguments.symbol_rate
    _check_number("--seconds", seconds, "seconds")
    _check_number("--power", power, "watts")
    _check_number("--symbol-rate", symbol_rate, "symbols a second")
    if seconds is not None and arguments.ratio is not None:
        raise UserError("--seconds asks which ratio fits, and --ratio states one: leave one out")
    if symbol_rate is not None and arguments.profile is not None:
        raise UserError("--symbol-rate is of your radio, --profile of the modem: leave one out")
    ratio = DEFAULT_RATIO if arguments.ratio is None else parse_ratio(arguments.ratio)
    height, width = size = _size(arguments.image, arguments.size)

    if symbol_rate is None:
        check_sent("the image", size, ratio if seconds is None else SMALLEST_RATIO)
    radios = _radios(arguments.profile, symbol_rate)
    plans = [_planned(radio, airtime, size, ratio, seconds) for radio, airtime in radios.items()]
    if all(plan.fits is False for plan in plans):
        takes = [f"{few_digits(plan.airtime.seconds)} s by {plan.radio}" for plan in plans]
        raise UserError(
            f"{width} x {height} pixels do not fit into {seconds:g} s: even ratio "
            f"{SMALLEST_RATIO}, the smallest of codecs, takes {' and '.join(takes)}"
        )
    if arguments.json:
        facts = {"width": width, "height": height, "power_w": power, "symbol_rate": symbol_rate}
        print_json({**facts, "radios": [_facts(plan, power) for plan in plans]})
        return
    rows = [("image", f"{width} x {height} pixels")]
    for plan in plans:
        first, *others = _lines(plan, power)
        rows += [(plan.radio, first), *(("", other) for other in others)]
    print(columns(rows))


def _check_number(option: str, number: float | None, unit: str) -> None:
    """Refuse what no radio does, nan among it."""
    if number is not None and not LEAST <= number <= MOST:
        raise UserError(
            f"{option} is a number of {unit} from {LEAST:g} to {MOST:g}, not {number:g}"
        )


def _size(image: str | None, text: str | None) -> tuple[int, int]:
    """Height and width of an image file, or as they are stated.

    Raises:
        UserError: neither or both are there, or no image has this size.
    """
    from semjscc.radio.waveform.limits import LONGEST_SIDE, SHORTEST_SIDE

    if image is not None and text is None:
        height, width = _size_of_file(image)
    elif text is not None and image is None:
        height, width = stated_size(text)
    else:
        raise UserError("plan takes an image file or --size WIDTHxHEIGHT, one of the two")
    if not SHORTEST_SIDE <= min(height, width) <= max(height, width) <= LONGEST_SIDE:
        raise UserError(
            f"an image has {SHORTEST_SIDE} to {LONGEST_SIDE} pixels a side, not {width} x {height} "
            "(width x height)"
        )
    return height, width


def _size_of_file(name: str) -> tuple[int, int]:
    if SIZE.fullmatch(name) and not user_path(name).exists():
        raise UserError(f"there is no file {name}: a size is written --size {name}")
    height, width = upright_size_of(existing_file(name))
    if not height:
        raise UserError(f"{printable(name)} is no image whose size can be read")
    return height, width


def _radios(profile: str | None, symbol_rate: float | None) -> dict[str, Callable[[int], Airtime]]:
    """The airtime of k symbols by each radio that is asked about."""
    from semjscc.radio.waveform.airtime import modem_airtime, symbol_airtime
    from semjscc.radio.waveform.profiles import PROFILES

    if symbol_rate is not None:
        return {OWN_RADIO: partial(symbol_airtime, symbol_rate)}
    names = WAVEFORMS if profile is None else [profile]
    return {name: partial(modem_airtime, PROFILES[name]) for name in names}


def _planned(
    radio: str,
    airtime: Callable[[int], Airtime],
    size: tuple[int, int],
    ratio: Fraction,
    seconds: float | None,
) -> Planned:
    """One radio's answer: at a ratio, or at the largest that fits where there are ``seconds``."""
    from semjscc.codecs.bandwidth import SMALLEST_RATIO, channel_uses
    from semjscc.radio.waveform.airtime import fitting_ratio

    fits = None
    if seconds is not None:
        found = fitting_ratio(airtime, size, seconds)
        ratio, fits = found or SMALLEST_RATIO, found is not None
    return Planned(radio, ratio, airtime(channel_uses(*size, ratio)), fits)


def _facts(plan: Planned, power: float) -> dict[str, Any]:
    """For programs."""
    airtime = plan.airtime
    return {
        "radio": plan.radio,
        "fits": plan.fits,
        "ratio": str(plan.ratio),
        "channel_uses": airtime.channel_uses,
        "packets": airtime.packets,
        "seconds": airtime.seconds,
        "payload_seconds": airtime.payload_seconds,
        "images_per_minute": airtime.images_per_minute,
        "energy_j": airtime.energy(power),
    }


def _lines(plan: Planned, power: float) -> list[str]:
    """For people, in lines of fewer than 80 columns, the radio's name among them."""
    airtime, seconds = plan.airtime, few_digits(plan.airtime.seconds)
    if plan.fits is False:
        return [f"does not fit: even ratio {plan.ratio}, the smallest of codecs, takes {seconds} s"]
    if airtime.packets is None:
        takes = f"{seconds} s for these symbols alone, without what your radio adds"
    else:
        packets = f"{airtime.packets} packet{'s' if airtime.packets > 1 else ''}"
        own = few_digits(airtime.payload_seconds)
        takes = f"{seconds} s on the air in {packets}, {own} s of it the image's own symbols"
    images, energy = few_digits(airtime.images_per_minute), few_digits(airtime.energy(power))
    return [
        f"{airtime.channel_uses} channel uses at ratio {_ratio_text(plan)}",
        takes,
        f"{images} images a minute, {energy} J an image at {power:g} W",
    ]


def _ratio_text(plan: Planned) -> str:
    """The ratio; where it was looked for, with its decimals or why it is no larger."""
    from semjscc.codecs.bandwidth import LARGEST_RATIO

    if plan.fits is None:
        return str(plan.ratio)
    if plan.ratio == LARGEST_RATIO:
        return f"{plan.ratio}, the largest of codecs"
    return f"{plan.ratio} ({float(plan.ratio):.3g})"
