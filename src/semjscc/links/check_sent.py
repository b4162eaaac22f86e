"""What a link must send to be comparable with others; it may be one of the user's own."""

import math
from collections.abc import Sequence

from torch import Tensor

from semjscc.errors import UserError, printable

LEAST_EXCESS = 1e-4
"""Of power over 1: what rounding may do."""


def check_symbols(link: str, symbols: Tensor, images: int, uses: int) -> None:
    """Refuse a transmission that is not comparable with others.

    Args:
        link: its name, for the message.
        symbols: should be (B, k) complex of mean power 1 at most, each image's alone; the points of
            a constellation have it on average. All zero where nothing is sent.
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
    powers = symbols.abs().square().mean(dim=1)
    _check_power(link, float(powers.mean()), symbols.numel(), "all links have 1")
    # One by one too: an image must not borrow from another.
    loudest = int(powers.nan_to_num(nan=math.inf).argmax())
    said = f"image {loudest + 1} of {images} must have 1 at most, alone"
    _check_power(link, float(powers[loudest]), uses, said)


def _check_power(link: str, power: float, count: int, said: str) -> None:
    # |x|² of Gaussian symbols spreads by its mean; six times that is no chance.
    if not power <= 1 + LEAST_EXCESS + 6 / count**0.5:
        raise UserError(
            f"link {printable(link)} sends symbols of mean power {power:.3g}: "
            f"{said}, see normalise_power"
        )


def check_control(link: str, control: object, kind: type, images: int) -> None:
    """Refuse control records that do not tell of each image.

    Args:
        link: its name, for the message.
        control: should be a sequence of records.
        kind: their class.
        images: how many they should be.

    Raises:
        UserError: it is something else.
    """
    said = f"link {printable(link)} must give a list of one Control for each of {images} images"
    if not isinstance(control, Sequence) or not all(isinstance(one, kind) for one in control):
        raise UserError(f"{said}: its control is of another kind")
    if len(control) != images:
        raise UserError(f"{said}: it gives {len(control)}")
