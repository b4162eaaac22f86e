"""How many numbers of the latent each patch of an image sends: its depth.

A codec whose latent has one position for each patch orders its channels by importance, and a patch
of depth d sends the first d of them. All patches together send 2k numbers, which become k symbols.

Shapes: B images, D latent channels, h x w patches.
"""

import numpy as np
import torch
from torch import Tensor


def uniform_depths(numbers: int, rows: int, columns: int) -> Tensor:
    """The same depth for every patch; what is left over goes to patches spread evenly.

    Args:
        numbers: 2k, real numbers of the whole image.
        rows: h.
        columns: w.

    Returns:
        (h, w) int64 of sum 2k.
    """
    patches = rows * columns
    depth, left = divmod(numbers, patches)
    place = torch.arange(patches)
    # One in patches/left gets one more: where the running share steps over a whole number.
    more = (place + 1) * left // patches - place * left // patches
    return (depth + more).reshape(rows, columns)


def random_depths(
    rng: np.random.Generator, numbers: int, shape: tuple[int, int, int], most: int
) -> Tensor:
    """Depths as any allocation might choose them: smooth or rough, mild or extreme.

    Args:
        rng: where the draws come from.
        numbers: 2k, at most h·w·most.
        shape: (B, h, w).
        most: D, the largest depth.

    Returns:
        (B, h, w) int64, each image's sum is 2k.
    """
    count, rows, columns = shape
    patches = rows * columns
    # Independent of patch to patch, and alike in neighbourhoods of two and four patches.
    field = np.zeros(shape, np.float32)
    for side in (1, 2, 4):
        coarse = rng.standard_normal((count, -(-rows // side), -(-columns // side)))
        fine = coarse.repeat(side, 1).repeat(side, 2)[:, :rows, :columns]
        field += fine * rng.random((count, 1, 1))
    shares = np.exp(field).reshape(count, patches)
    return proportional_depths(torch.from_numpy(shares), numbers, most).reshape(shape)


def proportional_depths(shares: Tensor, numbers: int, most: int) -> Tensor:
    """Whole depths of a given sum, as nearly in proportion to the shares as ``most`` allows.

    Args:
        shares: (B, P), positive.
        numbers: 2k ≤ P·most.
        most: the largest depth.

    Returns:
        (B, P) int64.
    """
    shares = shares.double()
    # A patch that would pass the limit is held there, and the others share what that frees.
    scale = numbers / shares.sum(dim=1, keepdim=True)
    for _ in range(30):
        wished = (shares * scale).clamp(max=most)
        free = (shares * scale < most).double()
        lacking = numbers - wished.sum(dim=1, keepdim=True)
        room = (shares * free).sum(dim=1, keepdim=True).clamp(min=1e-12)
        scale = scale + lacking / room
    # Rounded by their running sum, so that nothing is lost and no image ends up with more.
    wished = (shares * scale).clamp(max=most)
    edges = (wished.cumsum(dim=1) + 0.5).floor().long()
    edges[:, -1] = numbers
    return torch.diff(edges, dim=1, prepend=torch.zeros_like(edges[:, :1]))


def sent(depths: Tensor, most: int) -> Tensor:
    """Which numbers of the latent are sent: (B, h, w) -> (B, D, h, w) bool."""
    return torch.arange(most, device=depths.device)[:, None, None] < depths[:, None]
