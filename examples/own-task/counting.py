"""A task and a network of one's own: how many signs are in a scene.

    semjscc train counter.yaml
    semjscc evaluate --data scenes --size 128 --perception runs/counter --network counting:Counter
        --task counting:Counting --links none,linear-adaptive --ratio 1/48 --snr 0,10 --out out

A task is one class. It says what its output must be, what counts in it, how it is trained, and how
far a result is right. Everything else, from importance to the tests of a report, follows.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from semjscc.data.base import PerImage, TargetName
from semjscc.tasks import Task
from semjscc.tasks.base import Kind, Rows, ScoreName, Seen


class Counting(Task):
    """How many objects there are. Output: (B, 1), the number; metric: how often it is exact."""

    name = "counting:Counting"
    target: ClassVar[TargetName] = "boxes"
    metrics: ClassVar[Mapping[str, Kind]] = {"exact": "bits", "near": "mean"}

    def problem(self, output: object, images: Tensor, classes: int) -> str | None:
        """One number an image."""
        fits = isinstance(output, Tensor) and output.shape == (len(images), 1)
        return None if fits else f"one number an image, {(len(images), 1)}"

    def predict(self, output: Tensor) -> Tensor:
        """The number as it is: (B, 1) -> (B,)."""
        return output[:, 0].detach()

    def score(self, output: Tensor, kind: ScoreName, target: Tensor | None = None) -> Tensor:
        """The number itself, whose gradient says where there is something to count."""
        if kind != "loss":
            return output[:, 0]
        wanted = self.predict(output) if target is None else _count(target)
        return (output[:, 0] - wanted).square()

    def loss(self, output: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """The mean squared error; of boxes (B, K, 5), whose class is -1 where there is none."""
        return self.score(output, "loss", target).mean()

    def divergence(self, clean: Tensor, moved: Tensor, temperature: float = 1.0) -> Tensor:
        """How far the number moved, squared."""
        return (clean - moved)[:, 0].square()

    def results(self, output: Tensor, size: tuple[int, int]) -> Tensor:
        """The number of each image, to the nearest whole one: (B,)."""
        return output[:, 0].round()

    def evidence(self, results: PerImage, targets: PerImage, classes: int) -> dict[str, list[Rows]]:
        """Whether it is exact, and how near it is: 1, 1/2, 1/3 for an error of 0, 1, 2."""
        wrong = [abs(float(r) - _objects(t)) for r, t in zip(results, targets, strict=True)]
        return {
            "exact": [np.full((1, 1), one == 0) for one in wrong],
            "near": [np.full((1, 1), 1 / (1 + one)) for one in wrong],
        }

    def confidence(self, output: Tensor) -> Tensor:
        """How near the number is to a whole one: (B,)."""
        return 1 - 2 * (output[:, 0] - output[:, 0].round()).abs()

    def see(
        self, output: Tensor, class_names: Sequence[str], most: int = 1
    ) -> list[tuple[Seen, ...]]:
        """The number in words."""
        sure = self.confidence(output).tolist()
        numbers = output[:, 0].round().int().tolist()
        return [(Seen(f"{n} objects", s),) for n, s in zip(numbers, sure, strict=True)]


def _count(boxes: Tensor) -> Tensor:
    """(B, K, 5), or numbers (B,) that a network saw in clean images -> (B,)."""
    return boxes if boxes.ndim == 1 else (boxes[..., 4] >= 0).sum(dim=1).float()


def _objects(target: Tensor) -> float:
    """Of one image: boxes (n, 5), or the number that was seen in the clean image."""
    return float(len(target)) if target.ndim else float(target)


class Counter(nn.Module):
    """A few convolutions and the sum of what they find."""

    def __init__(self, classes: int, width: int = 16) -> None:
        super().__init__()
        w = width
        self.body = nn.Sequential(
            *(nn.Conv2d(3, w, 5, 2, 2), nn.ReLU(), nn.Conv2d(w, 2 * w, 3, 2, 1), nn.ReLU()),
            *(nn.Conv2d(2 * w, 4 * w, 3, 2, 1), nn.ReLU()),
        )
        self.head = nn.Conv2d(4 * w, 1, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 1)."""
        return torch.relu(self.head(self.body(images))).flatten(1).sum(dim=1, keepdim=True)
