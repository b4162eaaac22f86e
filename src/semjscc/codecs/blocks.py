"""The linear transform a codec begins as: the strongest coefficients of each 4 x 4 block.

A block's 48 numbers are turned to luma and two chroma differences and go through the discrete
cosine transform. Sending the strongest of the coefficients as they are is what SoftCast
(Jakubczak and Katabi 2011) does; a network that begins there has only to learn what to add.
"""

import torch
from torch import Tensor

from semjscc.codecs.bandwidth import STRIDE
from semjscc.linear.transform import colour_cosines

_COLOUR_STRENGTH = (1.0, 0.1, 0.05)
"""Their variances in photographs, roughly: enough to order the coefficients."""


def block_transform(depth: int) -> Tensor:
    """The ``depth`` strongest basis images of a block, strongest first.

    Coefficients are ordered by the variance that photographs have at their frequency (u, v), taken
    as falling with 1 + 3(u² + v²).

    Returns:
        (depth, 3, 4, 4) float32, orthonormal.
    """
    # Even where a codec is built on the meta device: there torch would import its compiler first.
    with torch.device("cpu"):
        place = torch.arange(STRIDE, dtype=torch.float64)
        basis = colour_cosines(STRIDE).flatten(0, 2)
        frequency = place[:, None].square() + place.square()
        strength = torch.tensor(_COLOUR_STRENGTH)[:, None, None] / (1 + 3 * frequency)
        order = strength.flatten().argsort(descending=True, stable=True)
        return basis[order[:depth]].float()
