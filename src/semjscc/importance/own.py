"""An importance of the user's own: a function that says how much each feature counts."""

from collections.abc import Mapping

import torch
from torch import Tensor

from semjscc.errors import UserError, printable
from semjscc.parts.named import find_function


def own_sizes(
    name: str, gradients: Mapping[str, Tensor], features: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """How much each feature counts by a function of the user's own, before any scaling.

    Args:
        name: ``my.module:name``, in the user's own words; called for each layer with its gradient
            and its features. It must treat every image alone.
        gradients: by layer, (B, ...), signed.
        features: by layer, of the same shapes.

    Returns:
        sizes ≥ 0 by layer, of the features' shapes, float32; `importance_weights` gives them their
        mean of 1.

    Raises:
        UserError: there is no such function, or it makes something else.
    """
    function = find_function(name, "importance", ("gradient", "features"))
    return {
        layer: _checked(function(gradients[layer], feature), feature, name, layer)
        for layer, feature in features.items()
    }


def _checked(size: object, feature: Tensor, name: str, layer: str) -> Tensor:
    said = f"the importance {printable(name)} at layer {printable(layer)}"
    if not isinstance(size, Tensor):
        raise UserError(f"{said} makes a {type(size).__name__}: it must be a tensor")
    try:
        sizes = size.detach().to(feature.device, torch.float32).expand(feature.shape)
    except RuntimeError as error:
        raise UserError(
            f"{said} makes sizes of shape {tuple(size.shape)}, and the features have "
            f"{tuple(feature.shape)}"
        ) from error
    if (sizes < 0).any():
        raise UserError(f"{said} makes sizes below 0: take abs() or clamp(min=0)")
    return sizes
