"""Importance weights from the gradient of the perception result with respect to the features.

w ∝ |∂ score / ∂ feature|, with mean 1 for each image and layer, so that importance spreads a fixed
sum over the features: uniform importance gives the plain feature loss. The exact form behind
arXiv 2302.02287 is not public; the variants here are named for what they do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from semjscc.perception.base import Perception
from semjscc.perception.tasks import ScoreName


@dataclass(frozen=True)
class ImportanceForm:
    """How a gradient becomes a weight.

    Attributes:
        unit: a weight for each ``element``, or one for each ``channel`` (its mean gradient over
            space, as in Grad-CAM).
        shape: ``absolute`` value; its ``square-root``, which is less peaked; or ``rectified``,
            which keeps only features that speak for the result.
        score: what is differentiated: the class ``logit``, its ``log-probability`` or the task
            ``loss``.
        target: the ``predicted`` class, or the ``label``.
        temper: share of the gradient in the weight; the rest is uniform. 0 is uniform, 1 the
            gradient alone.
        at: where the gradient is taken: at the ``clean`` image, at the ``received`` one, or at
            the ``midpoint`` between them. The last is the midpoint rule for the mean gradient on
            the straight way from one to the other, along which the error is made.
        scope: weights have mean 1 in each ``image``, or over the ``batch``, so that an image whose
            result hangs by a thread counts more than one that nothing will change.
    """

    unit: Literal["element", "channel"] = "element"
    shape: Literal["absolute", "square-root", "rectified"] = "absolute"
    score: ScoreName = "logit"
    target: Literal["predicted", "label"] = "predicted"
    temper: float = 0.5
    at: Literal["clean", "received", "midpoint"] = "clean"
    scope: Literal["image", "batch"] = "image"

    def __post_init__(self) -> None:
        if not 0 <= self.temper <= 1:
            raise ValueError(f"temper lies between 0 and 1, not {self.temper}")


def score_gradients(
    perception: Perception, images: Tensor, score: ScoreName, target: Tensor | None = None
) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor]:
    """Signed gradients of each image's score with respect to its features.

    Args:
        perception: the frozen network.
        images: (B, 3, H, W) in [0, 1].
        score: what is differentiated.
        target: (B,) classes, the predicted ones where it is None.

    Returns:
        features and gradients by layer, each (B, ...) and detached, and the output (B, M).
    """
    with torch.enable_grad():
        watched = images.detach().requires_grad_()
        features, output = perception.features_and_output(watched)
        # No image's score depends on another image, so the sum's gradient is each one's own.
        total = perception.task.score(output, score, target).sum()
        # A layer beside the way to the result gets zeros, which count as uniform weights.
        gradients = torch.autograd.grad(
            total, list(features.values()), allow_unused=True, materialize_grads=True
        )
    return (
        {layer: feature.detach() for layer, feature in features.items()},
        dict(zip(features, gradients, strict=True)),
        output.detach(),
    )


def importance_weights(gradients: Mapping[str, Tensor], form: ImportanceForm) -> dict[str, Tensor]:
    """Weights ≥ 0 of the features' shapes with mean 1 for each layer and image (or batch), float32.

    Where a whole layer's gradient is zero, or not finite, nothing is known: weights are uniform.

    Args:
        gradients: by layer, (B, ...) or (B, C, ...) for ``channel``.
        form: how a gradient becomes a weight.
    """
    return {layer: _weights(gradient.float(), form) for layer, gradient in gradients.items()}


def _weights(gradient: Tensor, form: ImportanceForm) -> Tensor:
    signed = gradient
    if form.unit == "channel" and gradient.ndim > 2:
        signed = gradient.mean(dim=tuple(range(2, gradient.ndim)), keepdim=True)
    size = signed.clamp(min=0) if form.shape == "rectified" else signed.abs()
    per_image = tuple(range(1, size.ndim))
    if form.scope == "batch":
        return _tempered(_over_batch(size, form), form).expand(gradient.shape)
    # Scaled by the peak first, so that very small gradients do not vanish in the mean.
    size = size / size.amax(dim=per_image, keepdim=True)
    if form.shape == "square-root":
        size = size.sqrt()
    size = size / size.mean(dim=per_image, keepdim=True)
    known = torch.isfinite(size).all(dim=per_image, keepdim=True)
    return _tempered(torch.where(known, size, 1.0), form).expand(gradient.shape)


def _over_batch(size: Tensor, form: ImportanceForm) -> Tensor:
    """Sizes of the gradients, any shape, with mean 1 over all finite ones; images unknown get 1."""
    known = torch.isfinite(size).flatten(1).all(dim=1).view(-1, *[1] * (size.ndim - 1))
    size = torch.where(known, size, 0.0)
    size = size / size.amax().clamp(min=torch.finfo(size.dtype).tiny)
    if form.shape == "square-root":
        size = size.sqrt()
    mean = size.sum() / (size[0].numel() * known.sum()).clamp(min=1)
    return torch.where(known & (mean > 0), size / mean, 1.0)


def _tempered(size: Tensor, form: ImportanceForm) -> Tensor:
    return 1 + form.temper * (size - 1)
