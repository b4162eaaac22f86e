"""How like the sent image a received one looks: PSNR and SSIM, one number for each image.

Shapes: B images of H x W pixels; images are float32 in [0, 1].
"""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_REACH = 5
"""How far the SSIM window of 11 x 11 pixels reaches from its centre."""


def psnr(images: Tensor, received: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each image over all its RGB values.

    Args:
        images: (B, 3, H, W), as sent.
        received: (B, 3, H, W), clamped and rounded to 8 bits.

    Returns:
        (B,) float32, in dB; infinite where the two agree exactly.
    """
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
        received: (B, 3, H, W), clamped and rounded to 8 bits.

    Returns:
        (B,) float32, at most 1.
    """
    # Here, since it takes two seconds to import, and PSNR does without.
    from torchmetrics.functional.image import structural_similarity_index_measure

    _, at_pixels = structural_similarity_index_measure(
        received, images, sigma=1.5, data_range=1.0, reduction="none", return_full_image=True
    )
    # torchmetrics also puts windows over the edge, on reflected pixels, and averages them in.
    return at_pixels[..., _REACH:-_REACH, _REACH:-_REACH].mean(dim=(1, 2, 3))
