"""How much each block of a picture matters to a perception network, as a sender finds out.

Two things tell. Where the network looks: the gradient of its result in the features of the clean
image. And where what arrives would mislead it: the part of its loss that each block's error makes,
for each unit of squared error there. The first knows nothing of the errors; the second is local,
and blind where too little arrives for the network to see anything.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.importance.layer_maps import layer_with_maps
from semjscc.importance.maps import importance_map
from semjscc.linear.transform import BLOCK
from semjscc.perception.base import Perception
from semjscc.runtime.devices import device_of

NEIGHBOURS = 5
"""Blocks, down and across, over which the parts of the loss are averaged: one block's is noisy."""
LEAST_ERROR = 1e-6
"""Mean squared error of a block, of pixels in [0, 1]: 60 dB."""


def block_importance(perception: Perception, images: Tensor, received: Tensor) -> Tensor:
    """The sum of both, each over its mean.

    Args:
        perception: the network that the receiver has, and the sender too.
        images: (B, 3, H, W) in [0, 1].
        received: likewise, what a receiver would get of them.

    Returns:
        (B, h, w) float32 ≥ 0 of any scale, by block; zero where the network does not look.
    """
    where = device_of(perception)
    with torch.inference_mode(False):  # where links send, no gradient would be taken
        sent, arrived = images.to(where, copy=True), received.to(where, copy=True)
        looks, misleads = looked_at(perception, sent), misled_by(perception, sent, arrived)
    return (_over_mean(looks) + _over_mean(misleads)).to(images.device)


def looked_at(perception: Perception, images: Tensor) -> Tensor:
    """The mean size of the score's gradient in the features of a network's second layer: (B, h, w).

    The first layer sees more exactly where something is, and deeper ones what it is. Where the
    second has no maps, the first counts, or else the next one that has some.

    Raises:
        NoMapsError: no layer has maps.
    """
    layers = perception.layers
    wanted = (*layers[1:2], *layers[:1], *layers[2:])
    layer = layer_with_maps(perception, images, wanted)
    return _of_blocks(importance_map(perception, images, layer=layer))


def misled_by(perception: Perception, images: Tensor, received: Tensor) -> Tensor:
    """How much of the loss a squared error of 1 makes in each block, at least zero: (B, h, w).

    The loss is that of the received image, with the class that the network sees in the clean one;
    its gradient times the error is the part that each pixel makes, to first order.
    """
    with torch.no_grad():
        target = perception.task.predict(perception.look(images))
    at = received.detach().requires_grad_()
    loss = perception.task.score(perception(at).float(), "loss", target).sum()
    (gradient,) = torch.autograd.grad(loss, at)
    error = received - images
    made = _around(_of_blocks((gradient * error).sum(dim=1)))
    squared = _around(_of_blocks(error.square().sum(dim=1)))
    return made.clamp_min(0) / squared.clamp_min(LEAST_ERROR)


def _of_blocks(maps: Tensor) -> Tensor:
    """Means of (B, H, W) over blocks; those at the edge go on as they end."""
    pad = (0, -maps.shape[2] % BLOCK, 0, -maps.shape[1] % BLOCK)
    return F.avg_pool2d(F.pad(maps[:, None], pad, mode="replicate"), BLOCK)[:, 0]


def _around(blocks: Tensor) -> Tensor:
    """Means over each block's neighbourhood, (B, h, w); beyond the edge there is nothing."""
    mean = F.avg_pool2d(
        blocks[:, None], NEIGHBOURS, 1, padding=NEIGHBOURS // 2, count_include_pad=False
    )
    return mean[:, 0]


def _over_mean(blocks: Tensor) -> Tensor:
    """(B, h, w) ≥ 0 of mean 1; zeros stay."""
    return blocks / blocks.mean(dim=(1, 2), keepdim=True).clamp_min(1e-30)
