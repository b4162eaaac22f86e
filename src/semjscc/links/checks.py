"""What a link and a channel must give to be comparable with others; either may be a user's own."""

from torch import Tensor

from semjscc.channels.base import Channel, ChannelKnowledge
from semjscc.errors import UserError, printable

LEAST_EXCESS = 1e-4
"""Of power over 1: what rounding may do."""


def check_channel(
    channel: Channel, symbols: Tensor, received: Tensor, knowledge: ChannelKnowledge
) -> None:
    """Refuse what a channel gave where it is not what channels give.

    Args:
        channel: it may be one of the user's own.
        symbols: (B, k), what was sent.
        received: should be of that shape, and finite where the noise is.
        knowledge: should have one value for each image or symbol; N0 may be infinite.

    Raises:
        UserError: it is not so.
    """
    name = printable(getattr(channel, "__name__", type(channel).__name__))
    shape = tuple(symbols.shape)
    if tuple(received.shape) != shape:
        raise UserError(
            f"channel {name} makes {tuple(received.shape)} of symbols {shape}: "
            "it must return as many"
        )
    for what, values in (("gain", knowledge.gain), ("noise variance", knowledge.noise_variance)):
        if tuple(values.shape) not in (shape[:1], (shape[0], 1), shape):
            raise UserError(
                f"channel {name} tells a {what} of shape {tuple(values.shape)}: it must be one "
                f"for each image or symbol, {shape[:1]} or {shape}"
            )
    gain, noise = (
        values.reshape(len(symbols), -1) for values in (knowledge.gain, knowledge.noise_variance)
    )
    numbers = received.isfinite() & gain.isfinite()
    if not (numbers | noise.isinf()).all() or not (noise >= 0).all():
        raise UserError(
            f"channel {name} returns what is no number: symbols and gain must be finite, "
            "and the noise variance at least 0"
        )


def check_symbols(link: str, symbols: Tensor, images: int, uses: int) -> None:
    """Refuse a transmission that is not comparable with others.

    Args:
        link: its name, for the message.
        symbols: should be (B, k) complex of mean power 1 at most; a constellation's points have it
            on average alone.
        images: B.
        uses: k.

    Raises:
        UserError: it is one.
    """
    if tuple(symbols.shape) != (images, uses):
        raise UserError(
            f"link {printable(link)} sends symbols of shape {tuple(symbols.shape)}: "
            f"{images} images have ({images}, {uses}) channel uses, see channel_uses"
        )
    power = float(symbols.abs().square().mean())
    # |x|² of Gaussian symbols spreads by its mean; six times that is no chance.
    if not power <= 1 + LEAST_EXCESS + 6 / symbols.numel() ** 0.5:
        raise UserError(
            f"link {printable(link)} sends symbols of mean power {power:.3g}: "
            "all links have 1, see normalise_power"
        )
