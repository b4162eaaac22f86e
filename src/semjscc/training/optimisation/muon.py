"""Muon: momentum whose matrices are made orthogonal before each update (Jordan et al. 2024).

    m ← β·m + (1 − β)·g,   u = orthogonal((1 − β)·g + β·m),   w ← w − rate · size · u

All directions of a matrix then move alike, which learns faster than AdamW where weights are
matrices that many positions share. The size, 0.2 · √max(rows, columns), is that of AdamW's updates,
so that one rate suits both (Liu et al. 2025, arXiv 2502.16982). `torch.optim.Muon` reckons in
bfloat16, which is slow without hardware for it, and leaves other weights to a second optimiser.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

MOMENTUM = 0.95
BETAS = (0.9, 0.98)
"""Of AdamW: a shorter memory of the gradient's size than usual suits short trainings."""
ROUNDS = 5
QUINTIC = (3.4445, -4.7750, 2.0315)
"""Of Newton and Schulz's iteration as Jordan chose it: singular values end between about 0.7 and
1.2, small ones soon."""
LEAST_SIDE = 48
"""Matrices with fewer inputs or outputs are left to AdamW: there is little to make orthogonal."""


class Muon(torch.optim.AdamW):
    """Muon for the matrices among the weights, AdamW for all others.

    A convolution counts as a matrix with a row for each output channel; a depthwise one does not.

    Args:
        groups: weights with their ``weight_decay``, as for any optimiser.
        rate: learning rate of both.
    """

    def __init__(self, groups: Iterable[dict[str, Any]], rate: float) -> None:
        super().__init__(groups, rate, betas=BETAS)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One update of all weights that have a gradient."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            alike: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for weight in group["params"]:
                if weight.grad is not None and is_matrix(weight):
                    alike[weight.flatten(1).shape].append(weight)
            for weights in alike.values():
                self._turn(weights, group["lr"], group["weight_decay"])
        super().step()
        return loss

    def _turn(self, weights: list[Tensor], rate: float, decay: float) -> None:
        """Update matrices of one shape together, and take their gradients from AdamW."""
        directions = []
        for weight in weights:
            state, gradient = self.state[weight], weight.grad
            assert gradient is not None
            if not state:
                # AdamW looks for a step in every state that it loads.
                state.update(step=torch.zeros(()), momentum=torch.zeros_like(weight))
            state["step"] += 1
            state["momentum"].lerp_(gradient, 1 - MOMENTUM)
            directions.append(gradient.lerp(state["momentum"], MOMENTUM).flatten(1))
            weight.grad = None
        turned = orthogonal(torch.stack(directions))
        size = rate * 0.2 * max(turned.shape[1:]) ** 0.5
        for weight, direction in zip(weights, turned, strict=True):
            weight.mul_(1 - rate * decay).sub_(direction.view(weight.shape), alpha=size)


def is_matrix(weight: Tensor) -> bool:
    """Whether a weight is moved as a matrix."""
    return weight.ndim > 1 and min(weight.shape[:2]) >= LEAST_SIDE


def orthogonal(matrices: Tensor) -> Tensor:
    """The nearest matrices whose singular values are about 1, by Newton and Schulz's iteration.

    Args:
        matrices: (N, rows, columns) float32.
    """
    a, b, c = QUINTIC
    tall = matrices.shape[1] > matrices.shape[2]
    x = matrices.mT if tall else matrices
    x = x / (torch.linalg.matrix_norm(x, keepdim=True) + 1e-7)
    for _ in range(ROUNDS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x
