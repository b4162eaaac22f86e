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
        paper: as wide as somebody asked for; None where nobody did.
    """

    title: str
    flat: Figure
    tall: Figure
    paper: Figure | None = None


@dataclass(frozen=True)
class _Kind:
    title: str
    draw: Callable[[Part, int | None, float | None], Figure]
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
        lambda part, columns, width: accuracy_figure(part.results, columns=columns, width=width),
        lambda _: True,
    ),
    "accuracy-by-ratio": _Kind(
        "Accuracy against bandwidth ratio",
        lambda part, columns, width: accuracy_figure(part.results, AGAINST_RATIO, columns, width),
        lambda part: _places(part) > 1,
    ),
    "psnr": _Kind(
        "PSNR against SNR",
        lambda part, columns, width: psnr_figure(part.results, columns=columns, width=width),
        _has_psnr,
    ),
    "front": _Kind(
        "Accuracy against PSNR, means over the SNRs",
        lambda part, columns, width: front_figure(part.results, columns, width),
        lambda part: has_front(part.results),
    ),
    "gain": _Kind(
        "Gain in points: ▲ better, ▼ worse, ○ open; * delivers less than 90 %",
        lambda part, columns, width: gain_figure(part.comparisons, columns, width),
        _has_gains,
    ),
}
"""By the name of their files."""


def draw_part(part: Part, width: float | None = None) -> dict[str, Drawn]:
    """The figures of a setting by name.

    Args:
        part: the setting.
        width: in inches, of one more drawing.
    """
    return {
        name: Drawn(
            kind.title,
            kind.draw(part, None, None),
            kind.draw(part, _PHONE, None),
            None if width is None else kind.draw(part, None, width),
        )
        for name, kind in FIGURES.items()
        if kind.wanted(part)
    }
