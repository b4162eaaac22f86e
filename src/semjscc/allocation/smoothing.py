"""A blur of what matters less, for a sender that gives its image to an image coder.

An image coder of our list takes no map of what matters, and quantises all regions alike. So the
regions that matter less are blurred before it sees them. They cost fewer bits then, and within the
same number of bytes the others are quantised more finely. Any coder can do it, and any receiver
reads the result. This is the usual foveation or region-of-interest filter before a standard coder
(Geisler and Perry 1998, doi 10.1117/12.320120).

How wide to blur follows from water-filling: where a region's error counts w times, its coefficients
below D / w are not worth their bits. The power spectrum of photographs falls as 1 / f², so
that those are the frequencies above one proportional to √w, which a Gaussian of a standard
deviation proportional to 1 / √w removes.
"""

import json
import math
from functools import cache
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.linear.transform import BLOCK

SMOOTHING_FILE = Path(__file__).parent / "smoothing.json"
"""The strength that was chosen on val, with what was measured and the command."""
WIDEST = 8.0
"""Of a Gaussian's standard deviation in pixels: half a block."""
_WIDTHS = (0.0, *(2 ** (step / 2) for step in range(-2, 7)))
"""Standard deviations of the copies that are mixed, in pixels: from 1/2 to `WIDEST`."""
_REACH = 3
"""Of a kernel, in standard deviations."""


@cache
def chosen_strength() -> float:
    """What `tools/choose_smoothing.py` found best on val, in pixels; see `widths`."""
    return float(json.loads(SMOOTHING_FILE.read_text())["strength"])


def smooth(images: Tensor, weights: Tensor, strength: float) -> Tensor:
    """Images whose unimportant regions are blurred.

    Args:
        images: (B, 3, H, W) in [0, 1].
        weights: (B, h, w) > 0 of blocks, as of `Policy.weights`; 1 for a block that matters as
            much as the picture's mean.
        strength: 0 for none; see `widths`.

    Returns:
        (B, 3, H, W) in [0, 1]; the images themselves where the strength is 0.
    """
    if strength == 0:
        return images
    return blur(images, widths(weights, (images.shape[-2], images.shape[-1]), strength))


def widths(weights: Tensor, size: tuple[int, int], strength: float) -> Tensor:
    """How wide each pixel's Gaussian is.

    Args:
        weights: as of `smooth`.
        size: (H, W) of the images.
        strength: the standard deviation in pixels where the weight is 1/4.

    Returns:
        (B, H, W), standard deviations in pixels from 0, where the weight is 1 or more, to
        `WIDEST`; bilinear between the middles of blocks.
    """
    of_blocks = (strength * (weights.rsqrt() - 1)).clamp(0, WIDEST)
    height, width = (BLOCK * side for side in weights.shape[-2:])
    grown = F.interpolate(of_blocks[:, None], (height, width), mode="bilinear")
    return grown[:, 0, : size[0], : size[1]]


def blur(images: Tensor, deviations: Tensor) -> Tensor:
    """A Gaussian blur that is another at each pixel; beyond the edge images go on as they end.

    Each pixel mixes the two nearest of a few blurred copies, so that the variance of its kernel is
    the one asked for.

    Args:
        images: (B, 3, H, W).
        deviations: (B, H, W), standard deviations in pixels from 0 to `WIDEST`.

    Returns:
        (B, 3, H, W).
    """
    variances = deviations[:, None].square()
    blurred = copy = images
    for narrow, wide in pairwise(_WIDTHS):
        copy = _blurred(copy, math.sqrt(wide**2 - narrow**2))
        share = ((variances - narrow**2) / (wide**2 - narrow**2)).clamp(0, 1)
        blurred = torch.lerp(blurred, copy, share)
    return blurred


def _blurred(images: Tensor, deviation: float) -> Tensor:
    """The same Gaussian at every pixel of (B, 3, H, W)."""
    reach = math.ceil(_REACH * deviation)
    places = torch.arange(-reach, reach + 1, device=images.device)
    kernel = torch.exp(-((places / deviation) ** 2) / 2).to(images)
    kernel = (kernel / kernel.sum()).expand(3, 1, 1, -1)
    padded = F.pad(images, (reach, reach, reach, reach), mode="replicate")
    return F.conv2d(F.conv2d(padded, kernel, groups=3), kernel.mT, groups=3)
