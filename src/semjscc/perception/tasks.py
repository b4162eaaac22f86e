"""How the output of a perception network becomes a score to differentiate, and a result."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

ScoreName = Literal["logit", "log-probability", "loss"]


class Classification:
    """One label an image. Output: (B, M) logits; metric: top-1 accuracy."""

    metric = "accuracy"
    right = "truth"
    """What a picture's caption calls the class that counts as right."""

    def predict(self, output: Tensor) -> Tensor:
        """The most probable class of each image: (B, M) -> (B,) int64."""
        return output.argmax(dim=1)

    def score(self, output: Tensor, kind: ScoreName, target: Tensor | None = None) -> Tensor:
        """The number whose gradient tells what matters to the result, one for each image.

        Args:
            output: (B, M) logits.
            kind: ``logit`` of the target class, its ``log-probability``, or the task's ``loss``
                (the cross-entropy, so that signs turn around).
            target: (B,) int64 classes; the predicted ones where it is None.

        Returns:
            (B,), differentiable with respect to ``output``.
        """
        chosen = self.predict(output) if target is None else target
        values = output if kind == "logit" else output.log_softmax(dim=1)
        score = values.gather(1, chosen[:, None]).squeeze(1)
        return -score if kind == "loss" else score

    def loss(self, output: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Mean cross-entropy in nats; the target is (B,) classes, or (B, M) shares of them."""
        return F.cross_entropy(output.float(), target, label_smoothing=label_smoothing)

    def probabilities(self, output: Tensor) -> Tensor:
        """(B, M) logits -> (B, M) probabilities."""
        return torch.softmax(output.float(), dim=1)


class Agreement(Classification):
    """The same, where the right class is the one that the network sees in the clean image."""

    metric = "agreement"
    right = "clean"
