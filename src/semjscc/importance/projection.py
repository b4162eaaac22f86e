"""The error of a layer as a whole: how far it moves the score, instead of what each feature costs.

To first order the score moves by g·δ. Weights of the single features add up the size of errors
that may well cancel in that sum; (g·δ)² does not.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from semjscc.importance.gradient import ImportanceForm


def projection(
    gradients: Mapping[str, Tensor], form: ImportanceForm
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """What makes Σ w δ² + (v·δ)² an error whose mean for white δ is that of Σ δ².

    v is the gradient, scaled such that v² has mean ``temper`` for each layer and image (or batch),
    and w = 1 − ``temper``. Where a layer's gradient is zero throughout, or not finite, nothing is
    known: w = 1, v = 0.

    Args:
        gradients: by layer, (B, ...).
        form: how a gradient becomes a direction.

    Returns:
        weights w and directions v by layer, of the gradients' shapes, float32.
    """
    both = {layer: _project(gradient.float(), form) for layer, gradient in gradients.items()}
    return {name: w for name, (w, _) in both.items()}, {name: v for name, (_, v) in both.items()}


def _project(gradient: Tensor, form: ImportanceForm) -> tuple[Tensor, Tensor]:
    size = gradient.flatten(1)
    known = torch.isfinite(size).all(dim=1, keepdim=True)
    size = torch.where(known, size, 0.0)
    peak = size.abs().amax(dim=1, keepdim=True)
    if form.scope == "batch":
        peak = peak.amax()
    # Scaled by the peak first, so that very small gradients do not vanish in their squares.
    size = size / peak.clamp(min=torch.finfo(size.dtype).tiny)
    power = size.square().mean(dim=1, keepdim=True)
    if form.scope == "batch":
        power = power.sum() / known.sum().clamp(min=1)
    known = known & (power > 0)
    weight = torch.where(known, 1 - form.temper, 1.0).expand(size.shape)
    direction = torch.where(known, size * (form.temper / power).sqrt(), 0.0)
    return weight.reshape(gradient.shape), direction.reshape(gradient.shape)
