"""SNRs as people state them, in dB; `semjscc.channels.units` computes with them."""

import math

from semjscc.errors import UserError

SNR_LIMIT_DB = 100.0


def check_snr(snr_db: float) -> float:
    """The SNR, if it is a number a link can have.

    Raises:
        UserError: nan, infinite, or beyond ±100 dB.
    """
    if not math.isfinite(snr_db) or abs(snr_db) > SNR_LIMIT_DB:
        raise UserError(f"SNR must be a number of dB between -100 and 100, not {snr_db}")
    return snr_db


def parse_snr(text: str) -> float:
    """An SNR as a person writes it.

    Raises:
        UserError: it is no number, or none that a link can have.
    """
    try:
        snr_db = float(text)
    except ValueError as error:
        raise UserError(f"an SNR is a number of dB, not {text!r}") from error
    return check_snr(snr_db)
