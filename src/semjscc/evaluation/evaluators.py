"""Images and the networks that look at what arrives of them, and what counts as right."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch

from semjscc.data import ImageSet, Split, load_data
from semjscc.errors import UserError
from semjscc.evaluation.batches import batches
from semjscc.images import printable
from semjscc.perception.base import Perception, predict
from semjscc.perception.targets import fitted
from semjscc.tasks.base import Kind

Metric = Literal["accuracy", "agreement"]
"""Whether the data's own targets are right, or what the network sees in the clean images."""

_REMEDY = (
    "give the classes the same names, judge by a network that is trained for them, or use "
    "--metric agreement"
)


class Evaluator(NamedTuple):
    """Images with what is right of each, and the network that looks at what arrives of them."""

    data: ImageSet
    perception: Perception
    agreement: bool = False
    """What the network sees in the clean image is right."""
    measure: str | None = None
    """A metric of the network's task; None for its first."""

    @property
    def own_metric(self) -> str:
        """What its task calls the metric."""
        return self.measure or next(iter(self.perception.task.metrics))

    @property
    def kind(self) -> Kind:
        """How evidence becomes the metric."""
        return self.perception.task.metrics[self.own_metric]

    @property
    def metric(self) -> str:
        """What tables call it."""
        if not self.agreement:
            return self.own_metric
        return "agreement" if self.own_metric == "accuracy" else f"{self.own_metric} agreement"


def load_evaluators(
    source: str,
    split: Split,
    perceptions: Sequence[Perception],
    metric: Metric,
    *,
    size: int | None = None,
    limit: int | None = None,
) -> list[Evaluator]:
    """Images, as `load_data` has them, and the networks that judge them by a metric.

    Raises:
        UserError: the data cannot be had, or lacks what a network's task is measured by, or a
            network cannot look at such images.
    """
    by_targets = metric == "accuracy"
    needed = {one.task.target for one in perceptions} if by_targets else set()
    data = load_data(
        *(source, split),
        size=size,
        limit=limit,
        needs_labels="label" in needed,
        needs_masks="mask" in needed,
        needs_boxes="boxes" in needed,
    )
    return evaluators_on(data, perceptions, metric)


def evaluators_on(
    data: ImageSet, perceptions: Sequence[Perception], metric: Metric
) -> list[Evaluator]:
    """Images with each of the networks that judge them by a metric.

    Raises:
        UserError: there are no images, they lack what a network's task is measured by, or a network
            cannot look at them.
    """
    by_targets = metric == "accuracy"
    _check_images(data)
    for perception in perceptions:  # before any work
        predict(perception, data.batch([0]))
        if by_targets:
            data.targets(perception.task.target, [0])
    return [
        evaluator
        for one in perceptions
        for evaluator in evaluators_of(data, one, agreement=not by_targets)
    ]


def evaluators_of(
    data: ImageSet, perception: Perception, *, agreement: bool = False
) -> list[Evaluator]:
    """One for each metric of the network's task.

    Args:
        data: the images.
        perception: the network.
        agreement: what is right is what the network sees in the clean images.

    Raises:
        UserError: there are no images, or they have a class that the network does not know.
    """
    found = by_agreement(data, perception) if agreement else Evaluator(data, perception)
    first = checked(found)
    return [first._replace(measure=metric) for metric in perception.task.metrics]


@torch.inference_mode()
def by_agreement(data: ImageSet, perception: Perception) -> Evaluator:
    """The same images and network, where right is what the network sees in the clean image.

    The data's own targets are not looked at, so that images without any will do.

    Raises:
        UserError: there are no images.
    """
    _check_images(data)
    seen = [
        target.cpu()
        for indices in batches(data.sizes, 100)
        for target in perception.task.agreed(predict(perception, data.batch(indices)))
    ]
    named = data.with_targets(perception.task.target, seen, perception.class_names)
    return Evaluator(named, perception, agreement=True)


def checked(evaluator: Evaluator) -> Evaluator:
    """The network with images that it can judge, whose classes have its own numbers.

    Raises:
        UserError: there are no images, they have a class that it does not know, or nothing that
            its task is measured by.
    """
    data, perception = evaluator.data, evaluator.perception
    _check_images(data)
    data = fitted(perception, data, _REMEDY)
    _check_measured(data, perception, agreement=evaluator.agreement)
    return evaluator._replace(data=data)


def _check_measured(data: ImageSet, perception: Perception, *, agreement: bool) -> None:
    """Refuse images by which nothing can be measured, which would give no number."""
    task = perception.task
    why = task.unmeasured(data.targets_of_all(task.target), len(perception.class_names))
    if not why:
        return
    name = f"{printable(data.name)} ({data.split})"
    if agreement:
        raise UserError(
            f"nothing can be measured on {name} by what {printable(perception.name)} sees in the "
            f"clean images, where {why}: take images of what it knows, or another network"
        )
    raise UserError(
        f"nothing can be measured on {name}, where {why}: take other images, or --metric agreement"
    )


def _check_images(data: ImageSet) -> None:
    if len(data) == 0:
        raise UserError(f"{printable(data.name)} has no images in {data.split}")
