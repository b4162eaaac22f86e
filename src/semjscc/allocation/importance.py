"""How much each block of a picture matters to a perception network, as a sender finds out."""

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.importance.maps import importance_map
from semjscc.linear.transform import BLOCK
from semjscc.perception.base import Perception


def block_importance(perception: Perception, images: Tensor) -> Tensor:
    """The mean size of the score's gradient in the features of a network's second layer.

    The first layer sees more exactly where something is, and deeper ones what it is.

    Args:
        perception: the network that the receiver has, and the sender too.
        images: (B, 3, H, W) in [0, 1].

    Returns:
        (B, h, w) float32 ≥ 0 of any scale, by block; zero where the network does not look.
    """
    with torch.inference_mode(False):  # where links send, no gradient would be taken
        maps = importance_map(perception, images.clone(), layer=perception.layers[:2][-1])
    pad = (0, -maps.shape[2] % BLOCK, 0, -maps.shape[1] % BLOCK)
    padded = F.pad(maps[:, None], pad, mode="replicate")
    return F.avg_pool2d(padded, BLOCK)[:, 0]
