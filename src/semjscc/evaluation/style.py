"""How figures look: colours that colour-blind readers can tell apart, one for each link."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.font_manager import get_font_names

# The palette of Okabe and Ito (2008), without its yellow, which white paper swallows.
BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#767676"

RIGHT = "#00694D"
WRONG = "#B34700"
"""The palette's green and vermillion, darkened until they read as small text on white."""


@dataclass(frozen=True)
class LineStyle:
    """The look of one link, as matplotlib names it."""

    color: str
    marker: str
    linestyle: str = "-"


_LINKS = {
    "none": LineStyle(GREY, "", "--"),
    "djscc": LineStyle(ORANGE, "s"),
    "semantic": LineStyle(BLUE, "o"),
    "feature": LineStyle(GREEN, "^"),
    "task-loss": LineStyle(PURPLE, "D"),
    "distill": LineStyle(SKY, "v"),
    "separate": LineStyle(VERMILLION, "X"),
    "capacity": LineStyle(BLACK, "", ":"),
    "finite": LineStyle(GREY, "", ":"),
    "label": LineStyle(BLACK, "", "-."),
}

_DEEPJSCC = "deepjscc"
_OTHER_COLOURS = (GREEN, PURPLE, SKY, VERMILLION, BLUE, ORANGE)
_OTHER_MARKERS = ("P", "*", "<", ">", "p", "h", "d")


def link_style(name: str) -> LineStyle:
    """The look of a link, the same in every figure whatever else is in it.

    Args:
        name: of the link; one that is not known gets a look that follows from its letters.
    """
    if name in _LINKS:
        return _LINKS[name]
    digest = hashlib.blake2b(name.encode(), digest_size=2).digest()
    marker = _OTHER_MARKERS[digest[0] % len(_OTHER_MARKERS)]
    if name.startswith(_DEEPJSCC):
        return LineStyle(BLACK, marker)
    return LineStyle(_OTHER_COLOURS[digest[1] % len(_OTHER_COLOURS)], marker, "--")


_CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans",
    "Malgun Gothic",
    "WenQuanYi Zen Hei",
)

_SETTINGS: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "figure.facecolor": "white",
    # Names come from strangers' files: a dollar sign in one is no formula.
    "text.parse_math": False,
    "text.usetex": False,
    # Identifiers in SVG are drawn at random otherwise.
    "svg.hashsalt": "semjscc",
}


@contextmanager
def style() -> Iterator[None]:
    """The settings every figure is made and saved with; the caller's own come back after it."""
    present = set(get_font_names())
    fonts = ["DejaVu Sans", *(font for font in _CJK_FONTS if font in present)]
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        mpl.rcParams["font.family"] = fonts
        yield
