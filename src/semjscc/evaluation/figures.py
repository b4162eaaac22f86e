"""The curves of a paper: accuracy and PSNR against SNR, one panel for each bandwidth ratio."""

import math
import warnings
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from semjscc.checkpoint import write_atomically
from semjscc.codecs.bandwidth import parse_ratio
from semjscc.errors import UserError
from semjscc.evaluation.results import Record, Results
from semjscc.evaluation.style import LineStyle, link_style, style

PANEL_WIDTH = 3.3
PANEL_HEIGHT = 2.7
"""In inches: a page of a journal holds two side by side at full size."""

DPI = 150
MANY_SNRS = 8
"""Above so many, matplotlib chooses the ticks."""

LEGEND_COLUMNS = 3
"""For each panel in a row."""

MORE_DASHES = ("--", ":", "-.")
"""For further lines of one link, which share its colour and marker."""

Value = Callable[[Record], float]
Interval = Callable[[Record], tuple[float, float]]

# What must be dropped for equal figures to be equal files.
_UNDATED: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


def accuracy_figure(results: Results) -> Figure:
    """Accuracy in % against SNR in dB.

    One panel for each bandwidth ratio, one line for each link with its 95 % interval shaded; the
    link ``none`` is a dashed line across. Links of one name that differ in channel, perception
    network or the like are separate lines, which their labels tell apart.
    """
    return _curves(
        results.records,
        "Accuracy (%)",
        value=lambda record: 100 * record.value,
        interval=lambda record: (100 * record.ci_low, 100 * record.ci_high),
    )


def psnr_figure(results: Results) -> Figure:
    """PSNR in dB against SNR in dB, as `accuracy_figure`; links without images have no line."""
    records = [record for record in results.records if record.psnr_db is not None]
    return _curves(records, "PSNR (dB)", value=lambda record: record.psnr_db or 0.0, interval=None)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG (150 dpi), SVG or PDF, as the suffix says; equal figures, equal bytes.

    Raises:
        UserError: another suffix, or the file cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in _UNDATED:
        raise UserError(f"{path} cannot be drawn: figures end in .png, .svg or .pdf")
    data = figure_bytes(figure, kind)
    write_atomically(path, lambda temporary: temporary.write_bytes(data))


def figure_bytes(figure: Figure, kind: str) -> bytes:
    """What `save_figure` writes; ``kind`` is ``png``, ``svg`` or ``pdf``."""
    stream = BytesIO()
    with style(), warnings.catch_warnings():
        # A name in a script that no font here has shows as boxes, and that says it all.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(stream, format=kind, dpi=DPI, metadata=_UNDATED[kind])
    return stream.getvalue()


def _curves(
    records: Sequence[Record], unit: str, *, value: Value, interval: Interval | None
) -> Figure:
    ratios = sorted({record.ratio for record in records if record.ratio}, key=parse_ratio)
    with style():
        figure, panels = _panels(max(1, len(ratios)))
        lines: dict[str, Artist] = {}
        variants: defaultdict[str, list[str]] = defaultdict(list)
        for ratio, axes in zip(ratios or [None], panels, strict=True):
            shown = [record for record in records if record.ratio in (ratio, None)]
            for label, line in _series(shown, records).items():
                known = variants[line[0].link]
                if label not in known:
                    known.append(label)
                look = link_style(line[0].link)
                dashes = list(dict.fromkeys((look.linestyle, *MORE_DASHES)))
                look = replace(look, linestyle=dashes[known.index(label) % len(dashes)])
                lines.setdefault(label, _draw(axes, line, label, look, value, interval))
            if ratio is not None:
                axes.set_title(f"R = {ratio}")
        _label(panels, unit, sorted({_snr(r) for r in records if r.snr_db is not None}))
        if lines:
            _legend(figure, lines, LEGEND_COLUMNS * _columns(len(panels)))
        else:
            panels[0].text(0.5, 0.5, "nothing was measured", ha="center", va="center")
    return figure


def _draw(
    axes: Axes,
    line: Sequence[Record],
    label: str,
    look: LineStyle,
    value: Value,
    interval: Interval | None,
) -> Artist:
    if line[0].snr_db is None:  # it never met a channel, and so holds at any SNR
        return axes.axhline(value(line[0]), color=look.color, linestyle=look.linestyle, label=label)
    snrs = [_snr(record) for record in line]
    if interval:
        low, high = zip(*map(interval, line), strict=True)
        axes.fill_between(snrs, low, high, color=look.color, alpha=0.18, linewidth=0)
    values = [value(record) for record in line]
    return axes.plot(snrs, values, label=label, **asdict(look))[0]


def _legend(figure: Figure, lines: Mapping[str, Artist], most_columns: int) -> None:
    """Below the panels, in rows as even as can be."""
    rows = math.ceil(len(lines) / most_columns)
    figure.legend(
        handles=list(lines.values()),
        labels=list(lines),
        loc="outside lower center",
        ncols=math.ceil(len(lines) / rows),
    )


def _snr(record: Record) -> float:
    """In dB; 0 for a record that met no channel."""
    return record.snr_db or 0.0


def _columns(count: int) -> int:
    """Panels in a row: up to three, but four make a square."""
    return 2 if count == 4 else min(count, 3)


def _panels(count: int) -> tuple[Figure, list[Axes]]:
    columns = _columns(count)
    rows = math.ceil(count / columns)
    # One panel alone needs room for its legend.
    width = PANEL_WIDTH * (columns if columns > 1 else 1.4)
    # Not pyplot, which would choose a window system for the whole process.
    figure = Figure((width, PANEL_HEIGHT * rows + 0.5), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for unused in grid.flat[count:]:
        unused.remove()
    return figure, list(grid.flat[:count])


def _label(panels: Sequence[Axes], unit: str, snrs: Sequence[float]) -> None:
    columns = _columns(len(panels))
    for place, axes in enumerate(panels):
        if place % columns == 0:
            axes.set_ylabel(unit)
        if place + columns >= len(panels):
            axes.set_xlabel("SNR (dB)")
            axes.xaxis.set_tick_params(labelbottom=True)
        if 0 < len(snrs) <= MANY_SNRS:
            axes.set_xticks(snrs)


# What two records of one link may differ in; written behind the link's name where they do.
_CONDITIONS: tuple[Callable[[Record], str], ...] = (
    lambda record: "" if record.snr_db is None else record.channel,
    lambda record: record.perception,
    lambda record: record.data,
    lambda record: record.split,
    lambda record: f"seed {record.seed}",
    lambda record: "" if record.assumed_snr_db is None else f"assumes {record.assumed_snr_db:g} dB",
)


def _series(shown: Sequence[Record], records: Sequence[Record]) -> dict[str, list[Record]]:
    """The lines of a panel by their labels, each sorted by SNR."""
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
    return {label: sorted(line, key=_snr) for label, line in series.items()}
