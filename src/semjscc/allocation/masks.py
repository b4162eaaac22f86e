"""What matters in a picture as a person says it: a mask, which boxes and drawn masks make up."""

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.allocation.marks import Box
from semjscc.errors import UserError
from semjscc.images import pad_to_multiple
from semjscc.linear.transform import BLOCK


def drawn_mask(boxes: Iterable[Box], masks: Iterable[Tensor], size: tuple[int, int]) -> Tensor:
    """The mask that says all of it.

    Args:
        boxes: within the picture.
        masks: (h, w) float in [0, 1] each, of any size; 1 matters.
        size: the picture's H and W.

    Returns:
        (H, W) float32 in [0, 1].

    Raises:
        UserError: nothing matters in it.
    """
    drawn = torch.zeros(size)
    for mask in masks:
        fitted = F.interpolate(mask[None, None].float(), size, mode="bilinear", antialias=True)
        drawn = torch.maximum(drawn, fitted[0, 0].clamp(0, 1))
    for left, top, width, height in boxes:
        drawn[top : top + height, left : left + width] = 1
    if not drawn.any():
        raise UserError("the mask is black all over: what matters must be white in it")
    return drawn


def block_mask(mask: Tensor, images: Tensor) -> Tensor:
    """The share of each block that a mask says to matter.

    Args:
        mask: (H, W) in [0, 1].
        images: (B, 3, H, W), to which it belongs.

    Returns:
        (B, h, w) float32 in [0, 1].

    Raises:
        UserError: the images are of another size.
    """
    if mask.shape != images.shape[-2:]:
        raise UserError(f"the mask is of {tuple(mask.shape)}, images of {tuple(images.shape[-2:])}")
    blocks = F.avg_pool2d(pad_to_multiple(mask[None, None].float(), BLOCK), BLOCK)[:, 0]
    return blocks.expand(len(images), -1, -1).to(images)
