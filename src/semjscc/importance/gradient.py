"""Importance weights from the gradient of the perception result with respect to the features.

w ∝ |∂ score / ∂ feature|, with mean 1 for each image and layer, so that importance spreads a fixed
sum over the features: uniform importance gives the plain feature loss. The exact form behind
arXiv 2302.02287 is not public; the variants here are named for what they do.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from semjscc.importance.fisher import fisher_score
from semjscc.parts.named import is_part
from semjscc.perception.base import Perception
from semjscc.perception.gradients import check_gradients
from semjscc.tasks.base import ScoreName


@dataclass(frozen=True)
class ImportanceForm:
    """How a gradient becomes a weight.

    Attributes:
        unit: a weight for each ``element``, or one for each ``channel`` (its mean gradient over
            space, as in Grad-CAM); or the layer's whole error counts by its ``projection`` on the
            gradient, so that errors which cancel in the score cost nothing.
        shape: ``absolute`` value; its ``square-root``, which is less peaked; its ``square``; or
            ``rectified``, which keeps only features that speak for the result.
        score: what is differentiated: the class ``logit``, its ``log-probability``, the task
            ``loss``, or ``fisher``: a random mix of all log-probabilities whose squared gradients
            are on average the Fisher information (`fisher_score`).
        target: the ``predicted`` class, or the ``label``; ``fisher`` looks at neither.
        temperature: by which the logits are divided before the score; above 1 the improbable
            classes count for more.
        learned: what counts is the image's own gradient where this is left out; ``alone``: the
            mean size of each channel's gradient over training images (`learned_sizes`);
            ``product``: that times the image's own.
        temper: share of the gradient in the weight; the rest is uniform. 0 is uniform, 1 the
            gradient alone.
        at: where the gradient is taken: at the ``clean`` image, at the ``received`` one, or at
            the ``midpoint`` between them. The last is the midpoint rule for the mean gradient on
            the straight way from one to the other, along which the error is made.
        function: one of the user's own, ``my.module:name``, in place of unit, shape and learned: of
            a layer's gradient and features, both (B, ...), it makes sizes ≥ 0 of that shape or one
            that broadcasts to it. See `semjscc.importance.own`.
        scope: weights have mean 1 in each ``image``, or over the ``batch``, so that an image whose
            result hangs by a thread counts more than one that nothing will change.
    """

    unit: Literal["element", "channel", "projection"] = "element"
    shape: Literal["absolute", "square-root", "square", "rectified"] = "absolute"
    score: Literal["logit", "log-probability", "loss", "fisher"] = "logit"
    target: Literal["predicted", "label"] = "predicted"
    temper: float = 0.5
    at: Literal["clean", "received", "midpoint"] = "clean"
    scope: Literal["image", "batch"] = "image"
    temperature: float = 1.0
    learned: Literal["alone", "product"] | None = None
    function: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.temper <= 1:
            raise ValueError(f"temper lies between 0 and 1, not {self.temper}")
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"temperature is positive, not {self.temperature}")
        if self.unit == "projection" and (self.shape != "absolute" or self.learned is not None):
            raise ValueError("a projection takes the gradient as it is: no shape, nothing learned")
        if self.function is None:
            return
        if not is_part(self.function):
            raise ValueError(f"function is written as my.module:name, not {self.function!r}")
        if (self.unit, self.shape, self.learned) != ("element", "absolute", None):
            raise ValueError("a function of your own stands in place of unit, shape and learned")


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

    Raises:
        NoGradientError: none passes through the network.
    """
    return _differentiate(
        perception, images, lambda output: perception.task.score(output, score, target)
    )


