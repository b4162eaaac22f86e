"""What a codec is trained for: distortion of the image, and an error at the receiver's network.

    loss = distortion + weight · term
    distortion = mean squared error of the image
    semantic   = mean over layers of  Σ w·(f(x') − f(x))² / Σ f(x)²,  w of mean 1

The semantic term is relative, so that layers of any scale count alike. With w = 1 it is the plain
feature loss ("perceptual loss"); with importance, an error costs as much as it matters. Two other
terms look at the network's output instead of its features and are what importance is measured
against: the task's own loss, and the distance between the results before and after (distillation).
Between them lies the Fisher term: that distance to second order in the error of the features.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from semjscc.importance.gradient import ImportanceForm, form_gradients, importance_weights
from semjscc.importance.learned import learned_weights
from semjscc.importance.own import own_sizes
from semjscc.importance.projection import projection
from semjscc.perception.base import Perception

LOG_FLOOR = 1e-4
"""Of the mean squared error under the logarithm: 40 dB, from where on errors are hardly seen."""


@dataclass(frozen=True)
class Reference:
    """What the semantic loss needs of the clean images; it can be computed once and kept.

    Attributes:
        features: by layer, (B, ...), detached.
        weights: importance by layer, of the same shapes; None stands for uniform.
        directions: by layer, of the same shapes, on which the error is projected besides.
    """

    features: Mapping[str, Tensor]
    weights: Mapping[str, Tensor] | None
    directions: Mapping[str, Tensor] | None = None


def reference(
    perception: Perception,
    images: Tensor,
    form: ImportanceForm | None,
    labels: Tensor | None = None,
    received: Tensor | None = None,
    *,
    signs: Tensor | None = None,
    learned: Mapping[str, Tensor] | None = None,
) -> Reference:
    """Features and importance of the clean images.

    Args:
        perception: the frozen network.
        images: (B, 3, H, W) in [0, 1].
        form: the importance, or None for uniform weights (which saves the backward pass).
        labels: (B,), looked at only where the form's target is ``label``.
        received: (B, 3, H, W), looked at only where the form takes its gradient there.
        signs: (B, M) of ±1, looked at only where the form's score is ``fisher``.
        learned: (C,) by layer, looked at only where the form wants learned importance.

    Raises:
        ValueError: the form needs one of these and it is not given.
    """
    if form is None:
        with torch.no_grad():
            return Reference(perception.features(images), None)
    if form.learned is not None and learned is None:
        raise ValueError("learned importance needs the learned sizes")
    if form.learned == "alone":
        assert learned is not None
        with torch.no_grad():
            features = perception.features(images)
        return Reference(features, learned_weights(features, learned, form))
    features, gradients = form_gradients(perception, images, form, labels, received, signs)
    if form.unit == "projection":
        return Reference(features, *projection(gradients, form))
    if form.function is not None:
        gradients = own_sizes(form.function, gradients, features)
    product = learned if form.learned == "product" else None
    return Reference(features, importance_weights(gradients, form, product))


def distortion(images: Tensor, received: Tensor) -> Tensor:
    """Mean squared error of each image: twice (B, 3, H, W) -> (B,)."""
    return (images - received).square().flatten(1).mean(dim=1)


def log_distortion(error: Tensor) -> Tensor:
    """The logarithm of `distortion`, any shape: PSNR, turned around; it levels off above 40 dB."""
    return (error + LOG_FLOOR).log()


def semantic_error(clean: Reference, received: Mapping[str, Tensor]) -> Tensor:
    """Relative squared error of the features, weighted by importance, averaged over layers.

    For each layer (Σ w δ² + (v·δ)²) / Σ f², with weights w and, where there are any, directions v.

    Args:
        clean: what the clean images gave.
        received: the received images' features by layer, (B, ...).

    Returns:
        (B,), float32.
    """
    errors = []
    for layer, feature in clean.features.items():
        # Over dimensions rather than flattened, which would copy what lies channels last.
        within = tuple(range(1, feature.ndim))
        moved = received[layer].float() - feature.float()
        squared = moved.square()
        if clean.weights is not None:
            squared = squared * clean.weights[layer]
        error = squared.sum(dim=within)
        if clean.directions is not None:
            error = error + (moved * clean.directions[layer]).sum(dim=within).square()
        energy = feature.float().square().sum(dim=within)
        errors.append(error / energy.clamp(min=1e-8))
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
        clean = perception(images)
    return perception.task.divergence(clean, perception(received), temperature)


def fisher_error(
    perception: Perception,
    images: Tensor,
    received: Tensor,
    signs: Tensor,
    temperature: float = 1.0,
) -> Tensor:
    """How far the features' error moves the result, to second order: an estimate of T²/2 · δᵀFδ.

    F is the Fisher information of p_T = softmax(logits / T) with respect to a layer's features and
    δ their error; averaged over layers. Where δ is small it is, averaged over the signs, the
    distillation error, if nothing bypasses the layers.

    Args:
        perception: the frozen network.
        images: (B, 3, H, W) in [0, 1].
        received: of the same shape, differentiable.
        signs: (B, M) of ±1, at random (see `semjscc.importance.fisher`).
        temperature: T > 0; above 1 the improbable classes count for more.

    Returns:
        (B,), float32, in nats.
    """
    form = ImportanceForm(score="fisher", temperature=temperature)
    clean, gradients = form_gradients(perception, images, form, signs=signs)
    moved = perception.features(received)
    projected = [
        (gradient.float() * (moved[layer].float() - clean[layer].float())).flatten(1).sum(dim=1)
        for layer, gradient in gradients.items()
    ]
    return temperature**2 / 2 * torch.stack(projected).square().mean(dim=0)
