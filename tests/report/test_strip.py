from dataclasses import replace
from fractions import Fraction

import pytest
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from torch import Tensor, nn

from semjscc.channels.awgn import awgn
from semjscc.images import quantise
from semjscc.links import Link, NoChannel, Received, Situation
from semjscc.perception.base import Perception, Preprocess
from semjscc.randomness import Draws
from semjscc.report.strip import CHECK, CROSS, Panel, make_rows, sight, strip_figure, strip_title
from semjscc.tasks import Detection


class Halves(nn.Module):
    """Class 0 where the left half of the image is brighter, else class 1."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(8)

    def forward(self, images: Tensor) -> Tensor:
        return 10 * self.pool(images).mean(dim=(1, 2))  # (B, 2)


@pytest.fixture
def perception() -> Perception:
    plain = Preprocess(mean=(0, 0, 0), std=(1, 1, 1))
    return Perception(Halves(), layers=("pool",), class_names=("left", "right"), preprocess=plain)


@pytest.fixture
def images() -> Tensor:
    images = torch.full((2, 3, 16, 16), 0.2)
    images[0, :, :, :8] = images[1, :, :, 8:] = 0.8
    return images


class Answer(Link):
    """Answers what a test tells it to."""

    def __init__(self, name: str, received: Received) -> None:
        self.name = name
        self.received = received

    def send(self, images: Tensor, situation: Situation) -> Received:
        del images, situation
        return self.received


def situation() -> Situation:
    return Situation(awgn, 7.0, Fraction(1, 24), Draws(0, (0, 1)))


class Detached(Halves):
    def forward(self, images: Tensor) -> Tensor:
        return super().forward(images).detach()


class Flat(Halves):
    """Without a layer that has maps."""

    def __init__(self) -> None:
        super().__init__()
        self.flat = nn.Flatten()

    def forward(self, images: Tensor) -> Tensor:
        return self.flat(super().forward(images))


@pytest.mark.parametrize(("network", "layer"), [(Detached(), "pool"), (Flat(), "flat")])
def test_a_network_that_has_no_importance_judges_all_the_same(
    images: Tensor, network: nn.Module, layer: str
) -> None:
    blind = Perception(network, layers=[layer], class_names=("left", "right"))
    rows = make_rows(images, torch.tensor([0, 1]), [NoChannel()], blind, situation())
    assert [[panel.title for panel in row] for row in rows] == [["original", "none"]] * 2


def test_rows_say_what_the_network_sees(images: Tensor, perception: Perception) -> None:
    mirrored = quantise(images.flip(-1))
    outputs = torch.tensor([[0.0, 0.0], [-9.0, 9.0]])
    all_arrived = torch.ones(2, dtype=torch.bool)
    links = [
        NoChannel(),
        Answer("mirror", Received(mirrored, None, torch.tensor([True, False]), 8, 48)),
        Answer("label", Received(None, outputs, all_arrived, 8, 48)),
        Answer("silence", Received(None, None, ~all_arrived, 8, 48)),
    ]
    rows = make_rows(images, torch.tensor([0, 1]), links, perception, situation())
    titles = ["original", "importance", "none", "mirror", "label", "silence"]
    assert [[panel.title for panel in row] for row in rows] == [titles, titles]
    assert [panel.right for panel in rows[0]] == [True, None, True, False, True, False]
    # The logits are 8 and 2; mirroring changes every pixel by 0.6, which is 4.4 dB.
    assert [panel.caption for panel in rows[0]] == [
        "left\n100 %",
        "truth:\nleft",
        "left\n100 %, exact",
        "right\n100 %, 4.4 dB",
        "left\n50 %, no image",
        "nothing arrived",
    ]
    assert rows[1][3].caption == "left\n100 %, not decoded"
    assert torch.equal(rows[0][0].image, images[0])
    assert torch.equal(rows[0][3].image, mirrored[0])
    files = ("cat/frame-1.png", "x$^2.png")
    named = make_rows(images, torch.tensor([0, 1]), links, perception, situation(), files)
    assert [row[0].caption for row in named] == [
        "left\n100 %\nframe-1.png",
        "right\n100 %\nx$^2.png",
    ]
    strip_figure(named, "of files that have names")


def test_strip_title_names_snr_ratio_and_channel_uses() -> None:
    assert strip_title(situation(), 16, 16) == "SNR 7 dB, R = 1/24, k = 32 channel uses"
    believed = replace(situation(), assumed_snr_db=3.0)
    assert strip_title(believed, 16, 16).endswith(", assumed SNR 3 dB")


def test_strip_marks_right_and_wrong_also_without_colour() -> None:
    image = torch.rand(3, 16, 16)
    row = [Panel("a", image, "stop\n9 %", r) for r in (True, False, None)]
    figure = strip_figure([row, row], "title")
    captions = [axes.get_xlabel() for axes in figure.axes]
    assert captions == [f"{CHECK} stop\n9 %", f"{CROSS} stop\n9 %", "stop\n9 %"] * 2
    assert [axes.get_title() for axes in figure.axes] == ["a"] * 3 + [""] * 3
    assert figure.axes[0].images[0].get_interpolation() == "nearest"
    assert figure.texts[0].get_text() == "title"


def test_captions_of_any_length_stay_apart() -> None:
    panel = Panel("W" * 60, torch.rand(3, 20, 30), "\n".join(["M" * 60, "1" * 60, "i"]), False)
    figure = strip_figure([[panel] * 3] * 2, "W" * 300)
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = [axes.xaxis.label for axes in figure.axes] + [axes.title for axes in figure.axes[:3]]
    figure.draw(renderer)
    boxes = [text.get_window_extent(renderer) for text in [*texts, *figure.texts]]
    boxes += [axes.get_window_extent(renderer) for axes in figure.axes]
    page = figure.bbox
    for place, box in enumerate(boxes):
        assert page.x0 <= box.x0 < box.x1 <= page.x1
        assert page.y0 <= box.y0 < box.y1 <= page.y1
        assert not any(box.overlaps(other) for other in boxes[place + 1 :])


def test_uneven_rows_are_refused() -> None:
    panel = Panel("a", torch.rand(3, 16, 16), "b")
    for rows in ([], [[]], [[panel], [panel, panel]]):
        with pytest.raises(ValueError, match="equally many"):
            strip_figure(rows, "title")


class Finds(nn.Module):
    """One object in the left half of the image, and as sure of it as that is bright."""

    def forward(self, images: Tensor) -> Tensor:
        sure = images[..., : images.shape[-1] // 2].mean(dim=(1, 2, 3))[:, None]
        box = images.new_tensor([0.125, 0.25, 0.5, 0.75]).expand(len(images), 4)
        return torch.cat([box, sure.logit(), torch.full_like(sure, -9)], dim=1)[:, None]


def test_boxes_are_shown_with_names_and_scores(images: Tensor) -> None:
    plain = Preprocess(mean=(0, 0, 0), std=(1, 1, 1))
    finder = Perception(
        Finds(),
        layers=("input",),
        class_names=("car", "sign"),
        preprocess=plain,
        task=Detection(),
    )
    panel = sight("original", images[0], finder)
    assert panel.caption == "car 80 %"
    assert panel.image.shape == (3, 320, 320)
    assert not torch.equal(panel.image, images[0].repeat_interleave(20, 1).repeat_interleave(20, 2))
    there = [torch.tensor([[2.0, 4, 8, 12, 0]]), torch.zeros(0, 5)]
    rows = make_rows(images, there, [NoChannel()], finder, situation())
    assert [row[0].caption for row in rows] == ["map50\n100 %", "map50\n–"]
    assert torch.equal(rows[0][-1].image, panel.image)
