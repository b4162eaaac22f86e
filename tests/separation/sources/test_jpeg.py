"""JPEG without what size and setting say."""

import numpy as np
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
from semjscc.separation.sources.jpeg import Jpeg

CODER = Jpeg()


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


@pytest.mark.parametrize(("variant", "bits"), [(0, 4 * 32), (1, 16 * 14)])
def test_payload_of_mid_grey_is_what_the_standard_tables_say(variant: int, bits: int) -> None:
    # T.81, tables K.3 to K.6: a zero DC difference takes 2 bits, an end of block 4 in luma and 2 in
    # chroma. 32 x 32 in 4:2:0 is 4 units of 4 + 1 + 1 blocks, in 4:4:4 16 units of 1 + 1 + 1.
    grey = np.full((32, 32, 3), 128, np.uint8)
    file = CODER.compress(grey, variant, 9)
    assert len(CODER.strip(file, (32, 32), variant, 9)) == bits // 8


def test_tables_for_the_image_pay_on_large_photographs() -> None:
    image, quality = picture("photograph", 256, 256), 4
    files = [CODER.compress(image, variant, quality) for variant in range(4)]
    lengths = [len(CODER.strip(file, (256, 256), i, quality)) for i, file in enumerate(files)]
    assert lengths[2] < lengths[0]
    assert lengths[3] < lengths[1]
    assert list(CODER.useful_variants((256, 256), "compact")) == [0, 1, 2, 3]


def test_tables_for_the_image_pay_at_32_pixels_only_where_headers_count() -> None:
    assert list(CODER.useful_variants((32, 32), "compact")) == [0, 1]
    assert list(CODER.useful_variants((32, 32), "file")) == [2, 3]
    image = picture("photograph", 32, 32)
    files = [CODER.compress(image, variant, 16) for variant in range(4)]
    payloads = [CODER.strip(file, (32, 32), variant, 16) for variant, file in enumerate(files)]
    for standard in (0, 1):
        assert len(files[standard + 2]) < len(files[standard])
        assert len(payloads[standard + 2]) > len(payloads[standard])


def test_scan_with_the_byte_255_comes_back() -> None:
    image = picture("noise", 64, 64)
    file = CODER.compress(image, 1, 31)
    assert b"\xff\x00" in file
    assert CODER.restore(CODER.strip(file, (64, 64), 1, 31), (64, 64), 1, 31) == file
