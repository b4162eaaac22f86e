"""AVIF without what size and setting say."""

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

from semjscc.separation.sources.avif import Avif
from semjscc.separation.sources.base import Pixels

CODER = Avif()


@settings(deadline=None, max_examples=30)
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


@settings(deadline=None, max_examples=30)
@given(st.binary(max_size=200), settings_of(CODER))
def test_garbage_is_refused(garbage: bytes, setting: tuple[int, int]) -> None:
    check_garbage(CODER, garbage, setting)


@settings(deadline=None, max_examples=30)
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


@pytest.mark.parametrize("size", [(32, 32), (150, 200)])
@pytest.mark.parametrize("variant", [0, 1])
def test_payload_is_the_frame_obu(size: tuple[int, int], variant: int) -> None:
    file = CODER.compress(picture("photograph", *size), variant, 20)
    rest = file[file.index(b"mdat") + 4 :]
    found: list[tuple[int, bytes]] = []
    while rest:
        # AV1, 5.3: the type in bits 3 to 6, then the size in bytes of 7 bits, low bits first.
        digits = next(index for index in range(1, 9) if rest[index] < 128)
        length = sum((rest[1 + index] & 127) << 7 * index for index in range(digits))
        start = 1 + digits
        found.append((rest[0] >> 3 & 15, rest[start : start + length]))
        rest = rest[start + length :]
    assert [kind for kind, _ in found] == [2, 1, 6]  # temporal delimiter, sequence header, frame
    assert CODER.strip(file, size, variant, 20) == found[-1][1]


def test_text_like_pictures_have_the_same_headers() -> None:
    # libaom has tools for screens; whether a frame uses them must not show in the sequence header.
    dots = np.random.default_rng(0).random((64, 64, 1)) < 0.1
    image = np.where(dots, np.zeros(3, np.uint8), np.full(3, 255, np.uint8))
    for variant in (0, 1):
        check_round_trip(CODER, image, (variant, 12))
