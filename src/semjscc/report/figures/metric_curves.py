"""The curves of a paper: accuracy and PSNR against SNR for each ratio, and the other way round."""

import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from semjscc.codecs.bandwidth import parse_ratio
from semjscc.report.figures.panels import make_panels
from semjscc.report.figures.style import LineStyle, is_minor, link_style, metric_title, style
from semjscc.results.records import Record, Results
from semjscc.statistics.comparison import CANDIDATE
from semjscc.statistics.seeds import method_of, without_repeats

MANY_SNRS = 8
"""Above so many, matplotlib chooses the ticks."""

EXACT = "○ without the images that arrived exactly; ▲ all did"
"""Below a PSNR figure with such points."""

MORE_DASHES = ("--", ":", "-.")
"""For further lines of one link, which share its colour and marker."""

Value = Callable[[Record], float]
Interval = Callable[[Record], tuple[float, float]]


@dataclass(frozen=True)
class Layout:
    """Which of the two coordinates of a point runs across a panel, and which tells panels apart.

    Attributes:
        across: of a record that met a channel.
        across_label: with its unit.
        panel: of such a record.
        panel_title: of a panel by that value.
        logarithmic: the axis across.
    """

    across: Callable[[Record], float]
    across_label: str
    panel: Callable[[Record], float]
    panel_title: Callable[[Record], str]
    logarithmic: bool = False


def _snr(record: Record) -> float:
    """In dB; 0 for a record that met no channel."""
    return record.snr_db or 0.0


def _ratio(record: Record) -> float:
    """Nominal; 0 for a record that met no channel."""
    return float(parse_ratio(record.ratio)) if record.ratio else 0.0


AGAINST_SNR = Layout(_snr, "SNR (dB)", _ratio, lambda record: f"R = {record.ratio}")
AGAINST_RATIO = Layout(
    *(_ratio, "bandwidth ratio R", _snr, lambda record: f"SNR = {record.snr_db:g} dB"),
    logarithmic=True,
)


def accuracy_figure(
    results: Results,
    layout: Layout = AGAINST_SNR,
    columns: int | None = None,
    width: float | None = None,
) -> Figure:
    """Accuracy (or agreement) in % against SNR in dB, or against the bandwidth ratio.

    One panel for each ratio (or SNR), one line for each link with its 95 % interval shaded; the
    link ``none`` is a dashed line across. Links of one name that differ in channel, perception
    network or the like are separate lines, which their labels tell apart. Repeats of a link with
    other training seeds are thin lines of its colour.

    Args:
        results: what was measured.
        layout: `AGAINST_SNR` or `AGAINST_RATIO`.
        columns: panels in a row at most.
        width: of the figure, see `make_panels`.
    """
    metrics = metric_title(sorted({record.metric for record in results.records}))
    return _curves(
        *(results.records, f"{metrics} (%)", layout, columns, width),
        value=lambda record: 100 * record.value,
        interval=lambda record: (100 * record.ci_low, 100 * record.ci_high),
    )


def psnr_figure(
    results: Results,
    layout: Layout = AGAINST_SNR,
    columns: int | None = None,
    width: float | None = None,
) -> Figure:
    """PSNR in dB, as `accuracy_figure`; links without images have no line.

    Where some images arrived exactly, which the mean leaves out, the marker is hollow; where all
    did, a triangle stands at the upper edge.
    """
    shown = [r for r in results.records if r.psnr_db is not None or (r.exact and r.ratio)]
    return _curves(
        *(shown, "PSNR (dB)", layout, columns, width),
        value=lambda record: math.nan if record.psnr_db is None else record.psnr_db,
        interval=None,
        marks_exact=True,
    )


def _curves(
    records: Sequence[Record],
    unit: str,
    layout: Layout,
    columns: int | None,
    width: float | None,
    *,
    value: Value,
    interval: Interval | None,
    marks_exact: bool = False,
) -> Figure:
    measured = [record for record in records if record.snr_db is not None]
    titles = {layout.panel(record): layout.panel_title(record) for record in measured}
    places = sorted(titles)
    first_names = set(without_repeats([record.link for record in records]))
    with style():
        panels = make_panels(max(1, len(places)), columns, width=width)
        lines: dict[str, Artist] = {}
        variants: defaultdict[str, list[str]] = defaultdict(list)
        for place, axes in zip(places or [None], panels.axes, strict=True):
            shown = [r for r in records if r.snr_db is None or layout.panel(r) == place]
            for label, line in _series(shown, records, layout).items():
                name = line[0].link
                look = _look(name, label, variants)
                if name in first_names:
                    artist = _draw(axes, line, label, look, layout, value, interval)
                    lines.setdefault(label.replace(name, method_of(name), 1), artist)
                else:
                    _draw_repeat(axes, line, look, layout, value)
                if marks_exact:
                    _mark_exact(axes, line, look, layout)
            if place is not None:
                axes.set_title(titles[place])
        _ticks(panels.axes, measured, layout)
        noted = marks_exact and any(record.exact for record in measured)
        panels.label(f"{layout.across_label}\n{EXACT}" if noted else layout.across_label, unit)
        panels.legend(lines)
        if not lines:
            panels.say_empty()
    return panels.figure


