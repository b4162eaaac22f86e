"""The bandwidth ratio R = k/n, and the number of channel uses that follows from it.

n = 3·H·W counts the source's numbers, k counts *complex* symbols. The nominal ratio chooses the
latent depth C = 96·R at a quarter of the image's height and width, and so
k = C·⌈H/4⌉·⌈W/4⌉/2. Every link uses `channel_uses`, so that all have the same k at odd sizes too.
"""

from fractions import Fraction

from semjscc.errors import UserError

STRIDE = 4
"""The latent has one position for each square of so many pixels a side."""


def parse_ratio(text: str | float | Fraction) -> Fraction:
    """``"1/24"`` or ``"0.125"`` as the exact ratio.

    Raises:
        UserError: not a ratio between 0 and 1.
    """
    # The text may come from a stranger's checkpoint, and 1e9999999 takes forever to expand.
    if isinstance(text, str) and (len(text) > 20 or "e" in text.lower()):
        raise UserError(f"a bandwidth ratio is written like 1/24, not {text[:20]!r}")
    try:
        ratio = Fraction(text).limit_denominator(10_000)
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise UserError(f"a bandwidth ratio is written like 1/24, not {text!r}") from error
    if not 0 < ratio <= 1:
        raise UserError(f"a bandwidth ratio lies between 0 and 1; {text} does not")
    return ratio


def latent_depth(ratio: Fraction) -> int:
    """C, the even number of real latent channels for a nominal ratio.

    Raises:
        UserError: 96·R is no even whole number.
    """
    depth = ratio * 3 * STRIDE**2 * 2
    if depth.denominator != 1 or depth % 2:
        raise UserError(f"ratio {ratio} has no whole number of symbols: take a multiple of 1/48")
    return int(depth)


def latent_size(height: int, width: int) -> tuple[int, int]:
    """Height and width of the latent, rounded up."""
    return -(-height // STRIDE), -(-width // STRIDE)


def channel_uses(height: int, width: int, ratio: Fraction) -> int:
    """k, the complex symbols that one image of H x W pixels may use at a nominal ratio."""
    rows, columns = latent_size(height, width)
    return latent_depth(ratio) * rows * columns // 2


def measured_ratio(height: int, width: int, ratio: Fraction) -> float:
    """k/n as it really is: the nominal ratio, or a little more where 4 does not divide a side."""
    return channel_uses(height, width, ratio) / (3 * height * width)
