"""How many coefficients each block of an image sends where all have the same room: its depth.

A block of depth d sends the first d. All blocks together send 2k numbers, which become k symbols.

Shapes: B images, D coefficients, h x w blocks.
"""

import torch
from torch import Tensor


def uniform_depths(numbers: int, rows: int, columns: int) -> Tensor:
    """The same depth for every block; what is left over goes to blocks spread evenly.

    Args:
        numbers: 2k, real numbers of the whole image.
        rows: h.
        columns: w.

    Returns:
        (h, w) int64 of sum 2k.
    """
    blocks = rows * columns
    depth, left = divmod(numbers, blocks)
    place = torch.arange(blocks)
    # One in blocks/left gets one more: where the running share steps over a whole number.
    more = (place + 1) * left // blocks - place * left // blocks
    return (depth + more).reshape(rows, columns)


def sent(depths: Tensor, most: int) -> Tensor:
    """Which coefficients are sent: (B, h, w) -> (B, D, h, w) bool."""
    return torch.arange(most, device=depths.device)[:, None, None] < depths[:, None]
