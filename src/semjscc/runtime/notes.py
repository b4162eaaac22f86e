"""Warnings as commands show them: notes in one line, and nothing of what libraries say beside."""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from semjscc.errors import UserNote
from semjscc.parts.own_code import is_installed

_MARK = "_is_ours"
"""What the function has that shows warnings so."""


@contextmanager
def notes_in_one_line() -> Iterator[None]:
    """Notes are for users, other warnings for those whose code it is, or who ask for them."""
    usual = warnings.showwarning
    show_in_one_line()
    try:
        yield
    finally:
        warnings.showwarning = usual


def show_in_one_line() -> None:
    """Show warnings so from now on, as in a process that works for a command."""
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
        elif sys.warnoptions or not _is_of_others(filename):
            usual(message, category, filename, lineno, file, line)

    setattr(show, _MARK, True)
    warnings.showwarning = show


def are_in_one_line() -> bool:
    """Whether warnings are shown so in this process."""
    return hasattr(warnings.showwarning, _MARK)


def _is_of_others(file: str) -> bool:
    """Whether a file is no code of the user's own."""
    path = Path(file).resolve()
    return is_installed(path) or path.is_relative_to(Path(__file__).resolve().parents[1])
