"""A class for each pixel: how outputs become scores, results and intersections over unions."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.data.base import PerImage, TargetName
from semjscc.errors import UserError
from semjscc.tasks.base import Kind, Rows, ScoreName, Seen, Task
from semjscc.tasks.classification import divergence, most_of
from semjscc.tasks.drawing import draw_masks

IGNORED = 255
"""The class of pixels that count for nothing, besides those that a task is told of."""


class Segmentation(Task):
    """A class for each pixel. Output: (B, M, h, w) logits at any resolution; metric: mIoU.

    The mean intersection over union (mIoU) is that of Everingham et al. 2015 (Pascal VOC): over all
    images Σ intersection / Σ union for each class that occurs in targets or results, averaged over
    classes. Pixels that are ignored count in neither.

    Args:
        ignored: further classes of masks that count for nothing, such as a class "unlabelled".
        important: classes that count for importance; all where there are none.

    Raises:
        ValueError: a class is no whole number of 0 to 255.
    """

    name = "segmentation"
    target: ClassVar[TargetName] = "mask"
    metrics: ClassVar[Mapping[str, Kind]] = {"miou": "mean-ratio"}
    tells: ClassVar[int] = 3
    least_classes: ClassVar[int] = 2

    def __init__(self, ignored: Sequence[int] = (), important: Sequence[int] = ()) -> None:
        for number in (*ignored, *important):
            if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= 255:
                raise ValueError(f"a class of a mask is a number of 0 to 255, not {number!r}")
        self.ignored = tuple(ignored)
        self.important = tuple(important)

    def options(self) -> dict[str, Any]:
        """Its arguments."""
        return {"ignored": list(self.ignored), "important": list(self.important)}

    def problem(self, output: object, images: Tensor, classes: int) -> str | None:
        """A map of numbers for each image and class, or what is wrong."""
        wanted = (len(images), classes)
        if isinstance(output, Tensor) and output.ndim == 4 and output.shape[:2] == wanted:
            return None
        return f"a map of numbers for each image and class, {(*wanted, 'height', 'width')}"

    def predict(self, output: Tensor) -> Tensor:
        """The most probable class of each place: (B, M, h, w) -> (B, h, w) int64."""
        return output.argmax(dim=1)

    def score(self, output: Tensor, kind: ScoreName, target: Tensor | None = None) -> Tensor:
        """See `Task.score`: the mean over places that count; of a target (B, h, w) or (B, H, W).

        With ``important`` classes, over the places of one of these; 0 where there are none.
        """
        chosen = self.predict(output) if target is None else self._at(output, target)
        counts = self._counting(chosen, output.shape[1])
        values = output if kind == "logit" else output.log_softmax(dim=1)
        picked = values.gather(1, torch.where(counts, chosen, 0)[:, None]).squeeze(1)
        if self.important and kind != "loss":
            counts = counts & torch.isin(chosen, torch.tensor(self.important, device=chosen.device))
        total = (picked * counts).flatten(1).sum(dim=1)
        score = total / counts.flatten(1).sum(dim=1).clamp_min(1)
        return -score if kind == "loss" else score

    def loss(self, output: Tensor, target: Tensor, label_smoothing: float = 0.0) -> Tensor:
        """Mean cross-entropy in nats over the pixels (B, H, W) that count."""
        logits = _resized(output.float(), (target.shape[-2], target.shape[-1]))
        counts = self._counting(target, output.shape[1])
        return F.cross_entropy(
            logits,
            torch.where(counts, target.long(), IGNORED),
            ignore_index=IGNORED,
            label_smoothing=label_smoothing,
        )

    def divergence(self, clean: Tensor, moved: Tensor, temperature: float = 1.0) -> Tensor:
        """See `Task.divergence`: the mean over places."""
        return divergence(clean, moved, temperature)

    def results(self, output: Tensor, size: tuple[int, int]) -> Tensor:
        """The class of each pixel: (B, H, W) int64."""
        return _resized(output.float(), size).argmax(dim=1)

    def evidence(self, results: PerImage, targets: PerImage, classes: int) -> dict[str, list[Rows]]:
        """Pixels in each class's intersection, then in its union: (1, 2M) of each image."""
        found = []
        for result, target in zip(results, targets, strict=True):
            result, target = result.cpu(), target.cpu()
            counts = self._counting(target, classes)
            pairs = (target[counts].long() * classes + result[counts].long()).numpy()
            both = np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
            inside = np.diagonal(both)
            union = both.sum(axis=0) + both.sum(axis=1) - inside
            found.append(np.concatenate([inside, union])[np.newaxis].astype(np.float64))
        return {"miou": found}

    def check(self, targets: PerImage, classes: int) -> None:
        """Refuse masks of unknown classes."""
        for mask in targets:
            self._counting(mask, classes)

    def unmeasured(self, targets: PerImage, classes: int) -> str:
        """See `Task.unmeasured`: there must be a pixel that counts."""
        if any(bool(self._counting(mask, classes).any()) for mask in targets):
            return ""
        return f"no pixel of the masks counts (class {IGNORED} does not, nor one that is ignored)"

    def confidence(self, output: Tensor) -> Tensor:
        """The largest probability of a place, the mean over places: (B,)."""
        return output.float().softmax(dim=1).amax(dim=1).flatten(1).mean(dim=1)

    def draw(self, images: Tensor, results: PerImage, class_names: Sequence[str] = ()) -> Tensor:
        """See `Task.draw`: each class in its own colour over the grey image."""
        return draw_masks(images, torch.stack(list(results)), class_names)

    def see(
        self, output: Tensor, class_names: Sequence[str], most: int = 1
    ) -> list[tuple[Seen, ...]]:
        """The classes that fill most of each image, with their shares of it."""
        places = F.one_hot(self.predict(output).flatten(1), len(class_names))
        return most_of(places.float().mean(dim=1), class_names, most)

    def _counting(self, mask: Tensor, classes: int) -> Tensor:
        """Where pixels count, of the mask's shape.

        Raises:
            UserError: one has a class that there is not.
        """
        left_out = torch.tensor([IGNORED, *self.ignored], device=mask.device)
        counts = ~torch.isin(mask.long(), left_out)
        if bool((counts & (mask >= classes)).any()):
            highest = int(mask[counts].max())
            raise UserError(
                f"a mask has class {highest}, and the network knows {classes} classes, 0 to "
                f"{classes - 1}: name it among the task's ignored ones, or train for it"
            )
        return counts

    @staticmethod
    def _at(output: Tensor, target: Tensor) -> Tensor:
        """A mask at the output's resolution, the nearest pixel of each place: (B, h, w) int64."""
        size = output.shape[-2:]
        if target.shape[-2:] == size:
            return target.long()
        return F.interpolate(target[:, None].float(), size, mode="nearest")[:, 0].long()


def _resized(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """(B, M, h, w) -> (B, M, H, W)."""
    if tuple(logits.shape[-2:]) == size:
        return logits
    return F.interpolate(logits, size, mode="bilinear", align_corners=False)
