"""Random pieces of photographs of any size, at random scales: functions of (seed, step) alone.

A crop of N x N pixels shows a square window of the photograph. The window's side is drawn
log-uniformly from N to three times N, or to the photograph's short side where that is less, and
its place uniformly; then it is scaled to N x N (bicubic with antialiasing, in 8 bits). Where the
short side is below N the window is the short side, and is scaled up.
"""

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.data.base import ImageSet
from semjscc.randomness import generator
from semjscc.training.batches import Share, batch_indices

MOST_SHRINKING = 3


def crops_at(
    data: ImageSet, seed: int, step: int, batch: int, share: Share, side: int
) -> tuple[Tensor, Tensor]:
    """Crops (B, 3, side, side), float32 in [0, 1], and labels (B,) of one process at one step."""
    chosen = batch_indices(seed, step, len(data), batch)
    draws = torch.from_numpy(generator(seed, "crop", step).random((len(chosen), 3)))
    chosen, draws = share.take(chosen), share.take(draws)
    pieces = [
        random_crop(data.images[index], side, *place)
        for index, place in zip(chosen.tolist(), draws.tolist(), strict=True)
    ]
    return torch.cat(pieces).float().div_(255), data.labels[chosen]


def random_crop(image: Tensor, side: int, scale: float, down: float, right: float) -> Tensor:
    """One crop, (1, 3, side, side) uint8.

    Args:
        image: (3, H, W) uint8.
        side: N.
        scale: in [0, 1), from the smallest window to the largest.
        down: in [0, 1), from the highest place to the lowest.
        right: in [0, 1), from the leftmost place to the rightmost.
    """
    height, width = image.shape[-2:]
    short = min(height, width)
    smallest, largest = min(side, short), min(MOST_SHRINKING * side, short)
    window = round(smallest * (largest / smallest) ** scale)
    top, left = int(down * (height - window + 1)), int(right * (width - window + 1))
    return _scaled(image[:, top : top + window, left : left + window], side)


def central_crops(data: ImageSet, side: int, most: int) -> ImageSet:
    """The centres of at most ``most`` images, spread evenly over the set: (N, 3, side, side).

    They are not scaled, but where the short side is below ``side``. Labels stay; masks and boxes
    are of whole images, and go.
    """
    few = spread(data, most)
    pieces = [_scaled(centre(image, min(side, *image.shape[-2:])), side) for image in few.images]
    return replace(few, images=torch.cat(pieces), masks=None, boxes=None)


def spread(data: ImageSet, most: int) -> ImageSet:
    """At most ``most`` images, at even distances; the fingerprint stays the whole's."""
    if len(data) <= most:
        return data
    return data.at(np.linspace(0, len(data) - 1, most).round().astype(int).tolist())


def centre(image: Tensor, side: int) -> Tensor:
    """The central pixels of (3, H, W), at most ``side`` along either axis; no copy."""
    height, width = image.shape[-2:]
    rows, columns = min(side, height), min(side, width)
    top, left = (height - rows) // 2, (width - columns) // 2
    return image[:, top : top + rows, left : left + columns]


def _scaled(window: Tensor, side: int) -> Tensor:
    """(3, s, s) uint8 -> (1, 3, side, side) uint8."""
    # Channels last, for which there is a fast path for 8 bits.
    window = window[None].contiguous(memory_format=torch.channels_last)
    if window.shape[-1] == side:
        return window
    return F.interpolate(window, (side, side), mode="bicubic", antialias=True)
