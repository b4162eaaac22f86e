"""Which figures a setting has, each drawn twice: for a page's width, and for a phone's."""

from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.figure import Figure

from semjscc.report.figures.front_figure import front_figure
from semjscc.report.figures.heatmap import gain_figure
from semjscc.report.figures.metric_curves import AGAINST_RATIO, accuracy_figure, psnr_figure
from semjscc.statistics.analysis import Part
from semjscc.statistics.fronts import has_front

_PHONE = 1
"""Panels in a row."""


@dataclass(frozen=True)
class Drawn:
    """One figure.

    Attributes:
        title: its heading.
        flat: panels side by side.
        tall: panels one below the other.
    """

    title: str
    flat: Figure
    tall: Figure


@dataclass(frozen=True)
class _Kind:
    title: str
    draw: Callable[[Part, int | None], Figure]
    wanted: Callable[[Part], bool]


def _places(part: Part) -> int:
    return len({record.ratio for record in part.results.records if record.ratio})


def _has_psnr(part: Part) -> bool:
    return any(record.psnr_db is not None for record in part.results.records)


def _has_gains(part: Part) -> bool:
    return any(part.comparisons.values())


FIGURES = {
    "accuracy": _Kind(
        "Accuracy against SNR",
        lambda part, columns: accuracy_figure(part.results, columns=columns),
        lambda _: True,
    ),
    "accuracy-by-ratio": _Kind(
        "Accuracy against bandwidth ratio",
        lambda part, columns: accuracy_figure(part.results, AGAINST_RATIO, columns),
        lambda part: _places(part) > 1,
    ),
    "psnr": _Kind(
        "PSNR against SNR",
        lambda part, columns: psnr_figure(part.results, columns=columns),
        _has_psnr,
    ),
    "front": _Kind(
        "Accuracy against PSNR, means over the SNRs",
        lambda part, columns: front_figure(part.results, columns),
        lambda part: has_front(part.results),
    ),
    "gain": _Kind(
        "Gain in points: ▲ better, ▼ worse, ○ open; * delivers less than 90 %",
        lambda part, columns: gain_figure(part.comparisons, columns),
        _has_gains,
    ),
}
"""By the name of their files."""


def draw_part(part: Part) -> dict[str, Drawn]:
    """The figures of a setting by name."""
    return {
        name: Drawn(kind.title, kind.draw(part, None), kind.draw(part, _PHONE))
        for name, kind in FIGURES.items()
        if kind.wanted(part)
    }
