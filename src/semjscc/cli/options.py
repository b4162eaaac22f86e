"""What the commands share: options of the same meaning, and how words become values."""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semjscc.errors import UserError, did_you_mean, printable
from semjscc.paths import user_path

if TYPE_CHECKING:
    from semjscc.links.catalogue import Place

NARROWEST = 40
"""Columns of a terminal below which it breaks the lines of a table itself."""
SIZE = re.compile(r"(\d{1,9})[xX](\d{1,9})", re.ASCII)
"""How people state one: width and height."""
WIDEST = 10_000
"""Columns of a pipe, where a table is as wide as it needs to be and nothing is cut."""


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option for programs."""
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def add_device(parser: argparse.ArgumentParser) -> None:
    """The option that says where networks compute."""
    from semjscc.runtime.devices import AUTO, DEVICES

    text = "where networks compute (default: a GPU of NVIDIA's where there is one, else the CPU)"
    parser.add_argument("--device", choices=DEVICES, default=AUTO, help=text)


def add_situation(
    parser: argparse.ArgumentParser, network: str = "name or path of the network at the receiver"
) -> None:
    """The options that say what is sent with which weights, and what happens on the way."""
    parser.add_argument("--weights", help="family of shipped weights, such as signs")
    parser.add_argument("--perception", help=network)
    parser.add_argument("--network", help="its class, my.module:Class, where it is one of yours")
    parser.add_argument("--task", help="the class of its task, likewise")
    names = "awgn, block-rayleigh, fast-rayleigh, cut@0.25, bursts@0.1, or my.module:name of yours"
    parser.add_argument("--channel", default="awgn", help=names)
    parser.add_argument("--assumed-snr", help="what both ends believe, in dB (default: the truth)")
    parser.add_argument("--seed", type=int, default=0)


def warn_of_no_channel(arguments: argparse.Namespace, places: Sequence[Place]) -> None:
    """Say which options change nothing where no link meets a channel."""
    from semjscc.links.catalogue import NONE

    if any(place.scheme != NONE for place in places):
        return
    stated = {
        "--channel": arguments.channel != "awgn",
        "--ratio": arguments.ratio is not None,
        "--assumed-snr": arguments.assumed_snr is not None,
        "--seed": bool(arguments.seed),
    }
    if idle := " and ".join(option for option, is_there in stated.items() if is_there):
        warn(f"the link {NONE} meets no channel: {idle} decide nothing")


def family_of(arguments: argparse.Namespace, links: Sequence[str], data_name: str) -> str:
    """The family of shipped weights, or "" where the user brings all weights along."""
    from semjscc.families import choose_family

    return "" if _brings_all(arguments, links) else choose_family(arguments.weights, data_name)


def family_for_file(arguments: argparse.Namespace, link: str, source: Path) -> str:
    """Likewise, for one link and an image's size."""
    from semjscc.cli.pictures import size_of

    return family_for_size(arguments, [link], size_of(source))


def family_for_size(
    arguments: argparse.Namespace, links: Sequence[str], size: tuple[int, int]
) -> str:
    """Likewise, for links and the size (H, W) of what is sent."""
    from semjscc.families import choose_family, family_for

    return (
        "" if _brings_all(arguments, links) else choose_family(arguments.weights, family_for(*size))
    )


def _brings_all(arguments: argparse.Namespace, links: Sequence[str]) -> bool:
    from semjscc.links.catalogue import brings_all

    return brings_all(links, arguments.weights, has_network=arguments.perception is not None)


def existing_file(text: str) -> Path:
    """The path of something that there is, found out before seconds go by.

    Raises:
        UserError: there is nothing.
    """
    path = user_path(text)
    if not path.exists():
        what = "is a link that leads nowhere" if path.is_symlink() else "does not exist"
        raise UserError(f"{printable(text)} {what}")
    return path


def settings_file(text: str, what: str) -> Path:
    """The path of a recipe or plan, which may be a pipe.

    Raises:
        UserError: there is none.
    """
    path = user_path(text)
    if not path.exists() or path.is_dir():
        raise UserError(f"no {what} at {printable(text)}")
    return path


