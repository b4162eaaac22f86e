"""Numbers of seven bits a byte, low bits first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semjscc.separation.sources.leb128 import read_leb128, write_leb128


@given(st.integers(0, 2**40))
def test_leb128_is_read_as_written(number: int) -> None:
    written = write_leb128(number)
    assert read_leb128(written + b"rest") == (number, len(written))
    assert len(written) == max(1, -(-number.bit_length() // 7))


def test_leb128_golden_value() -> None:
    # The example of the DWARF standard (version 5, 7.6): 12857 is b9 64.
    assert write_leb128(12857) == b"\xb9\x64"


@pytest.mark.parametrize("unending", [b"", b"\x80", b"\xff" * 9])
def test_unending_leb128_is_refused(unending: bytes) -> None:
    with pytest.raises(ValueError, match="does not end"):
        read_leb128(unending)
