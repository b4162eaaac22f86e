"""The equaliser of one tap, which undoes what the receiver knows of a channel's gain."""

import math

import torch
from torch import Tensor

from semjscc.channels.base import ChannelKnowledge

_WEAKEST, _STRONGEST = 1e-30, 1e30
"""|h|² outside of which its arithmetic, and that of y·h*, may leave float32."""


def equalise(symbols: Tensor, knowledge: ChannelKnowledge) -> tuple[Tensor, Tensor]:
    """y·h*/|h|² and its noise N0/|h|², the zero-forcing equaliser of one tap.

    A symbol is erased where its noise is infinite, whatever is said of its gain, or its gain zero.

    Args:
        symbols: (B, k) complex64, as they left the channel.
        knowledge: of the receiver, on any device.

    Returns:
        symbols (B, k), 0 where erased, and noise variance (B, 1) or (B, k), infinite there.
    """
    gain = columns(knowledge.gain).to(symbols.device)
    variance = columns(knowledge.noise_variance).to(symbols.device)
    erased = variance.isinf() | (gain == 0)
    if erased.any():
        # Replaced before the arithmetic: nan times 0 is nan, in gradients too.
        symbols = torch.where(erased, torch.zeros_like(symbols), symbols)
        gain = torch.where(erased, torch.ones_like(gain), gain)
        variance = torch.where(erased, math.inf, variance)
    strength = gain.abs().square()
    extreme = (strength < _WEAKEST) | (strength > _STRONGEST)
    if extreme.any():
        # Only those, so that the others keep their last bits.
        size = torch.where(extreme, gain.abs(), 1.0)
        symbols, gain, variance = symbols / size, gain / size, variance / size / size
        strength = torch.where(extreme, 1.0, strength)
    return symbols * gain.conj() / strength, variance / strength


def columns(values: Tensor) -> Tensor:
    """Of a channel: one value for each image (B,) as (B, 1), one for each symbol as it is."""
    return values[:, None] if values.ndim == 1 else values
