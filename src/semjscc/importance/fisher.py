"""A score whose squared gradients are, on average, the Fisher information of the result.

With p = softmax of the clean image's logits, the Fisher information of the features f is

    F = Σ_y p_y · ∇_f log p_y (∇_f log p_y)ᵀ

and half δᵀFδ is the second-order expansion of KL(p(x) ‖ p(x')) for an error δ in f. Exactly it
takes a backward pass for each class. One pass is enough for

    score = Σ_y ε_y √p_y · log p_y,  ε_y = ±1 at random, √p_y held fixed

since the cross terms vanish on average: E[g gᵀ] = F. So they do for one class drawn from p; but
where the network is sure, that class says almost nothing most of the time and very much seldom.
Here the standard deviation of (g·δ)² is never above √2 times its mean (Hutchinson 1990).
"""

import numpy as np
import torch
from torch import Tensor

from semjscc.randomness import generator


def draw_signs(seed: int, purpose: str, index: int, count: int, classes: int) -> Tensor:
    """±1 with equal chance: (count, classes), float32, on the CPU; see `semjscc.randomness`."""
    bits = generator(seed, purpose, index).integers(0, 2, (count, classes), dtype=np.int8)
    return torch.from_numpy(bits).float() * 2 - 1


def fisher_score(output: Tensor, clean: Tensor, signs: Tensor) -> Tensor:
    """The score Σ_y ε_y √p_y · log p_y of each image.

    Args:
        output: (B, M) logits to differentiate.
        clean: (B, M) logits of the clean image, which give p; held fixed.
        signs: (B, M) of ±1.

    Returns:
        (B,), float32, differentiable with respect to ``output``.
    """
    root = clean.detach().float().softmax(dim=1).sqrt()
    return (signs * root * output.float().log_softmax(dim=1)).sum(dim=1)
