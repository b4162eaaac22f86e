"""An evaluation that takes a moment, for the tests of what an evaluation leaves behind."""

from fractions import Fraction

import pytest
import torch

from semjscc.codecs.adaptive import Adaptive
from semjscc.data.base import ImageSet
from semjscc.evaluation.evaluators import Evaluator
from semjscc.evaluation.grid import Grid, Point
from semjscc.evaluation.measurement import measure
from semjscc.experiments import evaluation as module
from semjscc.experiments.evaluation import Experiment
from semjscc.links import CodecLink, NoChannel
from semjscc.perception.base import Perception
from semjscc.perception.built_in.networks import ResNet
from semjscc.results.records import Record

NAMES = ("circle", "square")
GRID = Grid(ratios=(Fraction(1, 24), Fraction(1, 12)), snrs_db=(0.0, 10.0), draws=2)


def make(seed: int = 0, grid: Grid = GRID) -> Experiment:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        codec = Adaptive(width=8)
        torch.manual_seed(1)
        network = ResNet(2, width=4)
    pixels = torch.randint(256, (12, 3, 16, 16), generator=torch.Generator().manual_seed(2))
    labels = torch.arange(12) % 2
    return Experiment(
        links=[NoChannel(), CodecLink("ours", codec)],
        evaluators=[
            Evaluator(
                ImageSet("toy", "test", pixels.to(torch.uint8), labels, NAMES, "", "f"),
                Perception(network, layers=["stage1"], class_names=NAMES, name="tiny"),
            )
        ],
        grid=grid,
        command="semjscc evaluate",
    )


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "draw", lambda *_: None)


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Point]:
    """The points that were measured in this process."""
    seen: list[Point] = []

    def watch(point: Point, *arguments: object, **more: object) -> list[Record]:
        seen.append(point)
        return measure(point, *arguments, **more)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr("semjscc.evaluation.pool.measure", watch)
    return seen
