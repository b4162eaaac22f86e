"""A small training: sixty images of two classes, a narrow network and a narrow codec."""

import signal
from pathlib import Path

import datasets
import numpy as np
import pytest
import torch
from PIL import Image

from semjscc.checkpoint import load_weights
from semjscc.training.modules import StepTraining, Targets
from semjscc.training.runs.run import Schedule

QUIET = Schedule(progress=False)
RECIPE = """
name: tiny
data: {{source: {source}, val_fraction: 0.2}}
{part}
optimiser: {{steps: 8, batch: 8, rate: 0.01, precision: 32-true, augment_shift: 1}}
seed: 3
"""
PERCEPTION = "perception: {network: resnet, options: {width: 4}, layers: [stage1, stage2]}"
CODEC = """
codec:
  options: {{width: 8, ratios: [1/24, 1/12]}}
  perception: {perception}
loss: {{weight: 0.1, layers: [stage1], importance: {{temper: 1.0}}}}
"""


def two_classes(folder: Path, names: list[str], seed: int = 0, *, turned: bool = False) -> Path:
    """A folder of 60 images of 16 x 16 pixels in two classes, dark and bright, or ``turned``."""
    rng = np.random.default_rng(seed)
    labels = [index % 2 for index in range(60)]
    pixels = rng.integers(0, 128, (60, 16, 16, 3)) + 127 * np.array(labels)[:, None, None, None]
    if turned:
        labels = [1 - label for label in labels]
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=names)}
    )
    images = [Image.fromarray(image.astype(np.uint8)) for image in pixels]
    table = datasets.Dataset.from_dict({"image": images, "label": labels}, features=features)
    table.to_parquet(str(folder / "train.parquet"))
    return folder


def recipe_file(folder: Path, source: Path, part: str) -> Path:
    file = folder / "recipe.yaml"
    file.write_text(RECIPE.format(source=source, part=part))
    return file


def weights_of(model: Path) -> dict[str, torch.Tensor]:
    return load_weights(model)[0]


def assert_same_weights(first: Path, second: Path) -> None:
    a, b = weights_of(first), weights_of(second)
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


def at_step(monkeypatch: pytest.MonkeyPatch, step: int, *numbers: signal.Signals) -> None:
    """Let signals come while a step's batch is made."""
    make = StepTraining.batch

    def batch(self: StepTraining, now: int) -> tuple[torch.Tensor, Targets]:
        if now == step:
            for number in numbers:
                signal.raise_signal(number)
        return make(self, now)

    monkeypatch.setattr(StepTraining, "batch", batch)
