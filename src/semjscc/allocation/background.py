"""What a sender with the policy `importance-energy` has an image coder code: a blurred background.

    image ─► coder ─► what would arrive ─► weights ─► smoothed with each strength ─► coder ─► …
                                                      the one that its network likes best ◄─┘

How much to blur depends on the picture and on the number of bytes: where they are few, the coder
blurs by itself, and where the background is plain, nothing is saved. So the sender tries.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from semjscc.allocation.sender import Allocation
from semjscc.allocation.smoothing import smooth
from semjscc.allocation.tuning import loss_over_views

TRIED = (0.5, 1.0, 2.0)
"""Strengths that are tried, relative to the one that was chosen on val; and none at all."""


def with_smooth_background(
    allocation: Allocation,
    images: Tensor,
    strengths: Sequence[float],
    arrives: Callable[[Tensor], Tensor],
) -> Tensor:
    """Images to code in place of others, so that what matters has more of the bytes.

    Each image is smoothed with each strength, and the one is taken from which the sender's network
    concludes most nearly what it does from the image itself.

    Args:
        allocation: with the exponent of the weights, and the network.
        images: (B, 3, H, W) in [0, 1].
        strengths: of `smoothing.smooth`; without smoothing is always tried.
        arrives: what a receiver makes of images like them.

    Returns:
        (B, 3, H, W) in [0, 1].
    """
    strengths = [strength for strength in strengths if strength > 0]
    if not strengths:
        return images
    received = arrives(images)
    weights = allocation.weights(images, received)
    smoothed = [smooth(images, weights, strength) for strength in strengths]
    coded = torch.stack([images, *smoothed])
    arrived = torch.stack([received, *map(arrives, smoothed)])
    best = [_liked_best(allocation, image, arrived[:, place]) for place, image in enumerate(images)]
    return coded[best, range(len(images))]


def _liked_best(allocation: Allocation, image: Tensor, arrived: Tensor) -> int:
    """The place of the one of (N, 3, H, W) that is nearest to (3, H, W) as the network sees it."""
    with torch.inference_mode(False), torch.enable_grad():  # links send without gradients
        loss = loss_over_views(allocation.perception, image[None].clone())
        with torch.no_grad():
            losses = [float(loss(one[None].clone())) for one in arrived]
    return losses.index(min(losses))
