"""Which images are for validation, and a short name for exactly these images."""

import hashlib
from collections.abc import Iterable

from torch import Tensor


def in_validation(image: Tensor, fraction: float) -> bool:
    """Whether a training image is kept apart for validation.

    The answer follows from the pixels alone, so it never changes with the order of the rows,
    and two copies of one image never stand on both sides.

    Args:
        image: (3, H, W) uint8.
        fraction: the share of images for validation, in [0, 1].
    """
    digest = hashlib.blake2b(_content(image), digest_size=8, person=b"semjscc-val").digest()
    return int.from_bytes(digest, "little") < fraction * 2**64


def fingerprint(images: Iterable[Tensor], labels: Tensor) -> str:
    """16 hexadecimal digits over every pixel, size and label, in their order.

    Args:
        images: N times (3, H, W) uint8.
        labels: (N,) int64.
    """
    state = hashlib.blake2b(digest_size=8)
    for image in images:
        state.update(_content(image))
    state.update(labels.numpy().astype("<i8").tobytes())
    return state.hexdigest()


def _content(image: Tensor) -> bytes:
    return f"{tuple(image.shape)}".encode() + image.numpy().tobytes()
