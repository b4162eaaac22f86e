"""The channel a codec is trained through: random SNR, unequal noise and erasures, by step number.

All draws are made for the global batch and then shared out, so that one process and several see
the same noise.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor

from semjscc.channels.units import noise_variance
from semjscc.codecs.bandwidth import channel_uses
from semjscc.codecs.base import Codec
from semjscc.randomness import generator
from semjscc.training.batches import Share
from semjscc.training.recipe import CodecRecipe


@dataclass(frozen=True)
class Disturbance:
    """One step's ratio and channel.

    Attributes:
        ratio: the same for the whole batch.
        snr_db: (B,), what encoder and decoder are told.
        noise_variance: (B, k), N0 of each symbol after equalisation, infinite where erased.
        noise: (B, k) complex64, CN(0, 1).
    """

    ratio: Fraction
    snr_db: Tensor
    noise_variance: Tensor
    noise: Tensor

    def to(self, device: torch.device) -> "Disturbance":
        """The same channel on another device; it was drawn on the CPU, whatever the device."""
        tensors = (self.snr_db, self.noise_variance, self.noise)
        return Disturbance(self.ratio, *(tensor.to(device) for tensor in tensors))

    def apply(self, symbols: Tensor) -> Tensor:
        """The equalised symbols, (B, k); erased ones are zero."""
        variance = self.noise_variance
        erased = torch.isinf(variance)
        received = symbols + torch.where(erased, 0.0, variance).sqrt() * self.noise
        return torch.where(erased, torch.zeros_like(received), received)


def draw_disturbance(
    codec: Codec,
    recipe: CodecRecipe,
    seed: int,
    step: int,
    count: int,
    size: tuple[int, int],
    share: Share,
) -> Disturbance:
    """The channel of one step for this process's ``count`` images of ``size`` (H, W)."""
    batch = count * share.processes
    rng = generator(seed, "channel", step)
    ratio = codec.ratios[rng.integers(len(codec.ratios))]
    uses = channel_uses(*size, ratio)
    snr_db = rng.uniform(*codec.snr_range_db, batch).astype(np.float32)
    faded, erased = rng.random((2, batch, 1)) < [[[recipe.faded]], [[recipe.erased]]]
    gain = rng.standard_exponential((batch, uses), dtype=np.float32)  # |h|², h ~ CN(0, 1)
    lost = rng.random((batch, uses), dtype=np.float32) < 0.5 * rng.random((batch, 1))
    noise = rng.standard_normal((batch, 2 * uses), dtype=np.float32).view(np.complex64)

    variance = noise_variance(torch.from_numpy(snr_db))[:, None].expand(batch, uses)
    variance = torch.where(torch.from_numpy(faded), variance / torch.from_numpy(gain), variance)
    variance = torch.where(torch.from_numpy(erased & lost), torch.inf, variance)
    return Disturbance(
        ratio,
        share.take(torch.from_numpy(snr_db)),
        share.take(variance),
        share.take(torch.from_numpy(noise)) * 0.5**0.5,
    )
