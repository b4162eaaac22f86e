"""From a real latent to complex symbols of power 1, and back.

Shapes: B images, C latent channels (even), h x w positions, k ≤ C·h·w/2 complex symbols.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.channels.power import normalise_power

_STEPS = 3242174889, 2447445414
"""The inverse of the plastic number and its square, times 2³²: the R2 sequence (Roberts 2018,
"The unreasonable effectiveness of quasirandom sequences")."""


def to_symbols(latent: Tensor, k: int | None = None) -> Tensor:
    """Neighbouring channels (2i, 2i+1) of one image become I and Q, channel-major.

    Only the first channels are sent where k is less than all. Of the last pair of them only some
    positions are, evenly spread, so that no part of the image goes short.

    Args:
        latent: (B, C, h, w), real.
        k: symbols to make; None for all C·h·w/2.

    Returns:
        (B, k) complex64 of mean power 1 for each image.
    """
    rows, columns = latent.shape[-2:]
    k = latent.shape[1] // 2 * rows * columns if k is None else k
    latent = latent[:, : 2 * _pairs(k, rows, columns)].float()
    numbers = torch.complex(latent[:, 0::2], latent[:, 1::2]).flatten(1)
    if k < numbers.shape[1]:
        numbers = numbers[:, _sent(k, rows, columns).to(numbers.device)]
    return normalise_power(numbers)


def from_symbols(symbols: Tensor, depth: int, rows: int, columns: int) -> Tensor:
    """The inverse of `to_symbols`, without the power; what was not sent is zero.

    Args:
        symbols: (B, k) complex64.
        depth: C, channels of the latent.
        rows: h, its positions from top to bottom.
        columns: w, those from left to right.

    Returns:
        (B, C, h, w) float32.
    """
    k, pairs = symbols.shape[1], _pairs(symbols.shape[1], rows, columns)
    if k < pairs * rows * columns:
        numbers = symbols.new_zeros(len(symbols), pairs * rows * columns)
        symbols = numbers.index_copy(1, _sent(k, rows, columns).to(symbols.device), symbols)
    latent = torch.view_as_real(symbols).reshape(len(symbols), pairs, rows, columns, 2)
    latent = latent.movedim(4, 2).reshape(len(symbols), 2 * pairs, rows, columns)
    return F.pad(latent, (0, 0, 0, 0, 0, depth - 2 * pairs))


def _pairs(k: int, rows: int, columns: int) -> int:
    """Pairs of channels that hold k symbols."""
    return -(-k // (rows * columns))


def _sent(k: int, rows: int, columns: int) -> Tensor:
    """(k,) places, in rising order, in the flattened pairs of channels: which numbers are sent."""
    whole = (_pairs(k, rows, columns) - 1) * rows * columns
    down, across = torch.arange(rows)[:, None] * _STEPS[0], torch.arange(columns) * _STEPS[1]
    order = ((down + across) % 2**32).flatten().argsort(stable=True)
    spread = order[: k - whole].sort().values
    return torch.cat([torch.arange(whole), whole + spread])


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
