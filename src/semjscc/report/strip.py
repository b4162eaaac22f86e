"""The transmission picture: what was sent, what matters in it, what each link makes of it."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isinf, isnan
from pathlib import PurePath

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path
from torch import Tensor

from semjscc.codecs.bandwidth import channel_uses
from semjscc.data.base import PerImage
from semjscc.images import printable
from semjscc.importance.layer_maps import NoMapsError
from semjscc.importance.maps import importance_map, overlay
from semjscc.links import Link, Received, Situation
from semjscc.metrics import psnr
from semjscc.perception.base import Perception
from semjscc.perception.gradients import NoGradientError
from semjscc.report.figures.style import GREY, RIGHT, WRONG, style
from semjscc.runtime.devices import device_of
from semjscc.tasks.evidence import gather

CHECK, CROSS = "✓", "✗"

PANEL_WIDTH = 1.45
GAP = 0.1
LINE_HEIGHT = 0.155
MARGIN = 0.12
"""In inches."""

CAPTION_POINTS = 8
TITLE_POINTS = 9
SMALL_SIDE = 200
"""Up to this many pixels across, a panel shows them as squares; larger images are smoothed."""

NO_IMAGE_SHADE = 0.92


@dataclass(frozen=True)
class Panel:
    """One picture of the strip.

    Attributes:
        title: of its column.
        image: (3, H, W) floating-point in [0, 1].
        caption: one or more lines below it.
        right: whether the perception network was right, None where the question makes no sense.
    """

    title: str
    image: Tensor
    caption: str
    right: bool | None = None


def make_rows(
    images: Tensor,
    targets: PerImage,
    links: Sequence[Link],
    perception: Perception,
    situation: Situation,
    names: Sequence[str] = (),
    *,
    agreement: bool = False,
) -> list[list[Panel]]:
    """Send images through each link and ask the perception network what it sees.

    Args:
        images: (B, 3, H, W) float32 in [0, 1].
        targets: what is right of each, such as labels (B,).
        links: one column each.
        perception: the frozen network.
        situation: channel, SNR and ratio; its draws have one index for each image.
        names: of the images' files, each shown below its original; none where there are none.
        agreement: what is right is what the network sees in the clean image.

    Returns:
        a row for each image: the original, its importance map if the network has one, and one
        panel for each link.
    """
    images = images.to(device_of(perception))
    originals = _judged("original", images, _ask(perception, images), targets, perception)
    if names:
        originals = [
            replace(panel, caption=f"{panel.caption}\n{PurePath(name).name}")
            for panel, name in zip(originals, names, strict=True)
        ]
    columns = [
        originals,
        *_importance(images, targets, perception, "clean" if agreement else "truth"),
        *(_received(link, images, targets, perception, situation) for link in links),
    ]
    return [list(row) for row in zip(*columns, strict=True)]


def _importance(
    images: Tensor, targets: PerImage, perception: Perception, right: str
) -> list[list[Panel]]:
    """The column of importance maps; none of a network without gradients or without maps."""
    try:
        heat = overlay(images, importance_map(perception, images))
    except (NoGradientError, NoMapsError):
        return []
    captions = [""] * len(heat)
    if isinstance(targets, Tensor) and targets.ndim == 1:
        names = [printable(perception.class_names[label]) for label in targets.tolist()]
        captions = [f"{right}:\n{name}" for name in names]
    return [[Panel("importance", image, text) for image, text in zip(heat, captions, strict=True)]]


@torch.inference_mode()
def sight(title: str, image: Tensor, perception: Perception) -> Panel:
    """What a network sees in one image (3, H, W) in [0, 1], drawn over it and named below."""
    task, names, images = perception.task, perception.class_names, image[None]
    output = perception.look(images)
    results = task.results(output, (image.shape[-2], image.shape[-1]))
    (things,) = task.see(output, names, task.tells)
    lines = [f"{printable(one.label)} {100 * one.confidence:.0f} %" for one in things]
    return Panel(title, task.draw(images, results, names)[0], "\n".join(lines))


def strip_title(situation: Situation, height: int, width: int) -> str:
    """SNR, ratio and channel uses k, for images of H x W pixels."""
    uses = channel_uses(height, width, situation.ratio)
    title = f"SNR {situation.snr_db:g} dB, R = {situation.ratio}, k = {uses} channel uses"
    if situation.assumed_snr_db is not None:
        title += f", assumed SNR {situation.assumed_snr_db:g} dB"
    return title


def strip_figure(rows: Sequence[Sequence[Panel]], title: str) -> Figure:
    """Draw rows of panels.

    Captions carry a check mark or a cross besides their colour, and are cut to the width of their
    panel, so that none runs into the next.

    Args:
        rows: of equal length, the same titles in each.
        title: above all.

    Raises:
        ValueError: there are no panels, or rows differ in length.
    """
    if not rows or not rows[0] or len({len(row) for row in rows}) > 1:
        raise ValueError("a strip needs rows of equally many panels")
    columns = len(rows[0])
    heights = [max(_height(panel) for panel in row) for row in rows]
    lines = [max(len(panel.caption.splitlines()) for panel in row) for row in rows]
    head = 2.6 * LINE_HEIGHT + MARGIN
    below = [LINE_HEIGHT * (count + 0.9) for count in lines]
    total_width = columns * (PANEL_WIDTH + GAP) - GAP + 2 * MARGIN
    total_height = head + sum(heights) + sum(below) + MARGIN
    with style(), warnings.catch_warnings():
        # A name in a script that no font here has shows as boxes, and that says it all.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure = Figure((total_width, total_height))
        top = total_height - head
        for number, (row, height, space) in enumerate(zip(rows, heights, below, strict=True)):
            for column, panel in enumerate(row):
                left = MARGIN + column * (PANEL_WIDTH + GAP)
                axes = figure.add_axes(
                    (
                        left / total_width,
                        (top - height) / total_height,
                        PANEL_WIDTH / total_width,
                        height / total_height,
                    )
                )
                _draw(axes, panel, with_title=number == 0)
            top -= height + space
        figure.text(
            MARGIN / total_width,
            1 - 0.7 * MARGIN / total_height,
            _fit(title, total_width - 2 * MARGIN, TITLE_POINTS),
            fontsize=TITLE_POINTS,
            va="top",
        )
    return figure


def _draw(axes: Axes, panel: Panel, *, with_title: bool) -> None:
    pixels = panel.image.detach().float().clamp(0, 1).movedim(0, -1).cpu().numpy()
    smooth = max(pixels.shape[:2]) > SMALL_SIDE
    axes.imshow(pixels, interpolation="auto" if smooth else "nearest")
    axes.set_anchor("N")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    colour = {None: GREY, True: RIGHT, False: WRONG}[panel.right]
    axes.spines[:].set(visible=True, color=colour, linewidth=0.8 if panel.right is None else 2)
    if with_title:
        title = _fit(panel.title, PANEL_WIDTH, TITLE_POINTS)
        axes.set_title(title, fontsize=TITLE_POINTS, fontweight="bold", pad=4)
    mark = {None: "", True: f"{CHECK} ", False: f"{CROSS} "}[panel.right]
    lines = f"{mark}{panel.caption}".splitlines()
    caption = "\n".join(_fit(line, PANEL_WIDTH, CAPTION_POINTS) for line in lines)
    text_colour = "black" if panel.right is None else colour
    axes.set_xlabel(caption, fontsize=CAPTION_POINTS, color=text_colour, labelpad=4)


def _fit(text: str, width: float, points: float) -> str:
    """``text``, its end cut until it is no wider than ``width`` inches at a size in points."""
    text = printable(text)
    font = FontProperties(size=points, weight="bold")  # the widest that is used
    kept = text
    while kept and text_to_path.get_text_width_height_descent(kept, font, False)[0] > 72 * width:
        text = text[:-1]
        kept = f"{text.rstrip()}…" if text else ""
    return kept


def _height(panel: Panel) -> float:
    rows, columns = panel.image.shape[-2:]
    return PANEL_WIDTH * rows / columns


@torch.inference_mode()
def _ask(perception: Perception, images: Tensor) -> Tensor:
    return perception.look(images)


def _judged(
    title: str, images: Tensor, output: Tensor, targets: PerImage, perception: Perception
) -> list[Panel]:
    """A panel for each image, with what the network concludes of it and how far that is right."""
    task, names = perception.task, perception.class_names
    metric, kind = next(iter(task.metrics.items()))
    results = task.results(output, (images.shape[-2], images.shape[-1]))
    panels = []
    for image, seen, rows in zip(
        task.draw(images, results, names),
        task.see(output, names),
        task.evidence(results, targets, len(names))[metric],
        strict=True,
    ):
        if kind == "bits":
            first = seen[0]
            caption = f"{printable(first.label)}\n{100 * first.confidence:.0f} %"
            panels.append(Panel(title, image, caption, bool(rows[0, 0])))
        else:
            worth = gather(kind, [[rows]]).value
            told = "–" if isnan(worth) else f"{100 * worth:.0f} %"
            panels.append(Panel(title, image, f"{metric}\n{told}"))
    return panels


def _received(
    link: Link, images: Tensor, targets: PerImage, perception: Perception, situation: Situation
) -> list[Panel]:
    received = link.send(images, situation)
    shown = torch.full_like(images, NO_IMAGE_SHADE) if received.images is None else received.images
    if received.outputs is not None:
        output = received.outputs
    elif received.images is not None:
        output = _ask(perception, received.images)
    else:
        return [Panel(link.name, image, "nothing arrived", right=False) for image in shown]
    panels = _judged(link.name, shown, output, targets, perception)
    notes = _notes(images, received)
    return [
        replace(panel, caption=f"{panel.caption}, {note}")
        for panel, note in zip(panels, notes, strict=True)
    ]


def _notes(images: Tensor, received: Received) -> list[str]:
    """What stands beside the confidence: the PSNR, or why there is none."""
    delivered = received.delivered.tolist()
    if received.images is None:
        qualities = ["no image"] * len(images)
    else:
        measured = psnr(images, received.images).tolist()
        qualities = ["exact" if isinf(decibel) else f"{decibel:.1f} dB" for decibel in measured]
    return [
        quality if arrived else "not decoded"
        for quality, arrived in zip(qualities, delivered, strict=True)
    ]
