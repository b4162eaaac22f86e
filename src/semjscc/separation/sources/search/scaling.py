"""An image shrunk before it is coded, and enlarged again afterwards."""

import math

import numpy as np
from PIL import Image

from semjscc.separation.sources.base import SCALES, Accounting, Pixels, Setting, SourceCoder


def scaled_size(size: tuple[int, int], scale: int) -> tuple[int, int]:
    """(H, W) of the image that is coded, from the image's own and a place in `SCALES`."""
    height, width = (max(1, round(side * SCALES[scale])) for side in size)
    return height, width


def reconstruct(
    coder: SourceCoder,
    payload: bytes,
    setting: Setting,
    size: tuple[int, int],
    accounting: Accounting,
) -> Pixels:
    """The image of a payload, at its full size.

    Args:
        coder: the one that made it.
        payload: see `search.Encoded`, or a stranger's bytes.
        setting: see `search.Encoded`.
        size: (H, W) of the image.
        accounting: whether the payload is the whole file or what `SourceCoder.strip` left of it.

    Raises:
        ValueError: no image of this size can be made of it.
    """
    scale, variant, quality = setting.scale, setting.variant, setting.quality
    ladders = (SCALES, coder.variants, coder.qualities)
    if not all(
        0 <= place < len(ladder)
        for place, ladder in zip((scale, variant, quality), ladders, strict=True)
    ):
        raise ValueError(f"{coder.name} has no {setting}")
    small = scaled_size(size, scale)
    file = payload if accounting == "file" else coder.restore(payload, small, variant, quality)
    image = coder.decompress(file, small)
    # Each coder checks it too, but a picture of another size must not pass for want of one check.
    if image.shape != (*small, 3) or image.dtype != np.uint8:
        raise ValueError(f"{coder.name}: the image is not of the announced size")
    return resize(image, size)


def resize(image: Pixels, size: tuple[int, int]) -> Pixels:
    """Lanczos, with antialiasing where it shrinks; Pillow computes it in integers."""
    if image.shape[:2] == size:
        return image
    height, width = size
    resized = Image.fromarray(image).resize((width, height), Image.Resampling.LANCZOS)
    return np.array(resized)


def psnr_of(image: Pixels, back: Pixels) -> float:
    """On RGB, in dB."""
    error = image.astype(np.int32) - back
    mean_square = float(np.mean(error * error))
    return 10 * math.log10(255**2 / mean_square) if mean_square else math.inf
