"""The pictures of the documentation, from the weights that ship.

    python tools/doc_pictures.py

writes ``docs/images/how-*.png``: where the perception network looks, how unequal the weights of its
layers are, one image at falling SNR, what goes over the air, and where symbols go by importance.
``how-drop.webp`` is an animation of that image while the SNR falls.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image
from torch import Tensor

from semjscc.channels import CHANNELS
from semjscc.checkpoint import locate, write_atomically
from semjscc.data import ImageSet, load_data
from semjscc.images import to_uint8
from semjscc.importance.gradient import ImportanceForm, importance_weights, score_gradients
from semjscc.importance.maps import importance_map, overlay
from semjscc.links import Link, Situation, SymbolLink, open_link
from semjscc.perception.base import Perception, predict
from semjscc.perception.store import load_perception
from semjscc.randomness import Draws
from semjscc.report.figures.panels import figure_bytes, save_figure
from semjscc.report.figures.style import BLUE, GREEN, GREY, ORANGE, VERMILLION, style
from semjscc.report.strip import Panel, sight, strip_figure, strip_title
from semjscc.transmission import see
from semjscc.web.importance import symbols_picture

FOLDER = Path(__file__).parents[1] / "docs" / "images"
FAMILY = "signs"
SCENES = "scenes"
RATIO = Fraction(1, 48)
FALLING_DB = (20.0, 15.0, 10.0, 5.0, 0.0, -5.0)
DESIGN_DB = 15
"""The SNR that separate coding is fixed for in the picture of its cliff."""
ALLOCATED_DB, ALLOCATED_RATIO = 10.0, Fraction(1, 96)
"""Of the picture of where symbols go."""
FRAMES_DB = range(20, -6, -1)
"""Of the animation."""
FRAME_MS, LAST_MS = 300, 2500
"""How long a frame is shown, and the last one, before all begins anew."""
IMAGES = 200
"""Enough for curves that no longer move."""
SHOWN = (3, 5, 11)
"""Places in the test set of three signs of different sizes."""
SHOWN_SCENES = (4, 6)
"""Places in val, whose images nothing is published of."""
POLICIES = ("uniform", "importance-energy")
"""Of the picture of where symbols go."""


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


def drop(perception: Perception, data: ImageSet) -> list[Figure]:
    """The same image, semantic beside separate coding, a frame for each SNR."""
    place = SHOWN[1]
    image, label = data.batch([place]), int(data.labels[place])
    links = [open_link(name, FAMILY, perception) for name in ("semantic", f"separate@{DESIGN_DB}")]
    sent = Panel("sent", image[0], perception.class_names[label])
    frames = []
    for snr_db in FRAMES_DB:
        arrived = [
            replace(_arrived(link, perception, image, label, place, snr_db), title=link.name)
            for link in links
        ]
        frames.append(strip_figure([[sent, *arrived]], f"SNR {snr_db} dB"))
    return frames


def save_animation(figures: Sequence[Figure], path: Path) -> None:
    """Write figures as the frames of a WebP that begins anew when it ends, at 100 dpi."""
    frames = []
    for figure in figures:
        with Image.open(BytesIO(figure_bytes(figure, "png"))) as drawn:
            frames.append(drawn.convert("RGB").reduce(2))
    times = [FRAME_MS] * (len(frames) - 1) + [LAST_MS]
    stream = BytesIO()
    frames[0].save(
        *(stream, "WEBP"), save_all=True, append_images=frames[1:], duration=times, loop=0,
        quality=80, method=6,
    )  # fmt: skip
    write_atomically(path, lambda temporary: temporary.write_bytes(stream.getvalue()))


def _arrived(
    link: Link, perception: Perception, image: Tensor, label: int, place: int, snr_db: float
) -> Panel:
    received = link.send(image, _situation(place, snr_db, RATIO))
    assert received.images is not None
    right = int(predict(perception, received.images)[0]) == label
    seen = see(perception, received.images).things[0]
    text = seen.label if bool(received.delivered[0]) else "nothing delivered"
    return Panel(f"{snr_db:g} dB", received.images[0], text, right)


def _situation(place: int, snr_db: float, ratio: Fraction) -> Situation:
    return Situation(CHANNELS["awgn"], snr_db, ratio, Draws(0, [place]))


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


def allocation(perception: Perception, data: ImageSet) -> Figure:
    """Where the same number of symbols goes without and with importance, and what arrives."""
    links = {
        policy: open_link(f"linear-adaptive+{policy}", SCENES, perception) for policy in POLICIES
    }
    rows = []
    for place in SHOWN_SCENES:
        image, situation = data.batch([place]), _situation(place, ALLOCATED_DB, ALLOCATED_RATIO)
        row = [
            replace(sight("sent", image[0], perception), caption=""),
            Panel("importance", overlay(image, importance_map(perception, image))[0], ""),
        ]
        for policy, link in links.items():
            assert isinstance(link, SymbolLink)
            sent = link.transmit(image, situation.ratio, situation.snr_db)
            received = link.send(image, situation).images
            assert received is not None
            row += [
                Panel(policy, symbols_picture(to_uint8(image[0]), sent), ""),
                replace(sight("received", received[0], perception), caption=""),
            ]
        rows.append(row)
    at = _situation(SHOWN_SCENES[0], ALLOCATED_DB, ALLOCATED_RATIO)
    return strip_figure(rows, strip_title(at, *data.sizes[0]))


def _named(perception: Perception, data: ImageSet, place: int) -> str:
    return perception.class_names[int(data.labels[place])]


Picture = Callable[[Perception, ImageSet], Figure | list[Figure]]
OF_SIGNS: dict[str, Picture] = {
    "importance": importance,
    "weights": weights,
    "falling": falling,
    "symbols": symbols,
    "drop": drop,
}
OF_SCENES: dict[str, Picture] = {"allocation": allocation}


PICTURES = (*OF_SIGNS, *OF_SCENES)
ANIMATED = ("drop",)


def file_of(name: str) -> str:
    """What the picture of a name is written to."""
    return f"how-{name}.{'webp' if name in ANIMATED else 'png'}"


def main(names: Sequence[str] = PICTURES, folder: Path = FOLDER) -> None:
    """Draw the pictures of these names."""
    figures: dict[str, Figure | list[Figure]] = {}
    if of_signs := [name for name in names if name in OF_SIGNS]:
        perception = load_perception(locate(f"{FAMILY}-a"))
        data = load_data(FAMILY, "test", limit=IMAGES)
        figures |= {name: OF_SIGNS[name](perception, data) for name in of_signs}
    if of_scenes := [name for name in names if name in OF_SCENES]:
        perception = load_perception(locate(f"{SCENES}-detector-a"))
        data = load_data(SCENES, "val", limit=max(SHOWN_SCENES) + 1)
        figures |= {name: OF_SCENES[name](perception, data) for name in of_scenes}
    for name, figure in figures.items():
        if isinstance(figure, Figure):
            save_figure(figure, folder / file_of(name))
        else:
            save_animation(figure, folder / file_of(name))


if __name__ == "__main__":
    main()
