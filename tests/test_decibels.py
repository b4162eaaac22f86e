"""SNRs and shares as people state them, and the one spelling of each."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semjscc.decibels import (
    LONGEST_SHARE,
    check_snr,
    number_text,
    parse_share,
    parse_snr,
    share_text,
)
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


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        *(("1/2", "0.5"), (".5", "0.5"), ("0.50", "0.5"), ("0.1", "0.1"), ("1/4", "0.25")),
        *(("1", "1"), ("1.0", "1"), ("2/2", "1"), ("0/7", "0"), ("1/3", "1/3"), ("2/6", "1/3")),
        (".1234567890123456789", ".1234567890123456789"),
        ("1/99999999999999999", "1/99999999999999999"),
        ("1/1125899906842624", "1/1125899906842624"),  # 50 decimals
    ],
)
def test_a_share_has_one_spelling(written: str, spelled: str) -> None:
    share = parse_share(written)
    assert share is not None
    assert share_text(share) == spelled


@given(st.integers(0, 10**18), st.integers(1, 10**18))
def test_the_spelling_of_a_share_is_read_as_the_same(part: int, whole: int) -> None:
    for written in (f"{part % whole}/{whole}", f".{part:018}", f"0.{part % 1000:03}"):
        if len(written) <= LONGEST_SHARE and (share := parse_share(written)) is not None:
            assert parse_share(share_text(share)) == share == Fraction(written)


@pytest.mark.parametrize(
    ("number", "spelled"),
    [(10.0, "10"), (7.5, "7.5"), (-3.0, "-3"), (-0.0, "0"), (0.1, "0.1"), (1e-05, "1e-05")],
)
def test_a_number_has_one_spelling(number: float, spelled: str) -> None:
    assert number_text(number) == spelled
    assert float(spelled) == number
