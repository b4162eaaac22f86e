"""How many numbers each patch sends at a training step, for codecs that leave it open."""

import numpy as np
from torch import Tensor

from semjscc.codecs.bandwidth import channel_uses, latent_size
from semjscc.codecs.base import Codec, Encoded
from semjscc.codecs.deep import Deep
from semjscc.codecs.depths import random_depths
from semjscc.linear.transform import BLOCK
from semjscc.randomness import generator
from semjscc.training.batches import Share
from semjscc.training.disturbance import Disturbance

VARIED = 0.5
"""Share of the batches in which patches send unlike numbers."""


def encode_allotted(
    codec: Codec, images: Tensor, channel: Disturbance, seed: int, step: int, share: Share
) -> Encoded:
    """Encode images (B, 3, H, W) for one step's channel.

    Where patches have depths of their own, these are drawn at random in half of the batches, so
    that whoever allots them later finds a codec that knows all kinds.
    """
    if not isinstance(codec, Deep):
        return codec.encode(images, channel.snr_db, channel.ratio)
    rng = generator(seed, "depths", step)
    if rng.random() >= VARIED:
        return codec.encode(images, channel.snr_db, channel.ratio)
    depths = _depths(codec, images, channel, rng, share)
    return codec.encode(images, channel.snr_db, channel.ratio, depths.to(images.device))


def _depths(
    codec: Deep, images: Tensor, channel: Disturbance, rng: np.random.Generator, share: Share
) -> Tensor:
    count, _, height, width = images.shape
    numbers = 2 * channel_uses(height, width, channel.ratio)
    shape = (count * share.processes, *latent_size(height, width, BLOCK))
    return share.take(random_depths(rng, numbers, shape, codec.depth))
