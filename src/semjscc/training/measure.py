"""What trained weights come to on val: the facts of their model card."""

from typing import Any

import torch

from semjscc.channels.awgn import awgn
from semjscc.codecs.base import Codec
from semjscc.data import ImageSet
from semjscc.images import quantise
from semjscc.metrics import psnr
from semjscc.perception.base import Perception, knows_targets, predict
from semjscc.randomness import Draws
from semjscc.tasks.base import Rows
from semjscc.tasks.evidence import gather
from semjscc.training.crops import spread

BATCH = 100
CARD_SNR_DB = 10.0
CARD_IMAGES = 1000
CARD_PHOTOGRAPHS = 50
"""Of unlike sizes, and therefore one at a time."""


@torch.inference_mode()
def measure_perception(perception: Perception, data: ImageSet) -> dict[str, Any]:
    """Accuracy on val, and how sure the network is of all but the strangest images there.

    Returns:
        the facts, such as ``val_accuracy``; ``confidence_floor`` is the first percentile of how
        sure the network is, below which an image counts as unlike the training data.
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
    return {
        **{f"val_{m}": gather(task.metrics[m], rows).value for m, rows in found.items()},
        "val_images": len(data),
        "confidence_floor": float(torch.cat(confidence).quantile(0.01)),
        "image_side": max(data.sizes[0]),
    }


@torch.inference_mode()
def measure_codec(codec: Codec, perception: Perception, data: ImageSet) -> dict[str, Any]:
    """PSNR and accuracy on images of val at each ratio, over AWGN at 10 dB.

    Where the targets are not what the network knows, or there are none, what it says of the clean
    image is right, and accuracy is called agreement.

    Returns:
        the facts; ``val_psnr_db``, and ``val_accuracy`` or ``val_agreement``, are tables by ratio.
    """
    codec = codec.eval()
    alike = isinstance(data.images, torch.Tensor)
    data = data.first(CARD_IMAGES) if alike else spread(data, CARD_PHOTOGRAPHS)
    task, classes = perception.task, len(perception.class_names)
    metric = next(iter(task.metrics))
    known = knows_targets(perception, data)
    quality: dict[str, float] = {}
    accuracy: dict[str, float] = {}
    for ratio in codec.ratios:
        errors, right = [], []
        for batch in _batches(data):
            images = data.batch(batch)
            wanted = (
                data.targets(task.target, batch)
                if known
                else task.agreed(predict(perception, images))
            )
            encoded = codec.encode(images, torch.full((len(images),), CARD_SNR_DB), ratio)
            received, knowledge = awgn(encoded.symbols, CARD_SNR_DB, Draws(0, batch))
            size = (images.shape[-2], images.shape[-1])
            decoded = codec.decode(received, knowledge.noise_variance, ratio, size, encoded.side)
            images_back = quantise(decoded)
            errors.append(psnr(images, images_back))
            seen = predict(perception, images_back)
            right += [[rows] for rows in task.evidence(seen, wanted, classes)[metric]]
        quality[str(ratio)] = float(torch.cat(errors).mean())
        accuracy[str(ratio)] = gather(task.metrics[metric], right).value
    return {
        "val_snr_db": CARD_SNR_DB,
        "val_images": len(data),
        "val_psnr_db": quality,
        f"val_{metric}" if known else "val_agreement": accuracy,
        "image_side": max(data.sizes[0]),
    }


def _batches(data: ImageSet) -> list[range]:
    size = BATCH if isinstance(data.images, torch.Tensor) else 1
    return [range(start, min(start + size, len(data))) for start in range(0, len(data), size)]
