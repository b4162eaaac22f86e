"""What the commands share: the parser, options of the same meaning, and how words become values."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn, Protocol

from semjscc.errors import UserError

Command = Callable[[argparse.Namespace], None]


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Raise a `UserError` instead of printing the usage and leaving."""
        raise UserError(f"{message} (try: {self.prog} --help)")


class Register(Protocol):
    """Adds a command by name, what runs it and one line about it; returns its parser."""

    def __call__(
        self, name: str, run: Command, text: str, *, takes_overrides: bool = False
    ) -> Parser:
        """``takes_overrides`` leaves words that the parser does not know to the command."""
        ...


def add_json(parser: argparse.ArgumentParser) -> None:
    """The option for programs."""
    parser.add_argument("--json", action="store_true", help="print JSON for programs")


def add_situation(parser: argparse.ArgumentParser) -> None:
    """The options that say what is sent with which weights, and what happens on the way."""
    parser.add_argument("--weights", help="family of shipped weights, such as signs")
    parser.add_argument("--perception", help="name or path of the network at the receiver")
    parser.add_argument("--network", help="its class, my.module:Class, where it is one of yours")
    parser.add_argument("--channel", default="awgn")
    parser.add_argument("--assumed-snr", help="what both ends believe, in dB (default: the truth)")
    parser.add_argument("--seed", type=int, default=0)


def family_of(arguments: argparse.Namespace, links: Sequence[str], data_name: str) -> str:
    """The family of shipped weights, or "" where the user brings all weights along."""
    from semjscc.families import choose_family
    from semjscc.links import untrained_links

    free = untrained_links()
    shipped = [n for n in links if n.partition("@")[0] not in free and not Path(n).exists()]
    if arguments.weights is None and arguments.perception is not None and not shipped:
        return ""
    return choose_family(arguments.weights, data_name)


def console() -> Any:
    """Where tables are printed."""
    from rich.console import Console

    # A pipe has no width of its own; 100 columns keep the tables whole.
    return Console() if sys.stdout.isatty() else Console(width=100)


def split_list(text: str) -> list[str]:
    """The words of a list such as ``0,5,10``."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        raise UserError("a list is written like 0,5,10, and this one is empty")
    return words


def parse_snr(text: str) -> float:
    """An SNR in dB."""
    from semjscc.channels.units import check_snr

    try:
        return check_snr(float(text))
    except ValueError as error:
        raise UserError(f"an SNR is a number of dB, not {text!r}") from error


def parse_channel(name: str) -> str:
    """The name of a channel that there is."""
    from semjscc.channels import CHANNELS

    if name not in CHANNELS:
        raise UserError(f"no channel '{name}'; there are {', '.join(CHANNELS)}")
    return name


def at_least(least: int, number: int, name: str) -> int:
    """The number of the option ``name``, if it is not too small."""
    if number < least:
        raise UserError(f"{name} must be at least {least}, not {number}")
    return number
