"""WebP without what size and setting say."""

import pytest
from coder_checks import (
    KINDS,
    check_damage,
    check_finer_is_better_and_longer,
    check_garbage,
    check_round_trip,
    check_strangers,
    picture,
    pictures,
    settings_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.separation.sources.base import Pixels
from semjscc.separation.sources.leb128 import read_leb128, write_leb128
from semjscc.separation.sources.webp import WebP

CODER = WebP()


@settings(deadline=None, max_examples=60)
@given(pictures(), settings_of(CODER))
def test_strip_and_restore_are_byte_exact(image: Pixels, setting: tuple[int, int]) -> None:
    check_round_trip(CODER, image, setting)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (1, 300), (32, 32), (200, 150)])
def test_odd_sizes_come_back(kind: str, size: tuple[int, int]) -> None:
    for variant in range(len(CODER.variants)):
        for quality in (0, 31):
            check_round_trip(CODER, picture(kind, *size), (variant, quality))


def test_finer_qualities_are_better_and_longer() -> None:
    check_finer_is_better_and_longer(CODER)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=200), settings_of(CODER))
def test_garbage_is_refused(garbage: bytes, setting: tuple[int, int]) -> None:
    check_garbage(CODER, garbage, setting)


@settings(deadline=None, max_examples=60)
@given(pictures(longest=32), settings_of(CODER), st.integers(0, 2**16))
def test_damaged_payload_is_an_image_or_refused(
    image: Pixels, setting: tuple[int, int], at: int
) -> None:
    check_damage(CODER, image, setting, at)


def test_files_of_others_are_refused() -> None:
    check_strangers(CODER)


def test_coder_is_there() -> None:
    assert CODER.missing() is None
    assert "None" not in CODER.version()


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (1, 1)])
def test_payload_is_the_partitions_and_the_size_of_the_first(size: tuple[int, int]) -> None:
    file = CODER.compress(picture("photograph", *size), 0, 15)
    payload = CODER.strip(file, size, 0, 15)
    # RFC 6386, 9.1: 3 bytes of tag, 3 of start code, 4 of size; the first 20 bytes are RIFF's.
    frame = file[20 : 20 + int.from_bytes(file[16:20], "little")]
    first = int.from_bytes(frame[:3], "little") >> 5
    assert payload == (bytes([first]) if first < 128 else payload[:2]) + frame[10:]
    assert frame[3:6] == b"\x9d\x01\x2a"
    assert int.from_bytes(frame[6:8], "little") == size[1]


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
