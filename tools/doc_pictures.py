"""The pictures of the documentation, from the weights that ship.

    python tools/doc_pictures.py

writes ``docs/images/how-*.png``: where the perception network looks, how unequal the weights of its
layers are, one image at falling SNR, and what goes over the air.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from semjscc.channels import CHANNELS
from semjscc.checkpoint import locate
from semjscc.data import ImageSet, load_data
from semjscc.importance.gradient import ImportanceForm, importance_weights, score_gradients
from semjscc.importance.maps import importance_map, overlay
from semjscc.links import Link, Situation, SymbolLink, open_link
from semjscc.perception.base import Perception, predict
from semjscc.perception.store import load_perception
from semjscc.randomness import Draws
from semjscc.report.figures.panels import save_figure
from semjscc.report.figures.style import BLUE, GREEN, GREY, ORANGE, VERMILLION, style
from semjscc.report.strip import Panel, strip_figure
from semjscc.transmission import see

FOLDER = Path(__file__).parents[1] / "docs" / "images"
FAMILY = "signs"
RATIO = Fraction(1, 48)
FALLING_DB = (20.0, 15.0, 10.0, 5.0, 0.0, -5.0)
DESIGN_DB = 15
"""The SNR that separate coding is fixed for in the picture of its cliff."""
IMAGES = 200
"""Enough for curves that no longer move."""
SHOWN = (3, 5, 11)
"""Places in the test set of three signs of different sizes."""


def importance(perception: Perception, data: ImageSet) -> Figure:
    """Each layer's importance over the image."""
    images = data.batch(SHOWN)
    columns = {
        layer: overlay(images, importance_map(perception, images, layer=layer))
        for layer in ("stem", *perception.layers)
    }
    rows = [
        [
            Panel("image", images[row], _named(perception, data, place)),
            *(Panel(layer, maps[row], "") for layer, maps in columns.items()),
        ]
        for row, place in enumerate(SHOWN)
    ]
    return strip_figure(rows, "Importance by layer: bright where the result would change most")


def weights(perception: Perception, data: ImageSet) -> Figure:
    """The share of all weight that the most important features carry, by layer."""
    gradients = score_gradients(perception, data.batch(range(IMAGES)), "logit")[1]
    with style():
        figure = Figure((7.2, 3.0), layout="constrained")
        panels = figure.subplots(1, 2, sharey=True)
        for axes, temper in zip(panels, (1.0, 0.5), strict=True):
            found = importance_weights(gradients, ImportanceForm(temper=temper))
            for (layer, weight), color in zip(found.items(), (BLUE, GREEN, ORANGE), strict=False):
                axes.plot(*_carried(weight), color=color, label=layer)
            axes.plot([0, 100], [0, 100], color=GREY, linestyle="--", label="uniform")
            axes.set_title(f"temper = {temper:g}")
            axes.set_xlabel("most important features (%)")
        panels[0].set_ylabel("their share of the weight (%)")
        panels[0].legend()
    return figure


def _carried(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Share of the features, largest weights first, and of the weight, in %, mean over images."""
    falling = weight.flatten(1).sort(dim=1, descending=True).values.double()
    share = (falling.cumsum(dim=1) / falling.sum(dim=1, keepdim=True)).mean(dim=0)
    features = torch.arange(1, len(share) + 1) / len(share)
    return 100 * features, 100 * share


def falling(perception: Perception, data: ImageSet) -> Figure:
    """One image over three links at falling SNR."""
    place = SHOWN[1]  # the network does not guess its class from the mean image
    image, label = data.batch([place]), int(data.labels[place])
    links = [
        open_link(name, FAMILY, perception)
        for name in ("semantic", "djscc", f"separate@{DESIGN_DB}")
    ]
    rows = [
        [_arrived(link, perception, image, label, place, snr_db) for snr_db in FALLING_DB]
        for link in links
    ]
    return strip_figure(rows, f"{', '.join(link.name for link in links)} (top to bottom)")


def _arrived(
    link: Link, perception: Perception, image: Tensor, label: int, place: int, snr_db: float
) -> Panel:
    situation = Situation(CHANNELS["awgn"], snr_db, RATIO, Draws(0, [place]))
    received = link.send(image, situation)
    assert received.images is not None
    right = int(predict(perception, received.images)[0]) == label
    seen = see(perception, received.images).things[0]
    text = seen.label if bool(received.delivered[0]) else "nothing delivered"
    return Panel(f"{snr_db:g} dB", received.images[0], text, right)


def symbols(perception: Perception, data: ImageSet) -> Figure:
    """What two links send, and what arrives at 15 dB."""
    image = data.batch([SHOWN[0]])
    with style():
        figure = Figure((7.2, 2.1), layout="constrained")
        panels = iter(figure.subplots(1, 4, sharex=True, sharey=True))
        for name, color in (("semantic", BLUE), ("separate-hevc", VERMILLION)):
            link = open_link(name, FAMILY, perception)
            assert isinstance(link, SymbolLink)
            sent = link.transmit(image, RATIO, DESIGN_DB).symbols
            received, _ = CHANNELS["awgn"](sent, DESIGN_DB, Draws(0, [SHOWN[0]]))
            _scatter(next(panels), sent, color, f"{name}, sent")
            _scatter(next(panels), received, color, f"{name}, {DESIGN_DB} dB")
    return figure


def _scatter(axes: Axes, points: Tensor, color: str, title: str) -> None:
    axes.plot(points.real.flatten(), points.imag.flatten(), ".", color=color, markersize=2.5)
    axes.set_aspect("equal")
    axes.set_title(title)


def _named(perception: Perception, data: ImageSet, place: int) -> str:
    return perception.class_names[int(data.labels[place])]


PICTURES: dict[str, Callable[[Perception, ImageSet], Figure]] = {
    "importance": importance,
    "weights": weights,
    "falling": falling,
    "symbols": symbols,
}


def main(names: Sequence[str] = tuple(PICTURES), folder: Path = FOLDER) -> None:
    """Draw the pictures of these names."""
    perception = load_perception(locate(f"{FAMILY}-a"))
    data = load_data(FAMILY, "test", limit=IMAGES)
    for name in names:
        save_figure(PICTURES[name](perception, data), folder / f"how-{name}.png")


if __name__ == "__main__":
    main()
