"""Random draws that follow from what they are for, never from the order of calls.

Every draw is a pure function of (seed, purpose, index, draw): ``index`` is an image's place in
its data set or a training step, ``draw`` counts repetitions. The bits are made on the CPU in
float32 by the counter-based Philox generator, so they are the same whatever the batch size,
the device or the number of processes.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


def generator(seed: int, purpose: str, index: int, draw: int = 0) -> np.random.Generator:
    """A NumPy generator whose stream depends on all four arguments and nothing else."""
    text = f"{seed}/{purpose}/{index}/{draw}".encode()
    key = int.from_bytes(hashlib.blake2b(text, digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))


@dataclass(frozen=True)
class Draws:
    """The random draws that belong to a batch of images.

    Attributes:
        seed: the experiment's seed.
        indices: for each image of the batch, its place in the data set.
        draw: which repetition this is.
    """

    seed: int
    indices: Sequence[int]
    draw: int = 0

    def complex_normal(self, purpose: str, count: int) -> Tensor:
        """Samples of CN(0, 1), that is variance 1/2 per real dimension.

        Returns:
            (B, count), complex64; row b depends on image ``indices[b]`` alone.
        """
        rows = [
            generator(self.seed, purpose, index, self.draw)
            .standard_normal(2 * count, dtype=np.float32)
            .view(np.complex64)
            for index in self.indices
        ]
        return torch.from_numpy(np.stack(rows)) * 0.5**0.5
