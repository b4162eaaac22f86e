"""Learned importance: which channels matter to the task at all, over many images.

The gradient of one image tells what matters to that image; its mean size over the training images
tells what the network looks at. It is computed once, from the frozen network, and is a function of
network, data, form and seed alone, so that a resumed training finds the same again.
"""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from semjscc.data.base import ImageSet
from semjscc.importance.fisher import draw_signs
from semjscc.importance.gradient import (
    ImportanceForm,
    along_channels,
    form_gradients,
    shaped,
    sizes,
    tempered,
)
from semjscc.perception.base import Perception
from semjscc.randomness import generator

LEARN_FROM = 1000
"""Images, drawn from the training set: enough for the mean of every channel."""

_AT_ONCE = 64


def learned_sizes(
    perception: Perception,
    data: ImageSet,
    form: ImportanceForm,
    seed: int,
    device: torch.device | str = "cpu",
) -> dict[str, Tensor]:
    """Mean size of the gradient in each channel, by layer, with mean 1 over the channels.

    Args:
        perception: the frozen network, on ``device``.
        data: the training images, as they are; they must agree in size.
        form: score, target, temperature, unit and shape; the gradient is taken at these images.
        seed: of the choice of images, and of the signs of ``fisher``.
        device: where to compute.

    Returns:
        (C,), float32; ones where the layer's gradient is zero throughout or never finite.
    """
    order = generator(seed, "importance", 0).permutation(len(data))[:LEARN_FROM]
    signs = draw_signs(seed, "importance", 1, len(order), len(perception.class_names))
    total: dict[str, Tensor] = {}
    chosen = torch.from_numpy(order)
    for indices, mix in zip(chosen.split(_AT_ONCE), signs.split(_AT_ONCE), strict=True):
        images = data.batch(indices).to(device).contiguous(memory_format=torch.channels_last)
        labels = data.labels[indices].to(device)
        _, gradients = form_gradients(
            perception, images, replace(form, at="clean"), labels, signs=mix.to(device)
        )
        for layer, gradient in gradients.items():
            # In float64, where no square of a float32 vanishes.
            size = shaped(sizes(gradient, form).double(), form)
            size = size.reshape(*size.shape[:2], -1).mean(dim=2)
            known = torch.isfinite(size).all(dim=1, keepdim=True)
            total[layer] = total.get(layer, 0) + torch.where(known, size, 0.0).sum(dim=0)
    return {
        layer: torch.where(size.sum() > 0, size / size.mean(), 1.0).float()
        for layer, size in total.items()
    }


def learned_weights(
    features: Mapping[str, Tensor], learned: Mapping[str, Tensor], form: ImportanceForm
) -> dict[str, Tensor]:
    """Weights from the learned sizes alone, of the features' shapes, float32, with mean 1.

    Args:
        features: by layer, (B, C, ...).
        learned: by layer, (C,), as of `learned_sizes`.
        form: its temper.
    """
    return {
        layer: tempered(along_channels(learned[layer], feature), form).expand(feature.shape)
        for layer, feature in features.items()
    }
