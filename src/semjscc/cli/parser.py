"""The parser of all commands: what is mistyped, empty or given twice is one line."""

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Protocol

from semjscc.errors import UserError, did_you_mean, printable

Command = Callable[[argparse.Namespace], None]

_NEGATIVE = re.compile(r"-(\.?\d|inf|nan)", re.IGNORECASE)
"""How a number or a list of them begins where it begins with a minus."""


def _some_text(text: str) -> str:
    """Text that says something; the path "" would be the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("this is empty: give it a value")
    return text


class _Once(argparse.Action):
    """Stores the value of an option that stands once, or of an argument."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        if option_string is not None and isinstance(parser, Parser):
            parser.give_once(self.option_strings[-1])
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, and to which ``-5,0`` is no option.

    Text that is empty, as of a variable that is not set, and an option's second value are refused.

    Attributes:
        takes_overrides: options that it does not know, each with its value, become ``rest``.
        given: the options with a value that have been read.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._negative_number_matcher = _NEGATIVE
        self.takes_overrides = False
        self.given: set[str] = set()
        self.register("type", None, _some_text)
        for action in (None, "store"):
            self.register("action", action, _Once)

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Tell a mistyped option before what is missing: that may be the same."""
        words = list(sys.argv[1:] if args is None else args)
        if self._subparsers is not None:  # the words are those of a command
            return super().parse_known_args(words, namespace)
        self.given.clear()
        own, rest = self._split(words)
        if rest and not self.takes_overrides:
            hint = did_you_mean(rest[0], self._option_string_actions)
            raise UserError(f"unknown words: {printable(' '.join(rest))}{hint}")
        for word in rest:
            if word.startswith("--"):
                self.give_once(word.partition("=")[0])
        found, unknown = super().parse_known_args(own, namespace)
        if unknown:
            raise UserError(f"unknown words: {printable(' '.join(unknown))}")
        found.rest = rest
        return found, []

    def _split(self, words: Sequence[str]) -> tuple[list[str], list[str]]:
        """Its own words, and options that it does not know with their values."""
        own: list[str] = []
        rest: list[str] = []
        waiting = False
        for place, word in enumerate(words):
            if word == "--":  # behind it nothing is an option
                return own + list(words[place:]), rest
            if word.startswith("--"):
                option, equals, _ = word.partition("=")
                known = any(one.startswith(option) for one in self._option_string_actions)
                waiting = not known and not equals
                (own if known else rest).append(word)
            elif self._is_dashed(word) and not waiting:
                said = printable(word)
                raise UserError(f"{said} is no option: a file of that name is written ./{said}")
            else:
                (rest if waiting else own).append(word)
                waiting = False
        return own, rest

    def _is_dashed(self, word: str) -> bool:
        """Whether a word begins as an option does that there is not: ``-dash.png``."""
        option = word.startswith("-") and word != "-" and " " not in word
        return option and not _NEGATIVE.match(word) and word[:2] not in self._option_string_actions

    def give_once(self, option: str) -> None:
        """Refuse a second value of an option: only one of them could count."""
        if option in self.given:
            raise UserError(f"{printable(option)} is given twice: leave one out")
        self.given.add(option)

    def _print_message(self, message: str, file: Any = None) -> None:
        """Let a full disk be told; argparse says nothing of it."""
        if message:
            (file or sys.stderr).write(message)

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
