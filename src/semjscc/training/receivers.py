"""The networks at the receiver of a codec in training, and the error that each of them sees."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from semjscc.data.base import ImageSet, TargetName, renumber
from semjscc.importance.learned import LEARN_FROM, learned_sizes
from semjscc.losses import (
    distillation_error,
    fisher_error,
    reference,
    semantic_error,
    task_error,
)
from semjscc.perception.base import Perception
from semjscc.perception.store import open_perception
from semjscc.training.crops import central_crops
from semjscc.training.recipe import CodecRecipe, LossRecipe, Recipe

Signs = Callable[[int], Tensor]
"""From a number of classes M to the step's random signs, (B, M) of ±1."""


@dataclass
class Receiver:
    """A frozen network with a task of its own.

    Attributes:
        perception: the network.
        share: of the loss's term, among all receivers.
        learned: importance learned on the training images, by layer; None where the loss has none.
        numbers: its number of each class of the data, None where they are the data's own.
    """

    perception: Perception
    share: float = 1.0
    learned: Mapping[str, Tensor] | None = None
    numbers: Sequence[int] | None = None

    @property
    def target(self) -> TargetName:
        """What of the data its task is about."""
        return self.perception.task.target

    def learn(self, recipe: Recipe, data: ImageSet, device: torch.device) -> None:
        """Learn importance on the training images, where the loss wants it."""
        chosen, side = recipe.loss, recipe.data.crop
        form = chosen.importance if chosen.weight and chosen.term == "features" else None
        if form is not None and form.learned is not None:
            data = data if side is None else central_crops(data, side, LEARN_FROM)
            if self.numbers is not None:
                data = data.renumbered(self.target, self.numbers, self.perception.class_names)
            self.learned = learned_sizes(self.perception, data, form, recipe.seed, device)

    def error(
        self, chosen: LossRecipe, images: Tensor, received: Tensor, target: Tensor, signs: Signs
    ) -> Tensor:
        """The loss's term: twice (B, 3, H, W) and their targets -> (B,)."""
        perception, classes = self.perception, len(self.perception.class_names)
        if self.numbers is not None:
            target = renumber(target, self.target, self.numbers)
        if chosen.term == "task":
            return task_error(perception, received, target)
        if chosen.term == "distillation":
            return distillation_error(perception, images, received, chosen.temperature)
        if chosen.term == "fisher":
            return fisher_error(perception, images, received, signs(classes), chosen.temperature)
        form = chosen.importance
        drawn = signs(classes) if form is not None and form.score == "fisher" else None
        clean = reference(
            perception, images, form, target, received, signs=drawn, learned=self.learned
        )
        return semantic_error(clean, perception.features(received))


def open_receivers(
    chosen: CodecRecipe, loss: LossRecipe, made: Collection[str] = ()
) -> list[Receiver]:
    """All networks that a codec is trained for, the main one first.

    Args:
        chosen: the codec's recipe.
        loss: whose layers count.
        made: networks that are still to be trained, and left out.

    Raises:
        UserError: one of them cannot be had, or has not the layers.
    """
    found = []
    for one in (chosen, *chosen.others):
        if one.perception in made:
            continue
        is_main = isinstance(one, CodecRecipe)
        layers = loss.layers if is_main else one.layers
        # A plain training looks at no features: the layers are those that the checkpoint names.
        layers = layers if loss.weight else None
        perception = open_perception(one.perception, one.network, layers, one.task)
        found.append(Receiver(perception, 1.0 if is_main else one.share))
    return found


def receivers_error(
    receivers: Sequence[Receiver],
    chosen: LossRecipe,
    images: Tensor,
    received: Tensor,
    targets: Mapping[TargetName, Tensor],
    signs: Signs,
) -> Tensor:
    """The loss's term, averaged over the receivers by their shares: (B,)."""
    total = sum(one.share for one in receivers)
    # Where the loss looks at no targets, there are those of another task, which nobody reads.
    unread = next(iter(targets.values()))
    errors = [
        one.error(chosen, images, received, targets.get(one.target, unread), signs)
        * (one.share / total)
        for one in receivers
    ]
    return torch.stack(errors).sum(dim=0)
