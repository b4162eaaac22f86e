"""Whether perception networks can judge images, and what counts as right."""

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from itertools import zip_longest
from typing import Literal, NamedTuple

import torch

from semjscc.data import ImageSet, Split, load_data
from semjscc.errors import UserError
from semjscc.evaluation.batches import batches
from semjscc.images import printable
from semjscc.perception.base import Perception, predict
from semjscc.perception.tasks import Agreement
from semjscc.results.records import device_of

Metric = Literal["accuracy", "agreement"]


class Evaluator(NamedTuple):
    """Images with what is right of each, and the network that looks at what arrives of them."""

    data: ImageSet
    perception: Perception


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
        UserError: the data cannot be had, or has no labels and accuracy wants them, or a network
            cannot look at such images.
    """
    accuracy = metric == "accuracy"
    data = load_data(source, split, size=size, limit=limit, needs_labels=accuracy)
    _check_images(data)
    for perception in perceptions:  # before any work
        predict(perception, data.batch([0]).to(device_of(perception)))
    return [Evaluator(data, one) if accuracy else by_agreement(data, one) for one in perceptions]


@torch.inference_mode()
def by_agreement(data: ImageSet, perception: Perception) -> Evaluator:
    """The same images and network, where right is what the network says of the clean image.

    Labels are not looked at, so that images without any will do.

    Raises:
        UserError: there are no images.
    """
    _check_images(data)
    judge = copy(perception)
    judge.task = Agreement()
    device = device_of(perception)
    labels = [
        predict(perception, data.batch(indices).to(device)).cpu()
        for indices in batches(data.sizes, 100)
    ]
    named = replace(data, labels=torch.cat(labels), class_names=perception.class_names)
    return Evaluator(named, judge)


def check(data: ImageSet, perception: Perception) -> None:
    """Whether the network can judge these images; labels without names take the network's.

    Raises:
        UserError: it knows other classes than the data has, or there are no images.
    """
    _check_images(data)
    known, given = perception.class_names, data.class_names
    if data.numbered and len(given) <= len(known):
        return
    for number, (ours, theirs) in enumerate(zip_longest(known, given, fillvalue="(none)")):
        if ours != theirs:
            raise UserError(
                f"the perception network {printable(perception.name)} knows {len(known)} classes "
                f"and {printable(data.name)} has {len(given)}; class {number} is "
                f"'{printable(ours)}' to the one and '{printable(theirs)}' in the other"
            )


def _check_images(data: ImageSet) -> None:
    if len(data) == 0:
        raise UserError(f"{printable(data.name)} has no images in {data.split}")
