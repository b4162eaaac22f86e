"""What a program reads from standard output: JSON, and nothing that other code prints."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any, TextIO

_output: list[TextIO] = []
"""Standard output while something else stands in its place."""


@contextmanager
def only_answers(*, wanted: bool) -> Iterator[None]:
    """Let whatever is printed inside go to standard error, but for `print_json`.

    Args:
        wanted: whether a program asked for JSON; else nothing is changed.
    """
    if not wanted:
        yield
        return
    _output.append(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _output.pop()


def print_json(facts: Any, *, indent: int | None = None, beside_recording: bool = False) -> None:
    """Print what a program asked for: to standard output, unless that is a recording."""
    text = json.dumps(facts, indent=indent)
    if beside_recording:
        print(text, file=sys.stderr)
    else:
        print_answer(text)


def print_answer(text: str, end: str = "\n") -> None:
    """Likewise, of JSON as text."""
    print(text, file=_output[-1] if _output else sys.stdout, end=end, flush=True)
