"""The equaliser of one tap, which undoes what the receiver knows of a channel's gain."""

from torch import Tensor

from semjscc.channels.base import ChannelKnowledge


def equalise(symbols: Tensor, knowledge: ChannelKnowledge) -> tuple[Tensor, Tensor]:
    """y·h*/|h|² and its noise N0/|h|², the zero-forcing equaliser of one tap.

    Args:
        symbols: (B, k) complex64, as they left the channel.
        knowledge: of the receiver.

    Returns:
        symbols (B, k) and noise variance (B, 1) or (B, k).
    """
    gain, variance = columns(knowledge.gain), columns(knowledge.noise_variance)
    strength = gain.abs().square()
    return symbols * gain.conj() / strength, variance / strength


def columns(values: Tensor) -> Tensor:
    """Of a channel: one value for each image (B,) as (B, 1), one for each symbol as it is."""
    return values[:, None] if values.ndim == 1 else values
