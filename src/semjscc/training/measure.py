"""What trained weights come to on val: the facts of their model card."""

import math
import warnings
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from semjscc.channels.awgn import awgn
from semjscc.codecs.base import Codec
from semjscc.data import ImageSet
from semjscc.errors import UserNote
from semjscc.images import printable, quantise
from semjscc.metrics import psnr
from semjscc.perception.base import Perception, predict
from semjscc.perception.targets import fitted, knows_targets
from semjscc.randomness import Draws
from semjscc.tasks.base import Rows
from semjscc.tasks.evidence import gather
from semjscc.training.crops import spread

BATCH = 100
BATCH_PIXELS = BATCH * 64 * 64
CARD_SNR_DB = 10.0
CARD_IMAGES = 1000
CARD_PIXELS = CARD_IMAGES * 64 * 64
"""Of larger images there are fewer: a card must not take longer than the training."""
CARD_PHOTOGRAPHS = 50
"""At least, and of images of unlike sizes, which go one at a time."""


@torch.inference_mode()
def measure_perception(perception: Perception, data: ImageSet) -> dict[str, Any]:
    """Accuracy on val, and how sure the network is of all but the strangest images there.

    Returns:
        the facts, such as ``val_accuracy``; ``confidence_floor`` is the first percentile of how
        sure the network is, below which an image counts as unlike the training data. A metric
        by which nothing can be measured is left out, and a note says so.
    """
    task, classes = perception.task, len(perception.class_names)
    found: dict[str, list[list[Rows]]] = {metric: [] for metric in task.metrics}
    confidence = []
    for batch in _batches(data):
        images = data.batch(batch)
        output = perception.look(images)
        results = task.results(output, (images.shape[-2], images.shape[-1]))
        right = task.evidence(results, data.targets(task.target, batch), classes)
        for metric, rows in right.items():
            found[metric] += [[of_image] for of_image in rows]
        confidence.append(task.confidence(output))
    values = {m: gather(task.metrics[m], rows).value for m, rows in found.items()}
    if unknown := [metric for metric, value in values.items() if math.isnan(value)]:
        _note_nothing(unknown, perception, data)
    return {
        **{f"val_{metric}": value for metric, value in values.items() if metric not in unknown},
        "val_images": len(data),
        "confidence_floor": float(torch.cat(confidence).quantile(0.01)),
        "image_side": max(data.sizes[0]),
    }


@torch.inference_mode()
def measure_codec(
    codec: Codec, perceptions: Sequence[Perception], data: ImageSet
) -> dict[str, Any]:
    """PSNR and accuracy on images of val at each ratio, over AWGN at 10 dB.

    Where the targets are not what a network knows, or there are none, what it says of the clean
    image is right, and accuracy is called agreement. Where it says nothing of any, a note says so.

    Returns:
        the facts; ``val_psnr_db``, and ``val_accuracy`` or ``val_agreement`` of the first network,
        are tables by ratio, and ``receivers`` has such a table for each further network. Where
        nothing can be measured there is none.
    """
    codec = codec.eval()
    alike = isinstance(data.images, torch.Tensor)
    data = data.first(_on_a_card(*data.sizes[0])) if alike else spread(data, CARD_PHOTOGRAPHS)
    quality: dict[str, float] = {}
    first, *others = receivers = [_Judged(perception, data) for perception in perceptions]
    for ratio in codec.ratios:
        errors = []
        for batch in _batches(data):
            images = data.batch(batch)
            encoded = codec.encode(images, torch.full((len(images),), CARD_SNR_DB), ratio)
            received, knowledge = awgn(encoded.symbols, CARD_SNR_DB, Draws(0, batch))
            size = (images.shape[-2], images.shape[-1])
            decoded = codec.decode(received, knowledge.noise_variance, ratio, size, encoded.side)
            images_back = quantise(decoded)
            errors.append(psnr(images, images_back))
            for receiver in receivers:
                receiver.look(batch, images, images_back)
        quality[str(ratio)] = float(torch.cat(errors).mean())
        for receiver in receivers:
            receiver.conclude(str(ratio))
    for receiver in receivers:
        receiver.tell()
    facts: dict[str, Any] = {
        "val_snr_db": CARD_SNR_DB,
        "val_images": len(data),
        "val_psnr_db": quality,
        **first.facts,
        "image_side": max(data.sizes[0]),
    }
    if others:
        facts["receivers"] = {one.perception.name: one.facts for one in others}
    return facts


class _Judged:
    """What one network sees of a codec's images, ratio by ratio."""

    def __init__(self, perception: Perception, data: ImageSet) -> None:
        self.perception = perception
        self._known = _measurable(perception, data)
        self._data = fitted(perception, data) if self._known else data
        self._metric = next(iter(perception.task.metrics))
        self._rows: list[list[Rows]] = []
        self._values: dict[str, float] = {}

    @property
    def facts(self) -> dict[str, dict[str, float]]:
        """The metric by ratio, by its name."""
        named = f"val_{self._metric}" if self._known else "val_agreement"
        return {named: self._values} if self._values else {}

    def look(self, batch: range, images: Tensor, received: Tensor) -> None:
        """Compare the results of received images (B, 3, H, W) with what is right of the batch."""
        task = self.perception.task
        wanted = (
            self._data.targets(task.target, batch)
            if self._known
            else task.agreed(predict(self.perception, images))
        )
        seen = predict(self.perception, received)
        evidence = task.evidence(seen, wanted, len(self.perception.class_names))
        self._rows += [[rows] for rows in evidence[self._metric]]

    def conclude(self, ratio: str) -> None:
        """All images of a ratio have been looked at."""
        kind = self.perception.task.metrics[self._metric]
        value, self._rows = gather(kind, self._rows).value, []
        if not math.isnan(value):
            self._values[ratio] = value

    def tell(self) -> None:
        """Say so where nothing could be measured."""
        if not self._values:
            metric = self._metric if self._known else "agreement"
            _note_nothing([metric], self.perception, self._data)


def _measurable(perception: Perception, data: ImageSet) -> bool:
    """Whether the data's own targets are of the network's classes, and there are any."""
    if not knows_targets(perception, data):
        return False
    task, own = perception.task, fitted(perception, data)
    targets = own.targets_of_all(task.target)
    return not task.unmeasured(targets, len(perception.class_names))


def _note_nothing(metrics: Sequence[str], perception: Perception, data: ImageSet) -> None:
    text = (
        f"{printable(perception.name)} has no {' or '.join(metrics)}: none of the {len(data)} "
        f"images of {printable(data.name)} ({data.split}) that it was tried on has anything to "
        "measure"
    )
    warnings.warn(text, UserNote, stacklevel=2)


def _on_a_card(height: int, width: int) -> int:
    """How many images of this size are looked at for a card."""
    return min(max(CARD_PIXELS // (height * width), CARD_PHOTOGRAPHS), CARD_IMAGES)


def _batches(data: ImageSet) -> list[range]:
    height, width = data.sizes[0]
    alike = isinstance(data.images, torch.Tensor)
    size = min(max(BATCH_PIXELS // (height * width), 1), BATCH) if alike else 1
    return [range(start, min(start + size, len(data))) for start in range(0, len(data), size)]
