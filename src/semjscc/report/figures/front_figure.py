"""Accuracy against PSNR as a figure: a line for each loss, a panel for each bandwidth ratio."""

from collections.abc import Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from semjscc.report.figures.panels import make_panels
from semjscc.report.figures.style import link_style, metric_title, style
from semjscc.results.records import Results
from semjscc.statistics.fronts import FrontPoint, fronts


def front_figure(
    results: Results, columns: int | None = None, width: float | None = None
) -> Figure:
    """Accuracy (or agreement) in % against PSNR in dB, averaged over the SNRs, a panel for each R.

    Lines join links whose loss differs in its weight alone, which grows from right to left; the
    legend says from where to where.

    Args:
        results: of one setting.
        columns: panels in a row at most.
        width: of the figure, see `make_panels`.
    """
    found = fronts(results)
    with style():
        panels = make_panels(max(1, len(found)), columns, share_x=False, width=width)
        lines = {}
        for axes, (ratio, curves) in zip(panels.axes, found.items(), strict=False):
            axes.set_title(f"R = {ratio}")
            for name, curve in curves.items():
                lines[_label(name, curve)] = _draw(axes, name, curve)
            axes.margins(x=0.12, y=0.12)
            axes.xaxis.set_major_locator(MaxNLocator(5))
        metric = results.records[0].metric if results.records else "accuracy"
        panels.label("PSNR (dB)", f"{metric_title([metric])} (%)")
        panels.legend(lines)
        if not lines:
            panels.say_empty()
    return panels.figure


def _label(name: str, curve: Sequence[FrontPoint]) -> str:
    weights = [point.weight for point in curve if point.weight]
    return f"{name}, weight {min(weights):g} to {max(weights):g}" if weights[1:] else name


def _draw(axes: Axes, name: str, curve: Sequence[FrontPoint]) -> Artist:
    look = link_style(name)
    weighted = [place for place, point in enumerate(curve) if point.weight]
    return axes.plot(
        [point.psnr_db for point in curve],
        [point.accuracy for point in curve],
        label=name,
        color=look.color,
        marker=look.marker,
        # The common start has its own marker.
        markevery=weighted or None,
        linestyle=look.linestyle if weighted else "",
        zorder=2 if weighted else 3,
    )[0]
