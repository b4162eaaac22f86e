"""What a link must send to be comparable with others; it may be one of the user's own."""

from torch import Tensor

from semjscc.errors import UserError, printable

LEAST_EXCESS = 1e-4
"""Of power over 1: what rounding may do."""


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
    if not symbols.is_complex():
        raise UserError(
            f"link {printable(link)} sends real numbers: its symbols must be complex, I + jQ"
        )
    power = float(symbols.abs().square().mean())
    # |x|² of Gaussian symbols spreads by its mean; six times that is no chance.
    if not power <= 1 + LEAST_EXCESS + 6 / symbols.numel() ** 0.5:
        raise UserError(
            f"link {printable(link)} sends symbols of mean power {power:.3g}: "
            "all links have 1, see normalise_power"
        )
