"""What several test files need."""

import gc
import os
import sys
from collections.abc import Callable, Iterator

import pytest

if "PYTEST_XDIST_WORKER" in os.environ:
    # Every worker has a core to itself, and so have the commands that tests start.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # What tests import stays, and the collector would look at all of it again and again.
    gc.disable()

import hypothesis
import torch
from torch import Tensor, nn

from semjscc.perception.base import Perception
from semjscc.perception.built_in.networks import ResNet

SLOW_ROOMS = ("web", "training", "experiments")


def pytest_collection_finish() -> None:
    gc.enable()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest first, so that no process is left alone with it in the end."""
    items.sort(key=lambda item: item.path.parent.name not in SLOW_ROOMS)


# What a test takes says more of the machine than of the code.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")
CLASSES = 5


@pytest.fixture(scope="session")
def tiny_perception() -> Perception:
    """A narrow residual network with random weights; nothing may change it."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = ResNet(classes=CLASSES, width=4)
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                nn.init.normal_(module.running_mean, std=0.1)  # pyright: ignore[reportArgumentType]
                nn.init.uniform_(module.running_var, 0.5, 2.0)  # pyright: ignore[reportArgumentType]
                nn.init.uniform_(module.weight, 0.5, 1.5)
    return Perception(
        network,
        layers=("stage1", "stage2", "stage3"),
        class_names=[f"class {index}" for index in range(CLASSES)],
        name="tiny",
    )


class Coarse(nn.Module):
    """Three classes, by the colours of eight by eight places; sure of what it sees."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.seen = nn.Sequential(nn.AdaptiveAvgPool2d(8), nn.InstanceNorm2d(3))
            self.head = nn.Linear(3 * 64, 3)

    def forward(self, images: Tensor) -> Tensor:
        return 30 * self.head(self.seen(images).flatten(1))


@pytest.fixture(scope="session")
def coarse_perception() -> Perception:
    """A network that every picture of some size reaches, if badly; nothing may change it."""
    return Perception(Coarse(), layers=("seen",), class_names=list("abc"), name="coarse")


@pytest.fixture
def terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], None]:
    """Makes standard output, which ``capsys`` reads, a terminal of so many columns."""
    del capsys  # it must be there first

    def become(columns: int) -> None:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        # A dumb one has no colours, whose codes would count as letters.
        for name, value in {"TERM": "dumb", "COLUMNS": str(columns), "LINES": "50"}.items():
            monkeypatch.setenv(name, value)

    return become


@pytest.fixture(scope="module")
def one_kind_of_figure() -> Iterator[None]:
    """Figures as PNG alone: tests/report makes every kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semjscc.report.report.KINDS", ("png",))
        yield


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports without their figures, which take most of their time."""
    monkeypatch.setattr("semjscc.report.report.draw_part", lambda *_: {})


@pytest.fixture(scope="session")
def tiny_images() -> Tensor:
    """(4, 3, 24, 24), float32 in [0, 1]."""
    return torch.rand(4, 3, 24, 24, generator=torch.Generator().manual_seed(3))