def _look(link: str, label: str, variants: dict[str, list[str]]) -> LineStyle:
    """The link's own, with other dashes for each further line of it."""
    known = variants[link]
    if label not in known:
        known.append(label)
    look = link_style(link)
    dashes = list(dict.fromkeys((look.linestyle, *MORE_DASHES)))
    return replace(look, linestyle=dashes[known.index(label) % len(dashes)])


def _draw(
    axes: Axes,
    line: Sequence[Record],
    label: str,
    look: LineStyle,
    layout: Layout,
    value: Value,
    interval: Interval | None,
) -> Artist:
    if line[0].snr_db is None:  # it never met a channel, and so holds at any SNR
        return axes.axhline(value(line[0]), color=look.color, linestyle=look.linestyle, label=label)
    across = [layout.across(record) for record in line]
    # Neither bounds, which are there to look up at, nor what is shown in passing.
    if interval and look.marker and not is_minor(line[0].link):
        low, high = zip(*map(interval, line), strict=True)
        axes.fill_between(across, low, high, color=look.color, alpha=0.15, linewidth=0)
    values = [value(record) for record in line]
    leads = method_of(line[0].link) == CANDIDATE
    emphasis = {"linewidth": 1.9, "zorder": 3} if leads else {}
    if is_minor(line[0].link):
        emphasis = {"linewidth": 0.8, "markersize": 3, "zorder": 1.5}
    return axes.plot(across, values, label=label, **asdict(look), **emphasis)[0]


def _draw_repeat(
    axes: Axes, line: Sequence[Record], look: LineStyle, layout: Layout, value: Value
) -> None:
    across = [layout.across(record) for record in line]
    values = [value(record) for record in line]
    axes.plot(across, values, color=look.color, linewidth=0.7, alpha=0.6)


def _mark_exact(axes: Axes, line: Sequence[Record], look: LineStyle, layout: Layout) -> None:
    """Points whose mean leaves exact images out are hollow; those of exact images alone on top."""
    marked = {"color": look.color, "linestyle": "", "zorder": 4}
    for record in line:
        if record.exact and record.psnr_db is not None:
            at = [layout.across(record)], [record.psnr_db]
            axes.plot(*at, marker="o", markerfacecolor="white", **marked)
        elif record.exact:
            at, edge = ([layout.across(record)], [1]), axes.get_xaxis_transform()
            axes.plot(*at, marker="^", transform=edge, clip_on=False, **marked)


def _ticks(panels: Sequence[Axes], measured: Sequence[Record], layout: Layout) -> None:
    values = sorted({layout.across(record) for record in measured})
    if not values:
        return
    for axes in panels:
        if layout.logarithmic:
            names = {layout.across(record): record.ratio or "" for record in measured}
            axes.set_xscale("log", base=2)
            axes.set_xticks(values, [names[value] for value in values])
            axes.xaxis.set_minor_locator(NullLocator())
        elif len(values) <= MANY_SNRS:
            axes.set_xticks(values)


# What two records of one link may differ in; written behind the link's name where they do.
_CONDITIONS: tuple[Callable[[Record], str], ...] = (
    lambda record: "" if record.snr_db is None else record.channel,
    lambda record: record.perception,
    lambda record: record.data,
    lambda record: record.split,
    lambda record: f"seed {record.seed}",
    lambda record: "" if record.assumed_snr_db is None else f"assumes {record.assumed_snr_db:g} dB",
)


def _series(
    shown: Sequence[Record], records: Sequence[Record], layout: Layout
) -> dict[str, list[Record]]:
    """The lines of a panel by their labels, each in order across."""
    differing = [
        condition
        for condition in _CONDITIONS
        if len({condition(record) for record in records if record.snr_db is not None}) > 1
    ]
    series: defaultdict[str, list[Record]] = defaultdict(list)
    for record in shown:
        name = "no channel" if record.snr_db is None else record.link
        parts = [name, *(condition(record) for condition in differing)]
        series[", ".join(part for part in parts if part)].append(record)
    return {label: sorted(line, key=layout.across) for label, line in series.items()}
