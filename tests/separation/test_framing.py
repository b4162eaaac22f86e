"""Payloads in transport blocks of any length come back as they were."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.separation.framing import LENGTH_BITS, frame, length_unit, room, unframe
from semjscc.separation.modes import Mode


def mode(payload_bytes: int) -> Mode:
    return Mode("ldpc", 8, 0.5, 8 * payload_bytes, 16 * payload_bytes, 1, 8 * payload_bytes)


@given(
    st.integers(1, 400_000),
    st.binary(max_size=20),
    st.integers(0, 400_000),
    st.binary(max_size=3),
)
@settings(max_examples=100)
def test_every_payload_that_fits_comes_back_and_its_length_can_be_told(
    block: int, start: bytes, length: int, end: bytes
) -> None:
    kind = mode(block)
    payload = (start + bytes(length) + end)[: room(kind)]
    framed = frame(payload, kind)
    units, rest = divmod(len(framed), length_unit(kind))
    assert rest == 0
    assert units < 1 << LENGTH_BITS
    assert len(framed) <= block
    assert unframe(framed, kind) == payload


@pytest.mark.parametrize(
    ("block", "unit", "longest"),
    [
        (100, 1, 100),
        (65_535, 1, 65_535),
        # 65,536 bytes are 32,768 units of two; one byte says where the payload ends.
        (65_536, 2, 65_535),
        (160_001, 3, 159_998),
    ],
)
def test_units_are_as_short_as_the_field_allows(block: int, unit: int, longest: int) -> None:
    assert length_unit(mode(block)) == unit
    assert room(mode(block)) == longest


def test_short_blocks_have_no_end_mark_and_long_ones_need_theirs() -> None:
    assert frame(b"ab\0", mode(100)) == b"ab\0"
    assert unframe(b"ab\0", mode(100)) == b"ab\0"
    assert unframe(b"ab\0\0", mode(70_000)) is None
    assert unframe(b"", mode(70_000)) is None