def form_gradients(
    perception: Perception,
    images: Tensor,
    form: ImportanceForm,
    labels: Tensor | None = None,
    received: Tensor | None = None,
    signs: Tensor | None = None,
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The clean images' features, and the signed gradients that a form wants.

    Args:
        perception: the frozen network.
        images: (B, 3, H, W) in [0, 1].
        form: its score, target, temperature and place.
        labels: (B,), looked at only where the form's target is ``label``.
        received: (B, 3, H, W), looked at only where the form takes its gradient there.
        signs: (B, M) of ±1, looked at only where the form's score is ``fisher``.

    Returns:
        features and gradients by layer, each (B, ...) and detached.

    Raises:
        ValueError: the form needs the received images or the signs and they are not given.
        NoGradientError: none passes through the network.
    """
    target = labels if form.target == "label" else None

    def score(output: Tensor, clean: Tensor, target: Tensor | None) -> Tensor:
        output = output / form.temperature
        if form.score != "fisher":
            return perception.task.score(output, form.score, target)
        if signs is None:
            raise ValueError("the score fisher needs its random signs")
        return fisher_score(output, clean / form.temperature, signs)

    if form.at == "clean":
        features, gradients, _ = _differentiate(
            perception, images, lambda output: score(output, output, target)
        )
        return features, gradients
    if received is None:
        raise ValueError(f"importance at the {form.at} image needs the received one")
    with torch.no_grad():
        features, clean = perception.features_and_output(images)
    # The result is still that of the clean image: the one that has to survive.
    target = perception.task.predict(clean) if target is None else target
    share = 1.0 if form.at == "received" else 0.5
    place = torch.lerp(images, received.detach(), share)
    _, gradients, _ = _differentiate(perception, place, lambda output: score(output, clean, target))
    return features, gradients


def _differentiate(
    perception: Perception, images: Tensor, score: Callable[[Tensor], Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor], Tensor]:
    """Features, gradients of a score (B,) of the output, and the output, all detached."""
    with torch.enable_grad():
        watched = images.detach().requires_grad_()
        features, output = perception.features_and_output(watched)
        # No image's score depends on another image, so the sum's gradient is each one's own.
        total = score(output).sum()
        check_gradients(perception.name, [total, *features.values()])
        # A layer beside the way to the result gets zeros, which count as uniform weights.
        gradients = torch.autograd.grad(
            total, list(features.values()), allow_unused=True, materialize_grads=True
        )
    return (
        {layer: feature.detach() for layer, feature in features.items()},
        dict(zip(features, gradients, strict=True)),
        output.detach(),
    )


def importance_weights(
    gradients: Mapping[str, Tensor],
    form: ImportanceForm,
    learned: Mapping[str, Tensor] | None = None,
) -> dict[str, Tensor]:
    """Weights ≥ 0 of the features' shapes with mean 1 for each layer and image (or batch), float32.

    Where a whole layer's gradient is zero, or not finite, nothing is known: weights are uniform.

    Args:
        gradients: by layer, (B, ...) or (B, C, ...) for ``channel``.
        form: how a gradient becomes a weight; ``element`` or ``channel``.
        learned: (C,) by layer, by which the gradient's size in each channel is multiplied.
    """
    return {
        layer: _weights(gradient.float(), form, None if learned is None else learned[layer])
        for layer, gradient in gradients.items()
    }


def sizes(gradient: Tensor, form: ImportanceForm) -> Tensor:
    """Sizes ≥ 0 of a gradient (B, C, ...), of its shape or (B, C, 1, ...) for ``channel``."""
    signed = gradient
    if form.unit == "channel" and gradient.ndim > 2:
        signed = gradient.mean(dim=tuple(range(2, gradient.ndim)), keepdim=True)
    return signed.clamp(min=0) if form.shape == "rectified" else signed.abs()


def shaped(size: Tensor, form: ImportanceForm) -> Tensor:
    """Sizes after the form's shape; best of a size scaled such that its square does not vanish."""
    if form.shape == "square-root":
        return size.sqrt()
    return size.square() if form.shape == "square" else size


def along_channels(values: Tensor, like: Tensor) -> Tensor:
    """(C,) -> (C, 1, ...), which broadcasts to ``like``, (B, C, ...)."""
    return values.view(-1, *[1] * (like.ndim - 2))


def _weights(gradient: Tensor, form: ImportanceForm, learned: Tensor | None) -> Tensor:
    size = sizes(gradient, form)
    factor = None if learned is None else along_channels(learned, size)
    per_image = tuple(range(1, size.ndim))
    if form.scope == "batch":
        return tempered(_over_batch(size, form, factor), form).expand(gradient.shape)
    # Scaled by the peak first, so that very small gradients do not vanish in the mean.
    size = size / size.amax(dim=per_image, keepdim=True)
    size = shaped(size, form)
    size = size if factor is None else size * factor
    mean = size.mean(dim=per_image, keepdim=True)
    # A single value that is not finite makes the mean so.
    known = torch.isfinite(mean) & (mean > 0)
    return tempered(torch.where(known, size / mean, 1.0), form).expand(gradient.shape)


def _over_batch(size: Tensor, form: ImportanceForm, factor: Tensor | None) -> Tensor:
    """Sizes of the gradients, any shape, with mean 1 over all finite ones; images unknown get 1."""
    known = torch.isfinite(size).flatten(1).all(dim=1).view(-1, *[1] * (size.ndim - 1))
    size = torch.where(known, size, 0.0)
    size = size / size.amax().clamp(min=torch.finfo(size.dtype).tiny)
    size = shaped(size, form)
    size = size if factor is None else size * factor
    mean = size.sum() / (size[0].numel() * known.sum()).clamp(min=1)
    return torch.where(known & (mean > 0), size / mean, 1.0)


def tempered(size: Tensor, form: ImportanceForm) -> Tensor:
    """Sizes of mean 1, mixed with uniform ones."""
    return torch.lerp(size.new_ones(()), size, form.temper)