def check_network(name: str) -> None:
    """Refuse a perception network that there is not, before seconds go by.

    Raises:
        UserError: so it is.
    """
    from semjscc.checkpoint import locate
    from semjscc.perception.names import (
        EFFICIENTNET,
        MOBILENET,
        check_one,
        hugging_face,
        mobilenet_file,
        onnx_file,
    )

    check_one(name)
    if (model := hugging_face(name)) is not None:
        from semjscc.perception.huggingface.files import check_model

        check_model(model)
        return
    if (file := onnx_file(name)) is not None:
        from semjscc.perception.onnx.files import read_onnx_settings

        read_onnx_settings(file)
        return
    if name == EFFICIENTNET or mobilenet_file(name) is not None:
        return
    if hint := did_you_mean(name, [EFFICIENTNET, f"{MOBILENET}=PATH"]):
        raise UserError(f"no network '{printable(name)}'{hint}")
    locate(name)


def check_classes(arguments: argparse.Namespace) -> None:
    """Refuse the user's own classes of a network that is not named.

    Raises:
        UserError: so it is.
    """
    if arguments.perception is None and (arguments.network or arguments.task):
        raise UserError("--network and --task are of a --perception, and none is named")


def ratio_of(asked: str | None, link: Any) -> Fraction:
    """The bandwidth ratio that was asked for, or what a link takes where nobody asks."""
    from semjscc.codecs.bandwidth import DEFAULT_RATIO, parse_ratio

    if asked is not None:
        return parse_ratio(asked)
    if link.default_ratio != DEFAULT_RATIO:
        warn(f"{link.name} has no ratio {DEFAULT_RATIO}: the nearest, {link.default_ratio}, counts")
    return link.default_ratio


def folder(text: str) -> Path:
    """The path of a folder to be made or filled.

    Raises:
        UserError: something else is there, or no home is known.
    """
    path = user_path(text)
    if path.exists() and not path.is_dir():
        raise UserError(f"cannot write to {printable(text)}: it is a file")
    return path


def warn(text: str) -> None:
    """A line for the user, beside what the command prints."""
    print(f"semjscc: warning: {text}", file=sys.stderr)


def console() -> Any:
    """Where tables are printed: what is in them is text, not markup."""
    from rich.console import Console

    made = Console(markup=False, emoji=False, highlight=False)
    made.width = max(made.width, NARROWEST) if sys.stdout.isatty() else WIDEST
    return made


def columns(rows: Iterable[tuple[str, str]]) -> str:
    """Titles with a text beside each, folded to the terminal's width; in a pipe they stay whole."""
    rows = list(rows)
    left = max((len(title) for title, text in rows if text), default=0) + 2
    wide = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDEST
    lines = []
    for title, text in rows:
        folded = textwrap.wrap(
            text, max(20, wide - left), break_long_words=False, break_on_hyphens=False
        )
        for number, line in enumerate(folded or [""]):
            lines.append(f"{'' if number else title:{left}}{line}".rstrip())
    return "\n".join(lines)


def few_digits(number: float) -> str:
    """A number for people: three digits, or all of those before the point."""
    return f"{number:.0f}" if number >= 100 else f"{number:.3g}"


def split_list(text: str) -> list[str]:
    """The words of a list such as ``0,5,10``."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise UserError("a list is written like 0,5,10, and this one is empty")
    return words


def at_least(least: int, number: int, name: str) -> int:
    """The number of the option ``name``, if it is not too small."""
    if number < least:
        raise UserError(f"{name} must be at least {least}, not {number}")
    return number


def stated_size(text: str) -> tuple[int, int]:
    """Height and width of an image as people state them, ``640x480``.

    Raises:
        UserError: it is no size.
    """
    found = SIZE.fullmatch(text)
    if found is None:
        raise UserError(
            f"--size is WIDTHxHEIGHT in whole pixels, such as 640x480, not '{printable(text)}'"
        )
    width, height = map(int, found.groups())
    return height, width
