"""What a codec is trained for: distortion of the image, error of the features, and their mix.

    loss = distortion + weight · semantic
    distortion = mean squared error of the image
    semantic   = mean over layers of  Σ w·(f(x') − f(x))² / Σ f(x)²,  w of mean 1

The semantic term is relative, so that layers of any scale count alike. With w = 1 it is the plain
feature loss ("perceptual loss"); with importance, an error costs as much as it matters.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from semjscc.importance.gradient import ImportanceForm, importance_weights, score_gradients
from semjscc.perception.base import Perception


@dataclass(frozen=True)
class Reference:
    """What the semantic loss needs of the clean images; it can be computed once and kept.

    Attributes:
        features: by layer, (B, ...), detached.
        weights: importance by layer, of the same shapes; None stands for uniform.
    """

    features: Mapping[str, Tensor]
    weights: Mapping[str, Tensor] | None


def reference(
    perception: Perception,
    images: Tensor,
    form: ImportanceForm | None,
    labels: Tensor | None = None,
) -> Reference:
    """Features and importance of the clean images.

    Args:
        perception: the frozen network.
        images: (B, 3, H, W) in [0, 1].
        form: the importance, or None for uniform weights (which saves the backward pass).
        labels: (B,), looked at only where the form's target is ``label``.
    """
    if form is None:
        with torch.no_grad():
            return Reference(perception.features(images), None)
    target = labels if form.target == "label" else None
    features, gradients, _ = score_gradients(perception, images, form.score, target)
    return Reference(features, importance_weights(gradients, form))


def distortion(images: Tensor, received: Tensor) -> Tensor:
    """Mean squared error of each image: twice (B, 3, H, W) -> (B,)."""
    return (images - received).square().flatten(1).mean(dim=1)


def semantic_error(clean: Reference, received: Mapping[str, Tensor]) -> Tensor:
    """Relative squared error of the features, weighted by importance, averaged over layers.

    Args:
        clean: what the clean images gave.
        received: the received images' features by layer, (B, ...).

    Returns:
        (B,), float32.
    """
    errors = []
    for layer, feature in clean.features.items():
        squared = (received[layer].float() - feature.float()).square()
        if clean.weights is not None:
            squared = squared * clean.weights[layer]
        energy = feature.float().square().flatten(1).sum(dim=1)
        errors.append(squared.flatten(1).sum(dim=1) / energy.clamp(min=1e-8))
    return torch.stack(errors).mean(dim=0)
