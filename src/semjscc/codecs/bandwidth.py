"""The bandwidth ratio R = k/n, and the number of channel uses that follows from it.

n = 3·H·W counts the source's numbers, k = ⌊R·n⌋ counts *complex* symbols, at least one. Every link
uses `channel_uses`, so that all have the same k at every size and ratio.
"""

import math
from fractions import Fraction

from semjscc.errors import UserError

NUMERATORS, DENOMINATORS = 64, 1024
"""A ratio is a fraction of no larger numbers, which the control record carries exactly."""

DEFAULT_RATIO = Fraction(1, 24)
"""What every link takes where nobody names one, so that two of them can be compared."""

SMALLEST_RATIO, LARGEST_RATIO = Fraction(1, 384), Fraction(1, 6)
"""Of a codec that takes all ratios; one of the user's own may have another largest."""

STRIDE = 4
"""A latent has one position for each square of so many pixels a side, if its codec says nothing."""

LARGEST_COUNT = 2**53
"""Of channel uses or bits in results: up to which a float tells whole numbers apart."""


def parse_ratio(text: str | float | Fraction) -> Fraction:
    """``"1/24"`` or ``"0.125"`` as a ratio, the nearest that there is.

    Raises:
        UserError: not a ratio between 1/1024 and 1.
    """
    # The text may come from a stranger's checkpoint, and 1e9999999 takes forever to expand.
    if isinstance(text, str) and (len(text) > 20 or "e" in text.lower()):
        raise UserError(
            "a bandwidth ratio is written like 1/24 or 0.03, in 20 letters at most and without "
            f"an exponent, not {text[:20]!r}{'…' if len(text) > 20 else ''}"
        )
    try:
        ratio = Fraction(text)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
        raise UserError(f"a bandwidth ratio is written like 1/24, not {text!r}") from error
    if not Fraction(1, DENOMINATORS) <= ratio <= 1:
        raise UserError(
            f"a bandwidth ratio lies between 0 and 1, at least 1/{DENOMINATORS}; {text} does not"
        )
    return nearest_ratio(ratio)


def nearest_ratio(ratio: Fraction) -> Fraction:
    """The nearest fraction that the control record can carry."""
    nearest = ratio.limit_denominator(DENOMINATORS)
    if nearest.numerator <= NUMERATORS:
        return nearest
    last = NUMERATORS / ratio
    below = Fraction(NUMERATORS, math.ceil(last))
    return min(below, ratio.limit_denominator(math.floor(last)), key=lambda r: abs(r - ratio))


def latent_depth(ratio: Fraction, stride: int = STRIDE) -> int:
    """C, the smallest even number of real latent channels that holds the symbols of a ratio."""
    return 2 * math.ceil(ratio * 3 * stride**2)


def latent_size(height: int, width: int, stride: int = STRIDE) -> tuple[int, int]:
    """Height and width of the latent, rounded up."""
    return -(-height // stride), -(-width // stride)


def channel_uses(height: int, width: int, ratio: Fraction) -> int:
    """k, the complex symbols that one image of H x W pixels may use at a nominal ratio."""
    return max(1, math.floor(ratio * 3 * height * width))


def largest_ratio(height: int, width: int, k: int) -> Fraction | None:
    """The largest ratio at which an image of H x W pixels uses at most k symbols.

    It lies from `SMALLEST_RATIO` to `LARGEST_RATIO`; None where even the smallest needs more.
    """
    if channel_uses(height, width, SMALLEST_RATIO) > k:
        return None
    n = 3 * height * width
    # Of each numerator the smallest denominator with R·n < k + 1, which is when ⌊R·n⌋ <= k.
    fractions = (
        (above, max(above * n // (k + 1) + 1, math.ceil(above / LARGEST_RATIO)))
        for above in range(1, NUMERATORS + 1)
    )
    return max(Fraction(above, below) for above, below in fractions if below <= DENOMINATORS)


def measured_ratio(height: int, width: int, ratio: Fraction) -> float:
    """k/n as it really is: the nominal ratio, or less by a part of one symbol."""
    return channel_uses(height, width, ratio) / (3 * height * width)
