"""The drawings of the page: importance over the image, symbols, and accuracy against SNR.

The curve is drawn once for a family and ratio; its marker is a line of the page itself, so that it
moves while the slider does and nobody waits for a drawing.
"""

import base64
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import torch
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from semjscc.codecs.bandwidth import parse_ratio
from semjscc.families import PHOTO
from semjscc.images import to_uint8
from semjscc.importance.layer_maps import NoMapsError
from semjscc.importance.maps import importance_map, overlay
from semjscc.perception.base import Perception
from semjscc.perception.gradients import NoGradientError
from semjscc.report.figures.metric_curves import accuracy_figure
from semjscc.report.figures.panels import figure_bytes
from semjscc.report.figures.style import BLACK, PURPLE, link_style, style
from semjscc.results.records import Record, Results, load_results
from semjscc.web.compare import Delivery
from semjscc.web.importance import NAME as IMPORTANCE

LOWEST_DB, HIGHEST_DB = -5, 20
"""Of the slider."""

PUBLISHED = Path(__file__).parent / "results"
"""The published results that have curves here: copies of files in the repository's ``results/``,
which an installed package does not have. A test holds them equal."""

PUBLISHED_DATA = {PHOTO: "imagenet-photos"}
"""What a family was measured with, where that is not called as the family is."""

CURVES = ("none", "semantic", "djscc", "separate")
POINTS = 400
"""Symbols drawn of each link; more hide one another."""

REACH = 2.4
"""Of the plane of symbols, whose mean power is 1."""

SIDE_INCHES = 2.3
"""Of the panel of one link's symbols."""

_DRAWING = threading.Lock()
"""The settings of matplotlib are the whole process's."""


@dataclass(frozen=True)
class Curve:
    """Accuracy against SNR as a picture.

    Attributes:
        picture: a data: URI.
        left, right: where on it the slider's ends lie, in % of its width.
        top, bottom: where its axes begin and end, in % of its height from above.
        what: one line on what was measured.
    """

    picture: str
    left: float
    right: float
    top: float
    bottom: float
    what: str


def colour(link: str) -> str:
    """Of a link on this page."""
    return PURPLE if link == IMPORTANCE else link_style(link).color


def png_uri(image: Tensor) -> str:
    """(3, H, W), uint8 or in [0, 1], as a data: URI."""
    pixels = image if image.dtype == torch.uint8 else to_uint8(image)
    stream = BytesIO()
    # The fastest compression: it goes to the same machine, or over a fast network.
    Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(stream, "PNG", compress_level=1)
    return _uri("image/png", stream.getvalue())


def importance_picture(image: Tensor, perception: Perception) -> Tensor | None:
    """Where the features lie that matter to the result: (3, H, W) in [0, 1] -> the same.

    None for a network through which no gradient passes, or whose features are no maps.
    """
    try:
        return overlay(image[None], importance_map(perception, image[None]))[0]
    except (NoGradientError, NoMapsError):
        return None


def constellation(deliveries: Sequence[Delivery]) -> str:
    """Symbols as they were sent and as the receiver sees them, a panel for each link."""
    with _DRAWING, style():
        figure = Figure((SIDE_INCHES * len(deliveries), SIDE_INCHES))
        # Without text, whose layout would take most of the time, and which nobody could read on a
        # telephone: the page writes the names above.
        figure.subplots_adjust(left=0, right=1, bottom=0.01, top=0.99, wspace=0.03)
        for axes, one in zip(
            figure.subplots(1, len(deliveries), squeeze=False)[0], deliveries, strict=True
        ):
            places = torch.linspace(0, len(one.sent) - 1, min(POINTS, len(one.sent))).long()
            sent, received = (
                torch.view_as_real(symbols.cpu()[places]).T.numpy()
                for symbols in (one.sent, one.received)
            )
            axes.scatter(*received, s=6, color=colour(one.link), alpha=0.55, linewidths=0)
            axes.scatter(*sent, s=3, color=BLACK, linewidths=0, zorder=3)
            axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), aspect="equal")
            axes.set_xticks(range(-2, 3), labels=[])
            axes.set_yticks(range(-2, 3), labels=[])
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
        return _uri("image/png", figure_bytes(figure, "png"))


@lru_cache(maxsize=64)
def accuracy_curve(family: str, ratio: Fraction, judge: str) -> Curve | None:
    """The published accuracy of a family at a ratio over AWGN; None where none was published.

    Args:
        family: of weights.
        ratio: k/n.
        judge: the perception network's name.
    """
    records = _published(family, ratio, judge)
    if not records:
        return None
    with _DRAWING:
        figure = accuracy_figure(Results({}, records))
        axes = figure.axes[0]
        axes.set_xlim(LOWEST_DB - 0.5, HIGHEST_DB + 0.5)
        axes.set_xticks(range(LOWEST_DB, HIGHEST_DB + 1, 5))
        axes.set_ylim(0, 100)
        picture = figure_bytes(figure, "svg")
    ends = axes.transData.transform([(LOWEST_DB, 100), (HIGHEST_DB, 0)]) / figure.bbox.size
    (left, top), (right, bottom) = (100 * ends).tolist()
    one = records[0]
    what = f"{one.images} {one.split} images of {one.data}, judged by {one.perception}, over AWGN"
    return Curve(_uri("image/svg+xml", picture), left, right, 100 - top, 100 - bottom, what)


def _published(family: str, ratio: Fraction, judge: str) -> list[Record]:
    """Of the file that compares most of the links shown here."""
    choices = []
    for everything in _all_published():
        records = [
            record
            for record in everything
            if record.data == PUBLISHED_DATA.get(family, family)
            and record.perception == judge
            and record.metric == "accuracy"
            and record.channel in ("none", "awgn")
            and record.assumed_snr_db is None
            and record.link in CURVES
            and (record.ratio is None or parse_ratio(record.ratio) == ratio)
        ]
        links = {record.link for record in records if record.ratio is not None}
        if links:
            choices.append((len(links), records))
    return max(choices, key=lambda choice: choice[0], default=(0, []))[1]


@lru_cache(maxsize=1)
def _all_published() -> list[Sequence[Record]]:
    """The records of each file."""
    return [load_results(file).records for file in sorted(PUBLISHED.glob("*.json"))]


def _uri(kind: str, data: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"
