"""How figures look: colours that colour-blind readers can tell apart, one for each link."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import matplotlib as mpl
from matplotlib.font_manager import get_font_names

from semjscc.links.catalogue import ROI, SEPARATE, is_one_coder
from semjscc.statistics.seeds import method_of

# The palette of Okabe and Ito (2008), without its yellow, which white paper swallows.
BLACK = "#000000"
ORANGE = "#E69F00"
SKY = "#56B4E9"
GREEN = "#009E73"
BLUE = "#0072B2"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
GREY = "#767676"
TAN = "#A3876F"

INK_ON_COLOUR, PAPER_ON_COLOUR = "#000001", "#FFFFFE"
"""Black and white that stay so where a dark page turns black lines white."""

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
    "semantic-balanced": LineStyle(BLUE, "d", "--"),
    "feature": LineStyle(GREEN, "^"),
    "task-loss": LineStyle(PURPLE, "D"),
    "distill": LineStyle(SKY, "v"),
    "linear": LineStyle(TAN, "v", "--"),
    "linear-adaptive": LineStyle(TAN, "^"),
    "hybrid": LineStyle(PURPLE, "P"),
    SEPARATE: LineStyle(VERMILLION, "X"),
    ROI: LineStyle(VERMILLION, "X", "-."),
    "capacity": LineStyle(BLACK, "", ":"),
    "finite": LineStyle(GREY, "", ":"),
    "label": LineStyle(BLACK, "", "-."),
}

_POLICY = {"linestyle": "-."}
_POLICIES = {
    "semantic": {"linestyle": "--", "marker": "*"},
    "uniform": {"linestyle": ":"},
    "importance": {"linestyle": "-.", "marker": "h"},
    "importance-energy:predicted": {"linestyle": "-.", "marker": "d"},
    "importance:predicted": {"linestyle": ":", "marker": "d"},
    "importance-energy:saliency": {"linestyle": "-.", "marker": "v"},
    "importance:saliency": {"linestyle": ":", "marker": "v"},
}
"""What a policy changes in a link's look."""
_DEEPJSCC = "deepjscc"
_FIXED, _CODER = f"{SEPARATE}@", f"{SEPARATE}-"
_CODERS = {"jpeg": "d", "jpeg2000": ">", "webp": "p", "avif": "<", "hevc": "h", "small": "*"}
_OTHER_COLOURS = (GREEN, PURPLE, SKY, VERMILLION, BLUE, ORANGE)
_OTHER_MARKERS = ("P", "*", "<", ">", "p", "h", "d")


def is_minor(name: str) -> bool:
    """Whether a link stands back behind another that is the best of its kind."""
    return is_one_coder(name)


def link_style(name: str) -> LineStyle:
    """The look of a link, the same in every figure whatever else is in it.

    Args:
        name: of the link; one that is not known gets a look that follows from its letters, and
            repeats with other training seeds look like the link they repeat.
    """
    name = method_of(name)
    if name in _LINKS:
        return _LINKS[name]
    base, plus, policy = name.rpartition("+")
    if plus and base in _LINKS:
        return replace(_LINKS[base], **_POLICIES.get(policy, _POLICY))
    digest = hashlib.blake2b(name.encode(), digest_size=2).digest()
    marker = _OTHER_MARKERS[digest[0] % len(_OTHER_MARKERS)]
    if name.startswith(_DEEPJSCC):
        return LineStyle(BLACK, marker)
    if name.startswith(_FIXED):
        return LineStyle(VERMILLION, "x", "--")
    if is_minor(name):
        return LineStyle(TAN, _CODERS.get(name.removeprefix(_CODER), marker), ":")
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
    "font.size": 8.5,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8.5,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "figure.constrained_layout.h_pad": 0.07,
    "lines.linewidth": 1.3,
    "lines.markersize": 4,
    "lines.markeredgewidth": 0.8,
    "figure.facecolor": "white",
    # PDF with TrueType outlines, which journals ask for.
    "pdf.fonttype": 42,
    # Names come from strangers' files: a dollar sign in one is no formula.
    "text.parse_math": False,
    "text.usetex": False,
    # Identifiers in SVG are drawn at random otherwise.
    "svg.hashsalt": "semjscc",
}


@contextmanager
def style(more: Mapping[str, Any] | None = None) -> Iterator[None]:
    """The settings every figure is made and saved with; the caller's own come back after it.

    Args:
        more: further settings, by matplotlib's names.
    """
    present = set(get_font_names())
    fonts = ["DejaVu Sans", *(font for font in _CJK_FONTS if font in present)]
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(_SETTINGS)
        mpl.rcParams["font.family"] = fonts
        for name, value in (more or {}).items():
            mpl.rcParams[name] = value  # pyright: ignore[reportArgumentType]
        yield


_METRICS = {"map50": "mAP50", "map": "mAP", "miou": "mIoU"}
"""As the field writes them."""


def metric_title(metrics: Iterable[str]) -> str:
    """Metrics as a title says them: ``Accuracy``, ``mAP50``, ``Accuracy/agreement``."""
    words = [metric.split(" ") for metric in metrics]
    first, *others = (" ".join([_METRICS.get(word, word), *rest]) for word, *rest in words)
    begins = first if first.split(" ")[0] in _METRICS.values() else first.capitalize()
    return "/".join([begins, *others])
