"""How like the sent image a received one looks: PSNR and SSIM, one number for each image.

Shapes: B images of H x W pixels; images are float32 in [0, 1].
"""

from torch import Tensor
from torchmetrics.functional.image import (
    peak_signal_noise_ratio,
    structural_similarity_index_measure,
)

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
    return peak_signal_noise_ratio(
        received, images, data_range=1.0, reduction="none", dim=(1, 2, 3)
    )


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
    _, at_pixels = structural_similarity_index_measure(
        received, images, sigma=1.5, data_range=1.0, reduction="none", return_full_image=True
    )
    # torchmetrics also puts windows over the edge, on reflected pixels, and averages them in.
    return at_pixels[..., _REACH:-_REACH, _REACH:-_REACH].mean(dim=(1, 2, 3))
