"""JPEG 2000 without what size and setting say."""

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
from semjscc.separation.sources.jpeg2000 import Jpeg2000

CODER = Jpeg2000()


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


@pytest.mark.parametrize(("variant", "levels"), [(0, 0), (1, 1), (2, 2), (3, 3), (4, 5)])
def test_payload_of_mid_grey_is_one_empty_packet_for_each_resolution(
    variant: int, levels: int
) -> None:
    # T.800, B.10: a packet for each of three components and levels + 1 resolutions. Where nothing
    # is included its header is one byte: a bit that says so (0), or 1 and then 0 for each block.
    grey = np.full((32, 32, 3), 128, np.uint8)
    payload = CODER.strip(CODER.compress(grey, variant, 20), (32, 32), variant, 20)
    assert len(payload) == 3 * (levels + 1)
    assert set(payload) <= {0x00, 0x80}


@pytest.mark.parametrize(
    ("side", "levels"), [(1, ["0"]), (8, ["0", "1"]), (32, ["1", "2", "3"]), (512, ["3", "5"])]
)
def test_levels_worth_a_trial_grow_with_the_image(side: int, levels: list[str]) -> None:
    names = [
        CODER.variants[variant] for variant in CODER.useful_variants((side, 2 * side), "compact")
    ]
    assert names == [f"{level} levels" for level in levels]
