"""Weights in a quarter of their room: how they differ from others, in four bits each.

Weights that began as others' and were trained a little further stay close to them. What a codec of
six megabytes in float16 has learned beside the one that it began with then takes 1.6 megabytes.
Each row of a tensor has a scale of its own, that of the least squared error; whatever has no rows
(biases, gains) is kept in float16 as it is.

Shapes: a tensor (R, ...) has R rows of C numbers.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from semjscc.errors import UserError

LARGEST = 7
"""A difference is a whole number from −7 to 7, times its row's scale."""
_STEPS, _SCALES = ".steps", ".scales"
_CLIPS = (1.0, 0.85, 0.7, 0.6, 0.5, 0.4, 0.3)
"""Shares of a row's largest difference that are tried as the largest that can be told."""


def pack(weights: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights as what has to be told to whoever has the base.

    Args:
        weights: floating tensors.
        base: of the same names and shapes.

    Returns:
        for each tensor with rows two, ``NAME.steps`` (R, ⌈C/2⌉) uint8, two steps in a byte, and
        ``NAME.scales`` (R,) float32; the others in float16.

    Raises:
        UserError: the base has other names or shapes, so that nothing was begun with it; or a
            number is not finite in float16.
    """
    if {n: t.shape for n, t in weights.items()} != {n: t.shape for n, t in base.items()}:
        raise UserError("the weights have other names or shapes than their base")
    told: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        if tensor.ndim < 2:
            told[name] = tensor.half()
            continue
        rows = (tensor.float() - base[name].float()).flatten(1)
        scales = _scales(rows)
        steps = (_steps(rows, scales) + LARGEST).to(torch.uint8)
        if steps.shape[1] % 2:
            steps = torch.nn.functional.pad(steps, (0, 1))
        told[name + _STEPS] = steps[:, ::2] * 16 + steps[:, 1::2]
        told[name + _SCALES] = scales[:, 0]
    if any(not tensor.isfinite().all() for tensor in told.values() if tensor.is_floating_point()):
        raise UserError("the weights have numbers that are not finite in float16")
    return told


def unpack(told: Mapping[str, Tensor], base: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights again, float32, but for what four bits leave out.

    Raises:
        UserError: what is told does not fit the base.
    """
    weights: dict[str, Tensor] = {}
    for name, other in base.items():
        if name in told:
            weights[name] = told[name].float()
            continue
        try:
            packed, scales = told[name + _STEPS], told[name + _SCALES]
            steps = torch.stack([packed // 16, packed % 16], dim=-1).flatten(1).float() - LARGEST
            columns = other[0].numel()
            if len(steps) != len(other) or steps.shape[1] != columns + columns % 2:
                raise UserError(f"the difference of {name} has another shape than its base")
            if scales.shape != (len(other),):
                raise UserError(f"the difference of {name} has scales for other rows")
            moved = steps[:, :columns] * scales[:, None]
            weights[name] = other.float() + moved.reshape(other.shape)
        except (KeyError, IndexError, RuntimeError) as error:
            raise UserError(f"the difference of {name} does not fit its base") from error
    if len(told) != sum(1 if name in told else 2 for name in base):
        raise UserError("it tells of more than its base has")
    return weights


def _scales(rows: Tensor) -> Tensor:
    """Of each row the scale that rounds it best: (R, C) -> (R, 1)."""
    largest = rows.abs().amax(dim=1, keepdim=True)
    tried = torch.stack([largest * clip / LARGEST for clip in _CLIPS])
    errors = [
        (_steps(rows, scales) * scales - rows).square().sum(dim=1, keepdim=True) for scales in tried
    ]
    best = torch.stack(errors).argmin(dim=0, keepdim=True)
    return tried.gather(0, best)[0]


def _steps(rows: Tensor, scales: Tensor) -> Tensor:
    """(R, C) in whole numbers from −7 to 7; 0 where the scale is."""
    safe = torch.where(scales > 0, scales, torch.ones_like(scales))
    return (rows / safe).round().clamp(-LARGEST, LARGEST)
