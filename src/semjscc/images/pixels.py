"""From depth to depth, from 8 bits to floating point and back; squares, and sides to divide."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps
from torch import Tensor

_AT_ONCE = 2**20
"""Numbers that are scaled at a time: each takes 8 bytes or 16."""


def to_8_bits(numbers: NDArray[np.integer[Any]], bits: int) -> NDArray[np.uint8]:
    """The full range of ``bits``, 1 to 32, scaled to that of 8 and rounded.

    Args:
        numbers: of any shape, from 0 to 2^bits - 1.
        bits: of each.
    """
    if bits == 8:
        return numbers.astype(np.uint8)
    type_ = np.uint32 if bits <= 16 else np.uint64
    top = type_((1 << bits) - 1)
    scaled = np.empty(numbers.shape, np.uint8)
    block = max(1, _AT_ONCE // max(1, numbers[:1].size))
    for start in range(0, len(numbers), block):
        part = numbers[start : start + block].astype(type_)
        scaled[start : start + block] = (part * type_(255) + top // type_(2)) // top
    return scaled


def to_float(image: Tensor) -> Tensor:
    """uint8 of any shape to float32 in [0, 1]."""
    return image.float().div_(255)


def to_uint8(images: Tensor) -> Tensor:
    """Floating-point images of any shape to uint8: clamped to [0, 1], NaN to 0, rounded."""
    return images.float().nan_to_num(nan=0.0).clamp(0, 1).mul(255).round().to(torch.uint8)


def quantise(images: Tensor) -> Tensor:
    """Make the received image: clamped and rounded to 8 bits, float32 in [0, 1].

    Every link's output passes through here before a metric or the perception network sees it.
    """
    return to_float(to_uint8(images))


def resize_and_crop(image: Tensor, size: int) -> Tensor:
    """Resize the largest central square of (3, H, W) uint8 to (3, size, size), uint8.

    Bicubic with antialiasing, which is resizing the short side and cropping the centre.
    """
    if image.shape[-2:] == (size, size):
        return image
    picture = Image.fromarray(image.permute(1, 2, 0).numpy())
    fitted = ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(fitted)).permute(2, 0, 1).contiguous()


def resize_and_crop_mask(mask: Tensor, size: int) -> Tensor:
    """The mask of what `resize_and_crop` keeps, by the nearest pixel: (size, size) uint8."""
    if mask.shape == (size, size):
        return mask
    fitted = ImageOps.fit(Image.fromarray(mask.numpy()), (size, size), Image.Resampling.NEAREST)
    return torch.from_numpy(np.array(fitted))


def pad_to_multiple(images: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column until both sides are multiples of ``multiple``.

    Args:
        images: (B, 3, H, W), any dtype.
        multiple: what the sides shall be divisible by.

    Returns:
        (B, 3, H', W') with the image in the top left corner; differentiable.
    """
    below = -images.shape[-2] % multiple
    right = -images.shape[-1] % multiple
    # Not functional.pad, which replicates floating-point images only.
    if below:
        images = torch.cat([images, images[..., -1:, :].expand(-1, -1, below, -1)], dim=-2)
    if right:
        images = torch.cat([images, images[..., -1:].expand(-1, -1, -1, right)], dim=-1)
    return images
