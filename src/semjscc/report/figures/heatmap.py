"""The gain map: what the candidate wins over a baseline at every SNR and ratio, in points."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from semjscc.codecs.bandwidth import parse_ratio
from semjscc.report.figures.panels import Panels, make_panels
from semjscc.report.figures.style import BLUE, INK_ON_COLOUR, PAPER_ON_COLOUR, VERMILLION, style
from semjscc.statistics.comparison import DELIVERS, Comparison

MARKS = {"better": "▲", "worse": "▼", "open": "○", None: ""}
"""Beside the number: what the test says, also without colour."""

UNSURE = "*"
"""Where the baseline delivers less than 90 % of the images."""

UNLIKE = "\nnot at equal k"
"""Behind the baseline's name, where the two links differ in their measured k/n."""

_LEAST_RANGE = 5.0
"""In points: below it, colours do not blow up what is next to nothing."""

_MAP = LinearSegmentedColormap.from_list("gain", [VERMILLION, "#F7F7F7", BLUE])


def signed(number: float, digits: int) -> str:
    """With its sign, a true minus, and none for what rounds to nothing."""
    text = f"{number:+.{digits}f}".replace("-", "−")
    return text if any(digit in text for digit in "123456789") else text[1:]


def gain_figure(
    found: Mapping[str, Sequence[Comparison]],
    columns: int | None = None,
    width: float | None = None,
) -> Figure:
    """A panel for each baseline, SNR across and ratio upwards, one scale of colours for all.

    Cells hold the gain in points, with ▲ better, ▼ worse or ○ open where outcomes were kept, and a
    star where the baseline delivers less than 90 % of the images. A title says where the candidate
    has another number of channel uses.

    Args:
        found: the comparisons by baseline, of one setting each.
        columns: panels in a row at most.
        width: of the figure, see `make_panels`.
    """
    shown = {name: points for name, points in found.items() if points}
    every = [one for points in shown.values() for one in points]
    reach = max([_LEAST_RANGE, *(abs(one.points) for one in every)])
    ratios = sorted({one.candidate.ratio or "" for one in every}, key=parse_ratio)
    snrs = sorted({one.candidate.snr_db or 0.0 for one in every})
    with style({"axes.grid": False}):
        shape = max(0.3, min(0.6, 0.13 * len(ratios) + 0.1))
        panels = make_panels(max(1, len(shown)), columns, shape=shape, width=width)
        if not shown:
            panels.say_empty()
            return panels.figure
        crowded = len(snrs) * panels.columns > 12 * min(1.0, panels.scale)
        for axes, (name, points) in zip(panels.axes, shown.items(), strict=True):
            _draw(axes, points, ratios, snrs, reach, crowded=crowded)
            unlike = any(one.more_uses is not None for one in points)
            axes.set_title(f"over {name}{UNLIKE if unlike else ''}")
        panels.label("SNR (dB)", "R")
        _bar(panels, min(one.points for one in every), max(one.points for one in every))
    return panels.figure


def _bar(panels: Panels, lowest: float, highest: float) -> None:
    """The scale of colours, as far as it is used."""
    first = panels.axes[0]
    bar = panels.figure.colorbar(first.images[0], ax=panels.axes, shrink=0.9, pad=0.015, aspect=18)
    bar.set_label("gain (points)")
    low, high = min(0.0, lowest), max(0.0, highest)
    if low < high:
        bar.ax.set_ylim(low, high)


def _draw(
    axes: Axes,
    points: Sequence[Comparison],
    ratios: Sequence[str],
    snrs: Sequence[float],
    reach: float,
    *,
    crowded: bool,
) -> None:
    table = [[float("nan")] * len(snrs) for _ in ratios]
    for one in points:
        row, column = ratios.index(one.candidate.ratio or ""), snrs.index(one.candidate.snr_db or 0)
        table[row][column] = one.points
        strong = abs(one.points) > 0.55 * reach
        star = "" if one.reference.delivered >= DELIVERS else UNSURE
        number = signed(one.points, 0 if crowded else 1)
        axes.text(
            *(column, row, f"{number}{star}\n{MARKS[one.verdict]}".strip()),
            ha="center",
            va="center",
            fontsize=6.5 if crowded else 7.5,
            linespacing=1.0,
            color=PAPER_ON_COLOUR if strong else INK_ON_COLOUR,
        )
    axes.imshow(table, cmap=_MAP, vmin=-reach, vmax=reach, aspect="auto", origin="lower")
    axes.set_xticks(range(len(snrs)), [f"{snr:g}" for snr in snrs])
    axes.set_yticks(range(len(ratios)), ratios)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
