"""How like the sent image a received one looks: PSNR and SSIM, one number for each image.

Shapes: B images of H x W pixels; images are float32 in [0, 1].
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_REACH, _SIGMA = 5, 1.5
"""How far the SSIM window of 11 x 11 pixels reaches from its centre, and its width."""
_GAUSSIAN = [math.exp(-((place / _SIGMA) ** 2) / 2) for place in range(-_REACH, _REACH + 1)]
_WINDOW = [weight / sum(_GAUSSIAN) for weight in _GAUSSIAN]
_C1, _C2 = 0.01**2, 0.03**2
"""The constants of SSIM for a range of 1."""


def psnr(images: Tensor, received: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each image over all its RGB values.

    Args:
        images: (B, 3, H, W), as sent.
        received: (B, 3, H, W), clamped and rounded to 8 bits, on any device.

    Returns:
        (B,) float32, in dB; infinite where the two agree exactly.
    """
    received = received.to(images.device)
    return -10 * torch.log10((received - images).square().mean(dim=(1, 2, 3)))


def mean_psnr(values: NDArray[np.floating]) -> tuple[float | None, int | None]:
    """The mean PSNR of many images, and how many of them it leaves out since they are exact.

    An exact image has no finite PSNR, and any number put in its place would decide the mean.

    Args:
        values: of any shape, in dB: infinite for an exact image, nan where there was none.

    Returns:
        the mean in dB over images with an error, None where there are none, and the number of exact
        ones; None and None where an image is missing.
    """
    if np.isnan(values).any():
        return None, None
    inexact = values[values != math.inf]
    mean = float(inexact.mean()) if inexact.size else None
    return mean, int(values.size - inexact.size)


def ssim(images: Tensor, received: Tensor) -> Tensor:
    """Structural similarity (Wang et al. 2004) of each image, the mean over RGB.

    The window is a Gaussian of 11 x 11 pixels, sigma 1.5, and lies wholly within the image, as
    in scikit-image.

    Args:
        images: (B, 3, H, W), as sent; sides of 16 pixels or more.
        received: (B, 3, H, W), clamped and rounded to 8 bits, on any device.

    Returns:
        (B,) float32, at most 1.
    """
    received = received.to(images.device)
    square, product = images.square() + received.square(), images * received
    first, second, square, product = _blur(torch.stack([images, received, square, product]))
    means, squares = first * second, first.square() + second.square()
    luminance = (2 * means + _C1) / (squares + _C1)
    structure = (2 * (product - means) + _C2) / (square - squares + _C2)
    return (luminance * structure).mean(dim=(1, 2, 3))


def _blur(values: Tensor) -> Tensor:
    """Means under a Gaussian window, wherever it fits: (..., H, W) -> (..., H - 10, W - 10).

    Sums of shifted images are several times as fast as a convolution of one channel.
    """
    for axis in (-1, -2):
        length = values.shape[axis] - 2 * _REACH
        mean = _WINDOW[0] * values.narrow(axis, 0, length)
        for place, weight in enumerate(_WINDOW[1:], start=1):
            mean.add_(values.narrow(axis, place, length), alpha=weight)
        values = mean
    return values
