"""Importance as pictures: where in the image the features lie that matter to the result."""

import matplotlib as mpl
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.importance.gradient import ImportanceForm, importance_weights, score_gradients
from semjscc.importance.layer_maps import layer_with_maps, maps_of
from semjscc.perception.base import INPUT_LAYER, Perception
from semjscc.runtime.devices import device_of
from semjscc.tasks.base import ScoreName

HEAT = "inferno"
"""Its dark end leaves unimportant places dark, like a spotlight on the others."""

HEAT_SHARE = 0.65
"""Of the overlay; the grey image underneath has to stay recognisable."""

LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G and B in the grey image (ITU-R BT.601)."""

_GRADIENT_ALONE = ImportanceForm(temper=1.0)


def importance_map(
    perception: Perception,
    images: Tensor,
    *,
    layer: str | None = None,
    form: ImportanceForm = _GRADIENT_ALONE,
    target: Tensor | None = None,
) -> Tensor:
    """The weight of each place: importance averaged over a layer's channels.

    Args:
        perception: the frozen network.
        images: (B, 3, H, W) in [0, 1].
        layer: whose features count, maps or tokens in rows; where it is None, the network's first
            one with maps, which are the finest.
        form: how a gradient becomes a weight; by default the gradient alone, untempered.
        target: (B,) int64 classes to score, the predicted ones where it is None.

    Returns:
        (B, H, W) float32 in [0, 1], the largest of each image 1; all ones where the gradient tells
        nothing. Where preprocessing crops the image, the map is zero outside the crop.

    Raises:
        NoMapsError: the layer has no maps, or no layer has.
        ValueError: the layer does not exist, or ``form`` wants a label and there is no ``target``,
            or more than the gradient of one score.
    """
    if form.score == "fisher" or form.unit == "projection" or form.learned is not None:
        raise ValueError("a map shows one score's gradient: no fisher, projection or learned form")
    if form.target == "label" and target is None:
        raise ValueError("importance for the label needs a target")
    own = images.to(device_of(perception))
    layer = layer or _finest(perception, own)
    _, gradient = _gradient(perception, own, layer, form.score, target)
    weights = importance_weights({layer: gradient}, form)[layer].mean(dim=1)
    return _place(weights / _peak(weights), perception, own, layer).to(images.device)


def signed_map(
    perception: Perception, images: Tensor, layer: str, score: ScoreName = "logit"
) -> Tensor:
    """What speaks for the result and what against it: gradient × feature, for looking at only.

    Args:
        perception: the frozen network.
        images: (B, 3, H, W) in [0, 1].
        layer: whose features count.
        score: what is differentiated.

    Returns:
        (B, H, W) float32 in [-1, 1], summed over channels, the largest magnitude of each image 1;
        zeros where the gradient is zero or not finite.

    Raises:
        NoMapsError: the layer has no maps.
        ValueError: it does not exist.
    """
    feature, gradient = _gradient(perception, images, layer, score, None)
    signed = (feature.float() * gradient.float()).sum(dim=1)
    signed = (signed / _peak(signed)).nan_to_num(nan=0.0, posinf=0.0, neginf=0.0)
    return _place(signed, perception, images, layer)


def overlay(images: Tensor, maps: Tensor) -> Tensor:
    """Maps as heat colours over grey images.

    Args:
        images: (B, 3, H, W) in [0, 1].
        maps: (B, H, W) in [0, 1].

    Returns:
        (B, 3, H, W) float32 in [0, 1].
    """
    levels = mpl.colormaps[HEAT](np.linspace(0, 1, 256))[:, :3]
    colours = torch.as_tensor(levels, dtype=torch.float32, device=maps.device)  # (256, 3)
    heat = colours[maps.mul(255).round().long().clamp(0, 255)].movedim(-1, 1)
    luma = images.new_tensor(LUMA)[:, None, None]
    grey = (images.float() * luma).sum(dim=1, keepdim=True)
    return HEAT_SHARE * heat + (1 - HEAT_SHARE) * grey


def _finest(perception: Perception, images: Tensor) -> str:
    inner = [layer for layer in perception.layers if layer != INPUT_LAYER]
    return layer_with_maps(perception, images, inner or [INPUT_LAYER])


def _gradient(
    perception: Perception, images: Tensor, layer: str, score: ScoreName, target: Tensor | None
) -> tuple[Tensor, Tensor]:
    """The features (B, C, h, w) of one layer, any of the network's, and their gradient."""
    # A second view of the same network, which shares its weights.
    watched = Perception(
        perception.network,
        layers=(layer,),
        class_names=perception.class_names,
        preprocess=perception.preprocess,
        task=perception.task,
        name=perception.name,
    )
    features, gradients, _ = score_gradients(watched, images, score, target)
    feature, gradient = (
        maps_of(perception, images, layer, values[layer]) for values in (features, gradients)
    )
    return feature, gradient


def _peak(maps: Tensor) -> Tensor:
    """The largest magnitude of each image, (B, 1, 1)."""
    return maps.abs().amax(dim=(1, 2), keepdim=True)


def _place(maps: Tensor, perception: Perception, images: Tensor, layer: str) -> Tensor:
    """(B, h, w) on the part of the image that the network sees, each image's peak scaled to 1."""
    height, width = images.shape[-2:]
    rows, columns = height, width
    # The input layer lies before preprocessing and so covers the whole image.
    if layer != INPUT_LAYER:
        rows, columns = perception.preprocess.seen(height, width)
    seen = F.interpolate(maps[:, None], (rows, columns), mode="bilinear", antialias=True)[:, 0]
    peak = _peak(seen)
    seen = torch.where(peak > 0, seen / peak, 0.0)  # interpolation lowers a peak
    placed = seen.new_zeros(len(maps), height, width)
    top, left = (height - rows) // 2, (width - columns) // 2
    placed[:, top : top + rows, left : left + columns] = seen
    return placed
