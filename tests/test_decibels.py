"""SNRs as people state them."""

import math

import pytest

from semjscc.decibels import check_snr, parse_snr
from semjscc.errors import UserError


@pytest.mark.parametrize("snr_db", [-100.0, -5.0, 0.0, 100.0])
def test_ordinary_snr_is_accepted(snr_db: float) -> None:
    assert check_snr(snr_db) == snr_db


@pytest.mark.parametrize("snr_db", [math.nan, math.inf, -math.inf, 100.1, -101.0])
def test_impossible_snr_is_refused(snr_db: float) -> None:
    with pytest.raises(UserError, match=f"between -100 and 100, not {snr_db}"):
        check_snr(snr_db)


@pytest.mark.parametrize(
    ("text", "snr_db"), [("3", 3.0), ("-5", -5.0), ("-1e1", -10.0), (" .5", 0.5)]
)
def test_written_snr_is_read(text: str, snr_db: float) -> None:
    assert parse_snr(text) == snr_db


@pytest.mark.parametrize("text", ["", "ten", "5dB", "1,5", "--5"])
def test_what_is_no_number_is_no_snr(text: str) -> None:
    with pytest.raises(UserError, match=f"an SNR is a number of dB, not '{text}'"):
        parse_snr(text)
