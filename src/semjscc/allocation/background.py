"""What a sender with the policy `importance-energy` has an image coder code: a blurred background.

    image ─► coder ─► what would arrive ─► weights ─► smoothed with each strength ─► coder ─► …
                                                                   the one of least loss ◄─┘

How much to blur depends on the picture and on the number of bytes: where they are few, the coder
blurs by itself, and where the background is plain, nothing is saved. So the sender tries. The loss
is that of `tuning`: the squared error over what it is without smoothing, and what the network sees.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from semjscc.allocation.sender import Allocation
from semjscc.allocation.smoothing import smooth
from semjscc.allocation.tuning import LEAST_ERROR, loss_over_views
from semjscc.losses import distortion
from semjscc.perception.base import Perception

TRIED = (0.5, 1.0, 2.0)
"""Strengths that are tried, relative to the one that was chosen on val; and none at all."""


def with_smooth_background(
    allocation: Allocation,
    images: Tensor,
    strengths: Sequence[float],
    arrives: Callable[[Tensor], Tensor],
) -> Tensor:
    """Images to code in place of others, so that what matters has more of the bytes.

    Each image is smoothed with each strength, and the one with the least loss is taken. Without a
    network there is no such loss, and the first strength counts.

    Args:
        allocation: with the exponent of the weights, and the network, if any.
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
    weights = allocation.weights(images, lambda: received)
    if weights is None:
        return images
    if (network := allocation.perception) is None:
        return smooth(images, weights, strengths[0])
    smoothed = [smooth(images, weights, strength) for strength in strengths]
    coded = torch.stack([images, *smoothed])
    arrived = torch.stack([received, *map(arrives, smoothed)])
    best = [_of_least_loss(network, image, arrived[:, place]) for place, image in enumerate(images)]
    return coded[best, range(len(images))]


def _of_least_loss(network: Perception, image: Tensor, arrived: Tensor) -> int:
    """The place of the best of (N, 3, H, W), of which the first came without smoothing."""
    error = distortion(image.expand_as(arrived), arrived)
    relative = error / error[0].clamp_min(LEAST_ERROR)
    with torch.inference_mode(False), torch.enable_grad():  # links send without gradients
        network_loss = loss_over_views(network, image[None].clone())
        with torch.no_grad():
            of_network = torch.stack([network_loss(one[None].clone()) for one in arrived])
    return int((relative + of_network.to(relative)).argmin())
