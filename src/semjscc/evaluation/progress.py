"""A progress bar with the time left on the error stream; lines where that is no terminal."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as RichProgress

from semjscc.runtime.progress_lines import ProgressLines

_BAR, _WIDEST_BAR, _TIME = 12, 40, 8
"""Columns of a terminal: what a bar needs to tell anything, and has at the most; of a time."""

_UNKNOWN = 999_999
"""As long as this a count may become of which the end is not known."""


class Progress:
    """Shows how much of ``total`` is done: a bar on a terminal, or else a line a minute.

    Args:
        title: what is going on.
        total: how much there is to do; None where nobody knows.
        unit: what is counted.
    """

    def __init__(self, title: str, total: int | None, unit: str = "images") -> None:
        console = Console(stderr=True)
        self._bar = RichProgress(
            *columns_for(console.width, title, total, unit),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task(title, total=total)
        self._lines = None if console.is_terminal else ProgressLines(title, total, unit)
        self._done = 0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def advance(self, done: int) -> None:
        """Count ``done`` more."""
        self._bar.advance(self._task, done)
        self._done += done
        if self._lines is not None:
            self._lines.reached(self._done)


def columns_for(
    width: int, title: str, total: int | None, unit: str = "images"
) -> list[ProgressColumn]:
    """As much as a terminal of ``width`` columns has in one line, what matters most at the end."""
    count = 2 * len(str(total or _UNKNOWN)) + 1
    short = [MofNCompleteColumn(), TimeRemainingColumn()]
    words = [short[0], TextColumn(f"{unit},"), short[1], TextColumn("left")]
    in_words = count + _TIME + len(f"  {unit},  left")
    if width < in_words:
        return short
    if width < in_words + 1 + len(title):
        return words
    spare = width - in_words - len(title) - 2
    bar = [BarColumn(min(spare, _WIDEST_BAR))] if spare >= _BAR else []
    return [TextColumn("{task.description}", markup=False), *bar, *words]
