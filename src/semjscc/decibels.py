"""SNRs as people state them, in dB, and shares; `semjscc.channels.units` computes with SNRs."""

import math
import re
from decimal import Decimal
from fractions import Fraction

from semjscc.errors import UserError

SNR_LIMIT_DB = 100.0
LONGEST_SHARE = 20
"""In characters."""


def check_snr(snr_db: float) -> float:
    """The SNR, if it is a number a link can have.

    Raises:
        UserError: nan, infinite, or beyond ±100 dB.
    """
    if not math.isfinite(snr_db) or abs(snr_db) > SNR_LIMIT_DB:
        raise UserError(f"SNR must be a number of dB between -100 and 100, not {snr_db}")
    return snr_db


def parse_snr(text: str, option: str = "") -> float:
    """An SNR as a person writes it.

    Args:
        text: what was written.
        option: of the command line, for messages, where it is not the SNR itself.

    Raises:
        UserError: it is no number, or none that a link can have.
    """
    said = f"{option}: " if option else ""
    try:
        snr_db = float(text)
    except ValueError as error:
        raise UserError(f"{said}an SNR is a number of dB, not {text!r}") from error
    try:
        return check_snr(snr_db)
    except UserError as error:
        raise UserError(f"{said}{error}") from error


def parse_share(text: str) -> Fraction | None:
    """A share from 0 to 1 as a person writes it, such as 0.25 or 1/4; None for anything else."""
    if len(text) > LONGEST_SHARE or not re.fullmatch(r"\d*\.?\d+|\d+/\d*[1-9]\d*", text, re.ASCII):
        return None
    share = Fraction(text)
    return share if share <= 1 else None


def share_text(share: Fraction) -> str:
    """The one spelling of a share in names, which `parse_share` reads: 0.25, and 1/3."""
    exact = share.denominator
    for prime in (2, 5):
        while exact % prime == 0:
            exact //= prime
    fraction = f"{share.numerator}/{share.denominator}"
    if exact > 1:  # its decimals have no end
        return fraction
    decimal = format(Decimal(share.numerator) / share.denominator, "f")
    spellings = (decimal, decimal.removeprefix("0"), fraction)
    return next(text for text in spellings if len(text) <= LONGEST_SHARE)


def number_text(number: float) -> str:
    """The one spelling of a number in names: 10, and 0.5."""
    return repr(number + 0.0).removesuffix(".0")  # there is no -0
