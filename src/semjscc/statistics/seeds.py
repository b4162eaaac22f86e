"""One link, trained several times: ``semantic``, ``semantic#1`` and ``semantic#2``.

What stands behind ``#`` tells apart trainings that differ in their seed alone. The link is then
evaluated under such names (``--links semantic=runs/a,semantic#1=runs/b``). The first one, without
``#`` where there is such a one, stands for the link in figures and tests; the others show how much
of a gain is the luck of a training. Claims about a method rest on three of them or more.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scipy.special import stdtrit

MARK = "#"
ENOUGH = 3
"""Trainings from which on something can be said of the method, not only of these weights."""


def method_of(link: str) -> str:
    """The name without its seed."""
    return link.partition(MARK)[0]


def seed_of(link: str) -> str:
    """What stands behind ``#``, "" where nothing does."""
    return link.partition(MARK)[2]


def trainings(method: str, links: Iterable[str]) -> list[str]:
    """The names under which a link was evaluated, the one that stands for it first.

    Args:
        method: a link's name; one with ``#`` stands for itself alone.
        links: all names there are.
    """
    if MARK in method:
        return [link for link in dict.fromkeys(links) if link == method]
    found = {link for link in links if method_of(link) == method}
    return sorted(found, key=lambda link: (len(seed_of(link)), seed_of(link)))


def without_repeats(links: Sequence[str]) -> list[str]:
    """For each link the one name that stands for it, in the order they come."""
    methods = dict.fromkeys(method_of(link) for link in links)
    return [trainings(method, links)[0] for method in methods]


@dataclass(frozen=True)
class Spread:
    """What a gain is over trainings that differ in their seed.

    Attributes:
        gains: in points, one for each training.
    """

    gains: tuple[float, ...]

    @property
    def mean(self) -> float:
        """In points."""
        return sum(self.gains) / len(self.gains)

    @property
    def deviation(self) -> float | None:
        """The sample standard deviation in points; None for a single training."""
        if len(self.gains) < 2:
            return None
        squares = sum((gain - self.mean) ** 2 for gain in self.gains)
        return math.sqrt(squares / (len(self.gains) - 1))

    @property
    def interval(self) -> tuple[float, float] | None:
        """Student's 95 % interval of the mean over all trainings; None below three of them."""
        if len(self.gains) < ENOUGH or self.deviation is None:
            return None
        quantile = float(stdtrit(len(self.gains) - 1, 0.975))
        reach = quantile * self.deviation / math.sqrt(len(self.gains))
        return self.mean - reach, self.mean + reach
