"""What a codec is trained for: distortion of the image, and an error at the receiver's network.

    loss = distortion + weight · term
    distortion = mean squared error of the image
    semantic   = mean over layers of  Σ w·(f(x') − f(x))² / Σ f(x)²,  w of mean 1

The semantic term is relative, so that layers of any scale count alike. With w = 1 it is the plain
feature loss ("perceptual loss"); with importance, an error costs as much as it matters. Two other
terms look at the network's output instead of its features and are what importance is measured
against: the task's own loss, and the distance between the results before and after (distillation).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

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
    received: Tensor | None = None,
) -> Reference:
    """Features and importance of the clean images.

    Args:
        perception: the frozen network.
        images: (B, 3, H, W) in [0, 1].
        form: the importance, or None for uniform weights (which saves the backward pass).
        labels: (B,), looked at only where the form's target is ``label``.
        received: (B, 3, H, W), looked at only where the form takes its gradient there.

    Raises:
        ValueError: the form needs the received images and they are not given.
    """
    if form is None:
        with torch.no_grad():
            return Reference(perception.features(images), None)
    target = labels if form.target == "label" else None
    if form.at == "clean":
        features, gradients, _ = score_gradients(perception, images, form.score, target)
        return Reference(features, importance_weights(gradients, form))
    if received is None:
        raise ValueError(f"importance at the {form.at} image needs the received one")
    with torch.no_grad():
        features, output = perception.features_and_output(images)
    # The result is still that of the clean image: the one that has to survive.
    target = perception.task.predict(output) if target is None else target
    share = 1.0 if form.at == "received" else 0.5
    place = torch.lerp(images, received.detach(), share)
    _, gradients, _ = score_gradients(perception, place, form.score, target)
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


def task_error(perception: Perception, received: Tensor, labels: Tensor) -> Tensor:
    """The task's own loss on what was received: (B, 3, H, W) and (B,) -> (B,), float32, in nats."""
    return perception.task.score(perception(received).float(), "loss", labels)


def distillation_error(
    perception: Perception, images: Tensor, received: Tensor, temperature: float = 1.0
) -> Tensor:
    """How far the result moved: T² · KL(p_T(x) ‖ p_T(x')), p_T = softmax(logits / T) (Hinton 2015).

    Args:
        perception: the frozen network.
        images: (B, 3, H, W) in [0, 1].
        received: of the same shape, differentiable.
        temperature: T > 0; above 1 the improbable classes count for more.

    Returns:
        (B,), float32, in nats.
    """
    with torch.no_grad():
        clean = (perception(images).float() / temperature).log_softmax(dim=1)
    moved = (perception(received).float() / temperature).log_softmax(dim=1)
    return temperature**2 * F.kl_div(moved, clean, reduction="none", log_target=True).sum(dim=1)
