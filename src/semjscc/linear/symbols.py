"""Real numbers as complex symbols, two in each, and back."""

import torch
from torch import Tensor


def to_complex(numbers: Tensor) -> Tensor:
    """Neighbouring numbers (B, 2k) of mean power 1 as complex symbols (B, k) of mean power 1."""
    return torch.view_as_complex(numbers.float().unflatten(-1, (-1, 2)).contiguous()) * 0.5**0.5


def from_complex(symbols: Tensor) -> Tensor:
    """The inverse of `to_complex`; noise of N0 a symbol becomes noise of N0 a number."""
    return torch.view_as_real(symbols).flatten(-2) * 2**0.5
