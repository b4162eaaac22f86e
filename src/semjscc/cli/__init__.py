"""The commands. Each reads its words, calls the room that does the work, and prints the outcome.

Exit codes: 0 done, 2 the user can put it right, 130 stopped by Ctrl-C, 143 by SIGTERM.
"""

import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TextIO

from semjscc import __version__
from semjscc.cli import links, measure, modem, report, reproduce, train, transmit, web
from semjscc.cli.words import Command, Parser
from semjscc.errors import Stopped, UserError, UserNote

GROUPS = (measure, report, train, reproduce, transmit, modem, links, web)


@contextmanager
def _notes_in_one_line() -> Iterator[None]:
    """Notes are for users, other warnings for those who write code."""
    usual = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if issubclass(category, UserNote):
            print(f"semjscc: warning: {message}", file=sys.stderr)
        else:
            usual(message, category, filename, lineno, file, line)

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = usual


@_notes_in_one_line()
def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    try:
        arguments, rest = _parser().parse_known_args(words)
        if rest and not arguments.takes_overrides:
            raise UserError(f"unknown words: {' '.join(rest)}")
        arguments.rest = rest
        arguments.command(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read has seen enough. What is left goes nowhere, or Python complains of it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:  # a disk that is full, a file that may not be read
        print(f"semjscc: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except UserError as error:
        print(f"semjscc: {error}", file=sys.stderr)
        return 2
    except Stopped as stop:
        print(f"semjscc: stopped; {stop}", file=sys.stderr)
        return 128 + stop.number
    except KeyboardInterrupt:
        print("semjscc: stopped; what was finished is kept", file=sys.stderr)
        return 130
    return 0


def _parser() -> Parser:
    parser = Parser(prog="semjscc", description=__import__("semjscc").__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)

    def command(name: str, run: Command, text: str, *, takes_overrides: bool = False) -> Parser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(command=run, takes_overrides=takes_overrides)
        return sub

    for group in GROUPS:
        group.register(command)
    return parser
