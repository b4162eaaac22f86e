"""The standard streams as terminals, pipes, services and closed descriptors leave them."""

import contextlib
import io
import os
import sys
from typing import Literal

from semjscc.errors import UserError

_closed: set[str] = set()


def settle() -> None:
    """Let every stream take what is printed to it, whatever it is.

    A closed one leads nowhere from now on, so that no file that is opened gets its number. A
    letter that the encoding of standard output lacks becomes a question mark.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            _closed.add(name)
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115 - open while Python runs
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def need(name: Literal["stdin", "stdout"]) -> None:
    """Refuse to read a recording from a closed stream, or to write one to it.

    Raises:
        UserError: it is closed.
    """
    if name in _closed:
        words = {"stdin": "standard input", "stdout": "standard output"}
        raise UserError(f"{words[name]} is closed: name a file instead of -")


def drop_output() -> None:
    """Let what standard output still holds go nowhere, or Python complains of it at the end."""
    with contextlib.suppress(OSError, ValueError):  # what stands in for it may have no number
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
