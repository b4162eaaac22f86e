"""From a real latent to complex symbols of power 1, and back.

Shapes: B images, C latent channels (even), h x w positions, k = C·h·w/2 complex symbols.
"""

import torch
from torch import Tensor

SILENCE = 1e-36
"""Below this peak a latent counts as zero: one over it, in the gradient, must stay finite."""


def to_symbols(latent: Tensor) -> Tensor:
    """Neighbouring channels (2i, 2i+1) of one image become I and Q, channel-major.

    Args:
        latent: (B, C, h, w), real.

    Returns:
        (B, k) complex64 of mean power 1 for each image.
    """
    latent = latent.float()
    return normalise_power(torch.complex(latent[:, 0::2], latent[:, 1::2]).flatten(1))


def from_symbols(symbols: Tensor, depth: int, rows: int, columns: int) -> Tensor:
    """The inverse of `to_symbols`, without the power: (B, k) -> (B, C, h, w) float32."""
    pairs = torch.view_as_real(symbols).reshape(len(symbols), depth // 2, rows, columns, 2)
    return pairs.movedim(4, 2).reshape(len(symbols), depth, rows, columns)


def normalise_power(symbols: Tensor) -> Tensor:
    """Scale each image's symbols, alone, to mean |x|² = 1.

    Normalising over a batch would let a bright image borrow power from a dark one, which no
    transmitter can. An all-zero image becomes constant symbols of power 1.

    Args:
        symbols: (B, k) complex64.
    """
    peak = symbols.abs().amax(dim=1, keepdim=True).detach()
    silent = peak < SILENCE
    # Divided by the peak first, since the square of a very small number is zero.
    scaled = symbols / torch.where(silent, 1.0, peak)
    # Not abs(): its gradient at a subnormal number is nan.
    power = torch.view_as_real(scaled).square().sum(dim=-1).mean(dim=1, keepdim=True)
    scaled = scaled * torch.where(silent, 1.0, power).rsqrt()
    return torch.where(silent, torch.ones_like(symbols), scaled)


def weigh(symbols: Tensor, noise_variance: Tensor) -> Tensor:
    """Shrink each received symbol by how little it can be trusted: 1/(1 + N0), 0 where erased.

    That is the linear estimate of least squared error for symbols of power 1.

    Args:
        symbols: (B, k) complex64.
        noise_variance: (B,) or (B, k); infinite for an erased symbol, whose value is not looked at.
    """
    if noise_variance.ndim == 1:
        noise_variance = noise_variance[:, None]
    erased = torch.isinf(noise_variance)
    return torch.where(erased, torch.zeros_like(symbols), symbols) / (1 + noise_variance)
