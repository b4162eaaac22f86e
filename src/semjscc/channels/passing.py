"""What a channel must give to be comparable with others; it may be one of the user's own."""

import torch
from torch import Tensor

from semjscc.channels.base import Channel, ChannelKnowledge
from semjscc.errors import UserError, printable
from semjscc.randomness import Draws


def through_channel(
    channel: Channel, symbols: Tensor, snr_db: float, draws: Draws
) -> tuple[Tensor, ChannelKnowledge]:
    """Send symbols through a channel, and refuse what is not what channels give.

    Any precision is taken, NumPy's arrays too, and one gain or noise variance for all symbols.

    Args:
        channel: it may be one of the user's own.
        symbols: (B, k), what is sent.
        snr_db: the mean SNR in dB.
        draws: where the noise comes from.

    Returns:
        (B, k) complex64, finite where the noise is; gain and N0 of each image or symbol.

    Raises:
        UserError: it gave something else.
    """
    name = f"channel {printable(getattr(channel, '__name__', type(channel).__name__))}"
    # A copy: a channel may work in place, and the sender's symbols may be sent again.
    returned: object = channel(symbols.clone(), snr_db, draws)
    match returned:
        case (values, ChannelKnowledge(gain=told_gain, noise_variance=told_noise)):
            pass
        case _:
            raise UserError(f"{name} must return two things: symbols and a ChannelKnowledge")
    received = as_tensor(values, f"{name} returns symbols", symbols)
    shape = tuple(symbols.shape)
    if tuple(received.shape) != shape:
        raise UserError(
            f"{name} makes {tuple(received.shape)} of symbols {shape}: it must return as many"
        )
    if not received.is_complex():
        raise UserError(f"{name} returns real numbers: its symbols must be complex, I + jQ")
    received = received.to(torch.complex64)
    gain = _told(told_gain, f"{name} tells a gain", symbols).to(torch.complex64)
    noise = _told(told_noise, f"{name} tells a noise variance", symbols)
    if noise.is_complex():
        raise UserError(f"{name} tells a noise variance that is complex: it must be real")
    noise = noise.float()
    numbers = received.isfinite() & gain.reshape(len(symbols), -1).isfinite()
    lost = noise.reshape(len(symbols), -1).isinf()
    if not (numbers | lost).all() or not (noise >= 0).all():
        raise UserError(
            f"{name} returns what is no number: symbols and gain must be finite, "
            "and the noise variance at least 0"
        )
    return received, ChannelKnowledge(gain, noise)


def _told(values: object, said: str, symbols: Tensor) -> Tensor:
    """A gain or noise variance: one for each image or symbol (B, k), or one for all of them."""
    told, shape = as_tensor(values, said, symbols), tuple(symbols.shape)
    if told.ndim == 0:
        return told.expand(len(symbols))
    if tuple(told.shape) not in (shape[:1], (shape[0], 1), shape):
        raise UserError(
            f"{said} of shape {tuple(told.shape)}: it must be one for each image or symbol, "
            f"{shape[:1]} or {shape}"
        )
    return told


def as_tensor(values: object, said: str, like: Tensor) -> Tensor:
    """A tensor on the device of another, of what may be an array or plain numbers.

    Raises:
        UserError: it is neither; ``said`` is the message's beginning.
    """
    try:
        return torch.as_tensor(values, device=like.device)
    except (TypeError, ValueError, RuntimeError) as error:
        kind = printable(type(values).__name__)
        raise UserError(f"{said} as {kind}: it must be a tensor") from error
