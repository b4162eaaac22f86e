"""How far long work is, in a file: a line a minute, where nobody watches a bar."""

import sys
import time

EVERY_S = 60.0


class ProgressLines:
    """Says on standard error how much is done and how long the rest will take.

    Args:
        title: what is going on.
        total: how much there is to do; None where nobody knows.
        unit: what is counted, such as ``steps``.
        done: how much of it was done before.
    """

    def __init__(self, title: str, total: int | None, unit: str, done: int = 0) -> None:
        self._title, self._total, self._unit = title, total, unit
        self._first = done
        self._start = self._last = time.monotonic()

    def reached(self, done: int) -> None:
        """Count ``done`` in all; what comes soon after a line has none of its own."""
        now = time.monotonic()
        if now - self._last < EVERY_S or done <= self._first:
            return
        if self._total is None:
            line = f"{self._title}: {done} {self._unit}"
        elif done < self._total:
            left = (now - self._start) * (self._total - done) / (done - self._first)
            line = f"{self._title}: {done} of {self._total} {self._unit}, {_time(left)} left"
        else:
            return
        self._last = now
        print(line, file=sys.stderr, flush=True)


def _time(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60} min"
