"""One class an image, or one for each pixel: how outputs become scores and results."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from torch import Tensor
from torch.nn import functional as F

from semjscc.data.base import PerImage, TargetName
from semjscc.tasks.base import Kind, Rows, ScoreName, Seen, Task, label_of


class Classification(Task):
    """One label an image. Output: (B, M) logits; metric: top-1 accuracy."""

    name = "classification"
    target: ClassVar[TargetName] = "label"
    metrics: ClassVar[Mapping[str, Kind]] = {"accuracy": "bits"}
    least_classes: ClassVar[int] = 2

    def problem(self, output: object, images: Tensor, classes: int) -> str | None:
        """A number for each image and class, or what is wrong."""
        wanted = (len(images), classes)
        if isinstance(output, Tensor) and output.shape == wanted:
            return None
        return f"a number for each image and class, {wanted}"

    def predict(self, output: Tensor) -> Tensor:
        """The most probable class of each image: (B, M) -> (B,) int64."""
        return output.argmax(dim=1)

    def score(self, output: Tensor, kind: ScoreName, target: Tensor | None = None) -> Tensor:
        """See `Task.score`: of (B, M) logits and (B,) classes."""
        chosen = self.predict(output) if target is None else target
        values = output if kind == "logit" else output.log_softmax(dim=1)
        score = values.gather(1, chosen[:, None]).squeeze(1)
        return -score if kind == "loss" else score

    def loss(self, output: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Mean cross-entropy in nats; the target is (B,) classes, or (B, M) shares of them."""
        return F.cross_entropy(output.float(), target, label_smoothing=label_smoothing)

    def divergence(self, clean: Tensor, moved: Tensor, temperature: float = 1.0) -> Tensor:
        """See `Task.divergence`: of (B, M) logits each (Hinton et al. 2015)."""
        return divergence(clean, moved, temperature)

    def probabilities(self, output: Tensor) -> Tensor:
        """(B, M) logits -> (B, M) probabilities."""
        return output.float().softmax(dim=1)

    def results(self, output: Tensor, size: tuple[int, int]) -> Tensor:
        """The class of each image, whatever its size: (B,) int64."""
        del size
        return self.predict(output)

    def evidence(self, results: PerImage, targets: PerImage, classes: int) -> dict[str, list[Rows]]:
        """Whether each image's class is right: (1, 1) each."""
        del classes
        pairs = zip(_numbers(results), _numbers(targets), strict=True)
        return {"accuracy": [np.full((1, 1), found == right) for found, right in pairs]}

    def confidence(self, output: Tensor) -> Tensor:
        """The largest probability: (B,)."""
        return self.probabilities(output).amax(dim=1)

    def see(
        self, output: Tensor, class_names: Sequence[str], most: int = 1
    ) -> list[tuple[Seen, ...]]:
        """The most probable classes of each image."""
        return most_of(self.probabilities(output), class_names, most)


def _numbers(classes: PerImage) -> list[int]:
    """Of each image, in one go where they lie on another device."""
    return classes.tolist() if isinstance(classes, Tensor) else [int(one) for one in classes]


def most_of(shares: Tensor, class_names: Sequence[str], most: int) -> list[tuple[Seen, ...]]:
    """The classes of the largest shares, of (B, M)."""
    found = shares.topk(min(most, len(class_names)), dim=1)
    return [
        tuple(
            Seen(label_of(class_names, int(i)), share)
            for i, share in zip(indices, values, strict=True)
        )
        for indices, values in zip(found.indices.tolist(), found.values.tolist(), strict=True)
    ]


def divergence(clean: Tensor, moved: Tensor, temperature: float) -> Tensor:
    """T² · KL of the softmax over dimension 1 of (B, M, ...), the mean over what follows: (B,)."""
    before = (clean.float() / temperature).log_softmax(dim=1)
    after = (moved.float() / temperature).log_softmax(dim=1)
    nats = F.kl_div(after, before, reduction="none", log_target=True).sum(dim=1)
    return temperature**2 * (nats.flatten(1).mean(dim=1) if nats.ndim > 1 else nats)
