"""Strengths as bytes and back."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.linear.planning.strength_code import SYMBOLS, encode, read, reader, to_symbols


@given(st.integers(0, 2**31), st.integers(1, 13), st.integers(1, 9), st.integers(1, 9))
@settings(max_examples=40)
def test_what_is_above_the_floor_comes_back(
    seed: int, groups: int, rows: int, columns: int
) -> None:
    rng = np.random.default_rng(seed)
    parts = [
        (
            rng.integers(-12, 13, (count, rows, columns)),
            rng.integers(-20, 8, (count, rows, columns)),
        )
        for count in (1, groups)
    ]
    source = reader(encode(parts) + b"\0\0\0")
    for strengths, floors in parts:
        expected = (strengths - floors).clip(0, SYMBOLS - 1)
        np.testing.assert_array_equal(read(source, floors), floors + expected)
        np.testing.assert_array_equal(to_symbols(strengths, floors), expected)


@given(st.binary(max_size=40), st.integers(0, 99))
@settings(max_examples=60)
def test_any_bytes_are_read_or_refused(payload: bytes, seed: int) -> None:
    floors = np.random.default_rng(seed).integers(-20, 8, (4, 3, 4))
    with suppress(ValueError):
        found = read(reader(payload), floors) - floors
        assert found.shape == (4, 3, 4)
        assert found.min() >= 0
        assert found.max() < SYMBOLS


def test_likely_strengths_take_few_bits() -> None:
    flat, floors = np.full((4, 10, 10), 3), np.zeros((4, 10, 10), np.int64)
    empty = np.full((4, 10, 10), -2)
    noisy = np.random.default_rng(0).integers(0, 16, (4, 10, 10))
    # Rounded up to whole words of four bytes.
    assert len(encode([(flat, floors)])) * 8 / 400 < 1.5
    assert len(encode([(empty, floors)])) * 8 / 400 < 0.5
    assert len(encode([(noisy, floors)])) * 8 / 400 > 4


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1)])
def test_pictures_of_one_row_or_column_are_coded_too(size: tuple[int, int]) -> None:
    strengths = np.arange(2 * size[0] * size[1]).reshape(2, *size) % 5
    floors = np.broadcast_to(np.array([-1, 2])[:, None, None], strengths.shape)
    found = read(reader(encode([(strengths, floors)])), floors)
    np.testing.assert_array_equal(found, strengths.clip(floors))
