"""The contract of a task: all that the rest of the program knows of what a vision model is for.

Shapes: B images in a batch, M classes. A network's *output* is the tensor that its forward pass
returns. A *target* is what is right of an image, or what a network saw in another: a class, or one
for each pixel. *Evidence* says how far the result of one image is right; over many images it makes
up the metric.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from semjscc.data.base import PerImage, TargetName
from semjscc.errors import UserError, printable

ScoreName = Literal["logit", "log-probability", "loss"]
Kind = Literal["bits", "mean", "mean-ratio", "average-precision"]
"""How evidence becomes a metric, see `semjscc.tasks.evidence`."""

Rows = NDArray[np.float64] | NDArray[np.bool_]
"""The evidence of one image: (rows, columns), both by its kind."""


@dataclass(frozen=True)
class Seen:
    """One thing that a vision model sees in an image.

    Attributes:
        label: its class, of `label_of`.
        confidence: how sure the model is of it, 0 to 1; for a class of pixels, the share it fills.
    """

    label: str
    confidence: float


def label_of(class_names: Sequence[str], number: int) -> str:
    """The name of a class by its number, which stands behind a name that several classes have.

    ImageNet has two classes "missile", and two "crane": one is not right because the other is.
    """
    name = class_names[number]
    return f"{name} (class {number})" if class_names.count(name) > 1 else name


class Task(ABC):
    """What a vision model is for.

    Attributes:
        name: what recipes and checkpoints call it; ``my.module:Class`` for one of the user's own.
        target: what of a data set its results are compared with.
        metrics: what its evidence makes up: the kind of each metric. The first is the main one.
        tells: how many things a line about an image names.
        least_classes: of how many classes its results are, at least: of a single one every image
            would be.
    """

    name: str
    target: ClassVar[TargetName]
    metrics: ClassVar[Mapping[str, Kind]]
    tells: ClassVar[int] = 1
    least_classes: ClassVar[int] = 1

    @abstractmethod
    def problem(self, output: object, images: Tensor, classes: int) -> str | None:
        """What an output of ``images`` (B, 3, H, W) must be and is not; None where it fits."""

    @abstractmethod
    def predict(self, output: Tensor) -> Tensor:
        """The target that the network itself would name, at the output's own resolution."""

    @abstractmethod
    def score(self, output: Tensor, kind: ScoreName, target: Tensor | None = None) -> Tensor:
        """The number whose gradient tells what matters to the result, one for each image.

        Args:
            output: of the network.
            kind: ``logit`` of the target's class, its ``log-probability``, or the task's ``loss``
                (so that signs turn around).
            target: as of `predict`, which is taken where it is None.

        Returns:
            (B,), differentiable with respect to ``output``.
        """

    @abstractmethod
    def loss(self, output: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """What a network is trained for: the mean over images, in nats."""

    @abstractmethod
    def divergence(self, clean: Tensor, moved: Tensor, temperature: float = 1.0) -> Tensor:
        """How far one output lies from another: T² · KL(p_T(clean) ‖ p_T(moved)), (B,), in nats."""

    @abstractmethod
    def results(self, output: Tensor, size: tuple[int, int]) -> PerImage:
        """What is concluded of each image of H x W pixels, at that size."""

    @abstractmethod
    def evidence(self, results: PerImage, targets: PerImage, classes: int) -> dict[str, list[Rows]]:
        """How far each image's result is right, for each metric.

        Args:
            results: as of `results`, a batch or one for each image.
            targets: what is right of each.
            classes: M.
        """

    @abstractmethod
    def confidence(self, output: Tensor) -> Tensor:
        """How sure the network is of each image, (B,), 0 to 1."""

    @abstractmethod
    def see(
        self, output: Tensor, class_names: Sequence[str], most: int = 1
    ) -> list[tuple[Seen, ...]]:
        """What is seen in each image: ``most`` things at most, the first being the main one."""

    def check_classes(self, count: int, name: str) -> None:
        """Refuse too few classes for a result to say anything.

        Args:
            count: M.
            name: of the network.

        Raises:
            UserError: there are too few.
        """
        if count < self.least_classes:
            raise UserError(
                f"{printable(name)} knows {count} class{'' if count == 1 else 'es'}, and "
                f"{self.name} needs at least {self.least_classes}: with fewer its answer is "
                "always the same"
            )

    def check(self, targets: PerImage, classes: int) -> None:
        """Refuse targets that are not of the network's classes; here all are.

        Raises:
            UserError: some are.
        """
        del targets, classes

    def unmeasured(self, targets: PerImage, classes: int) -> str:
        """Why nothing can be measured by these targets, words behind "where"; "" where it can be.

        Args:
            targets: what is right of each of all images.
            classes: M.

        Raises:
            UserError: some are not of the network's classes.
        """
        del targets, classes
        return ""

    def agreed(self, results: PerImage) -> list[Tensor]:
        """The targets that results are: what is right where agreement is measured."""
        return list(results)

    def draw(self, images: Tensor, results: PerImage, class_names: Sequence[str] = ()) -> Tensor:
        """What is concluded, drawn over the images; here nothing is.

        Args:
            images: (B, 3, H, W) in [0, 1].
            results: as of `results`.
            class_names: what is written of classes; nothing where there are none.

        Returns:
            (B, 3, H, W), with names a whole number of times larger where the images are small.
        """
        del results, class_names
        return images

    def options(self) -> dict[str, Any]:
        """What makes another like it, as plain data."""
        return {}
