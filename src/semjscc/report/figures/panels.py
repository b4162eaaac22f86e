"""Small multiples: equal panels in rows, one legend below, widths that fit a journal's page."""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from semjscc.checkpoint import write_atomically
from semjscc.errors import UserError
from semjscc.report.figures.style import style

WIDTHS = {1: 4.4, 2: 3.55, 3: 2.4}
"""Of a panel in inches by the number of them in a row: two and three fill a page of 7.2 inches."""

SHAPES = {1: 0.68, 2: 0.62, 3: 0.8}
"""Height of a panel over its width, likewise."""

LEAST_WIDTH = 2.0
"""Of a panel in inches, where the figure's width is given."""

LETTER, HANDLE = 0.07, 0.55
"""Width in inches of a letter of the legend, and of what stands before a name."""

LEGEND_ROWS = 12
"""As many names fit beside the panels, in a place that stays empty."""

KINDS = ("svg", "pdf", "png")
DPI = 200

# What must be dropped for equal figures to be equal files.
_UNDATED: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None},
    "pdf": {"CreationDate": None},
}


@dataclass(frozen=True)
class Panels:
    """A figure of equal panels.

    Attributes:
        figure: all of them.
        axes: of each panel, by rows.
        columns: panels in a row.
        spare: a place without a panel, behind the last; None where there is none.
        scale: width of a panel over its usual one.
    """

    figure: Figure
    axes: list[Axes]
    columns: int
    spare: Axes | None
    scale: float = 1.0

    def label(self, across: str, upwards: str) -> None:
        """Name the axes, at the left and lower edge of the figure only."""
        for place, axes in enumerate(self.axes):
            if place % self.columns == 0:
                axes.set_ylabel(upwards)
            if place + self.columns >= len(self.axes):
                axes.set_xlabel(across)

    def legend(self, handles: Mapping[str, Artist]) -> None:
        """One legend for all panels: in the spare place, or below in rows as even as can be."""
        if not handles:
            return
        named = {"handles": list(handles.values()), "labels": list(handles)}
        if self.spare is not None and len(handles) <= LEGEND_ROWS:
            self.spare.legend(**named, loc="center")
            return
        widest = max(map(len, handles)) * LETTER + HANDLE
        most = max(1, int(self.figure.get_figwidth() / widest))
        rows = math.ceil(len(handles) / most)
        columns = math.ceil(len(handles) / rows)
        self.figure.legend(**named, loc="outside lower center", ncols=columns)

    def say_empty(self) -> None:
        """Write that there is nothing to see."""
        first = self.axes[0]
        text = "nothing was measured"
        first.text(0.5, 0.5, text, ha="center", va="center", transform=first.transAxes)


def make_panels(
    count: int,
    columns: int | None = None,
    *,
    shape: float | None = None,
    share_x: bool = True,
    width: float | None = None,
) -> Panels:
    """A figure of ``count`` panels, within `style`.

    Args:
        count: how many.
        columns: at most so many in a row; by default three, but four make a square.
        shape: height of a panel over its width.
        share_x: one axis across for all.
        width: of the figure in inches; fewer stand in a row where they would be too narrow.
    """
    columns = min(count, columns or (2 if count == 4 else 3))
    if width is not None:
        columns = min(columns, max(1, int(width / LEAST_WIDTH)))
    rows = math.ceil(count / columns)
    each = WIDTHS[columns] if width is None else width / columns
    height = (shape or SHAPES[columns]) * each + 0.2
    # Not pyplot, which would choose a window system for the whole process.
    figure = Figure((each * columns, height * rows + 0.4), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=share_x, sharey=True, squeeze=False)
    spare = list(grid.flat[count:])
    for unused in spare:
        unused.set_axis_off()
    panels = list(grid.flat[:count])
    for place, axes in enumerate(panels):
        # Also above a place that stays empty.
        if place + columns >= count:
            axes.xaxis.set_tick_params(labelbottom=True)
    return Panels(figure, panels, columns, spare[0] if spare else None, each / WIDTHS[columns])


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG (200 dpi), SVG or PDF, as the suffix says; equal figures, equal bytes.

    Raises:
        UserError: another suffix, or the file cannot be written.
    """
    kind = path.suffix.lower().removeprefix(".")
    if kind not in KINDS:
        raise UserError(f"{path} cannot be drawn: figures end in .png, .svg or .pdf")
    data = figure_bytes(figure, kind)
    write_atomically(path, lambda temporary: temporary.write_bytes(data))


def figure_bytes(figure: Figure, kind: str, *, text_as_text: bool = False) -> bytes:
    """What `save_figure` writes.

    Args:
        figure: made within `style`.
        kind: ``png``, ``svg`` or ``pdf``.
        text_as_text: leave the letters of an SVG to the reader's fonts, instead of drawing them.
    """
    stream = BytesIO()
    more = {"svg.fonttype": "none" if text_as_text else "path"}
    with style(more), warnings.catch_warnings():
        # A name in a script that no font here has shows as boxes, and that says it all.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        if isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine):
            # Laid out once, it need not be for every further kind of file.
            figure.draw_without_rendering()
            figure.set_layout_engine(None)  # not "none", which has it laid out for each file
        figure.savefig(stream, format=kind, dpi=DPI, metadata=_UNDATED[kind])
    return stream.getvalue()
