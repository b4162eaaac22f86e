"""The commands. Each reads its words, calls the room that does the work, and prints the outcome.

Exit codes: 0 done, 2 the user can put it right, 130 stopped by Ctrl-C, 143 by SIGTERM.
"""

import atexit
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from semjscc import __version__
from semjscc.cli import links, measure, report, reproduce, web
from semjscc.cli.answers import only_answers
from semjscc.cli.parser import Command, Parser
from semjscc.cli.radio import channel, demodulate, modulate, plan
from semjscc.cli.radio.streams import drop_output, settle
from semjscc.cli.transmission import transmit
from semjscc.cli.weights import export, push, train
from semjscc.errors import Stopped, UserError, printable
from semjscc.parts.own_code import failure_of
from semjscc.radio.recordings.kinds import PIPE
from semjscc.runtime.notes import notes_in_one_line
from semjscc.runtime.threads import choose_threads

_KEPT = "what was finished is kept"
_SIGNALS = 128
"""Exit codes from here on are of signals."""
_GONE = "the working folder is gone: change to one that there is"
GROUPS = (
    measure,
    report,
    train,
    reproduce,
    push,
    transmit,
    plan,
    modulate,
    demodulate,
    channel,
    export,
    links,
    web,
)


@contextmanager
def _sigterm_in_one_line() -> Iterator[None]:
    """Let SIGTERM end a command as Ctrl-C does; whoever ignores it, or hears it, goes on so."""
    alone = threading.current_thread() is not threading.main_thread()
    if alone or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _stop(number: int, _frame: object) -> None:
    raise Stopped(_KEPT, number)


@notes_in_one_line()
@_sigterm_in_one_line()
def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    settle()
    # Figures go to files. A notebook's own backend, which it exports, need not be installed here.
    os.environ["MPLBACKEND"] = "agg"
    # Where its cache cannot be written, which is wanted and never needed, it would say so twice.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        try:
            arguments = _parser().parse_args(words)
            if _working_folder_is_gone():
                raise UserError(_GONE)
            choose_threads(getattr(arguments, "processes", 1))
            outputs = getattr(arguments, "out", None), getattr(arguments, "output", None)
            asked = getattr(arguments, "json", False) and PIPE not in outputs
            try:
                with only_answers(wanted=asked):
                    arguments.command(arguments)
            except SystemExit as stop:
                if isinstance(stop.code, int) and stop.code > _SIGNALS:
                    raise  # what a signal ended says so by its own code
                said = "" if stop.code in (None, 0) else f": {printable(str(stop.code))}"
                raise UserError(f"code of your own ended the program early{said}") from stop
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # whoever read has seen enough
        drop_output()
    except UserError as error:
        print(f"semjscc: {error}", file=sys.stderr)
        return 2
    except Stopped as stop:
        _say_stopped(str(stop))
        return 128 + stop.number
    except KeyboardInterrupt:
        _say_stopped(_KEPT)
        return 130
    except Exception as error:
        said = _in_one_line(error)
        if said is None:  # a fault of ours, which whoever mends it has to see in full
            raise
        print(f"semjscc: {said}", file=sys.stderr)
        return 2
    return 0


def _say_stopped(kept: str) -> None:
    """Say so; one more Ctrl-C while Python comes to its end would only spoil that."""
    atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    print(f"semjscc: stopped; {kept}", file=sys.stderr)


def _in_one_line(error: Exception) -> str | None:
    """What to say of an error that is no fault of ours; None of one that is."""
    if isinstance(error, OSError):  # a disk that is full, a file that may not be read
        drop_output()
        if _working_folder_is_gone():
            return _GONE
    if _lacks_memory(error):
        return "not enough memory: take fewer or smaller images"
    if (said := failure_of(error)) is not None:
        return said
    return _in_words(error) if isinstance(error, OSError) else None


def _lacks_memory(error: Exception) -> bool:
    """Whether it says so: what PyTorch raises then is no `MemoryError`."""
    said = str(error)
    return isinstance(error, MemoryError) or "t allocate memory" in said or "out of memory" in said


def _working_folder_is_gone() -> bool:
    """Whether it was deleted: paths lead nowhere then, and PyTorch cannot find its own files."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return True
    return False


def _in_words(error: OSError) -> str:
    names = (error.filename, error.filename2)
    about = [printable(str(name)) for name in names if name is not None]
    said = error.strerror or str(error) or type(error).__name__
    return " ".join(": ".join([said, *about]).split())


def _parser() -> Parser:
    parser = Parser(prog="semjscc", description=__import__("semjscc").__doc__)
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)
    commands.type = str  # the command's own words are in it, which its own parser checks

    def command(name: str, run: Command, text: str, *, takes_overrides: bool = False) -> Parser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.takes_overrides = takes_overrides
        sub.set_defaults(command=run)
        return sub

    for group in GROUPS:
        group.register(command)
    return parser
