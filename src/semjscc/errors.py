"""What the command line answers with one line: a mistake of the user's, a signal, a note."""

import signal
from collections.abc import Iterable
from difflib import get_close_matches

_PRINTABLE_LENGTH = 120
_LIKENESS = 0.7
"""Of two words, from which one may be meant for the other: "magic" is no "semantic"."""


class UserError(Exception):
    """Something the user can put right; its message is one clear line that says how.

    The command line prints the message alone and exits with code 2.
    """


class Stopped(KeyboardInterrupt):
    """A signal came, and what was done until then is kept; the message says what.

    The command line prints the message and exits with 128 and the signal's number.
    """

    def __init__(self, kept: str, number: int = signal.SIGINT) -> None:
        super().__init__(kept)
        self.number = number


class UserNote(UserWarning):
    """Something the user should know of, though the work goes on: one clear line.

    Warned with `warnings.warn`; the command line prints the message alone.
    """


def printable(text: str) -> str:
    """``text`` made safe for a terminal: control characters become "?", the middle is cut.

    Paths and column names come from strangers' files; an escape sequence in one could rewrite
    the screen, and a newline could fake a second message.
    """
    if len(text) > _PRINTABLE_LENGTH:
        half = _PRINTABLE_LENGTH // 2
        text = f"{text[: half - 1]}…{text[-half:]}"
    return "".join(char if char.isprintable() else "?" for char in text)


def first_line(error: Exception) -> str:
    """What a library says, in one line."""
    lines = str(error).strip().splitlines()
    return printable(lines[0]) if lines else type(error).__name__


def kind_of(value: object) -> str:
    """What a value of the wrong kind is, for a message: ``None``, ``a list``."""
    if value is None:
        return "None"
    name = printable(type(value).__name__)
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The known word nearest to a mistyped one as the end of a message; "" where none is near."""
    is_path = "/" in word
    near = [] if is_path else get_close_matches(word, list(known), n=1, cutoff=_LIKENESS)
    return f": did you mean '{near[0]}'?" if near else ""
