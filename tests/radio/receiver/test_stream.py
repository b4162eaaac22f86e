"""A recording by position, whatever its chunks."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.radio.receiver.stream import Stream


@given(cuts=st.lists(st.integers(0, 100)), start=st.integers(-20, 120), length=st.integers(0, 60))
@settings(max_examples=60)
def test_reading_is_slicing_with_zeros_around(cuts: list[int], start: int, length: int) -> None:
    samples = np.arange(1, 101).astype(np.complex64)
    padded = np.concatenate([np.zeros(20), samples, np.zeros(80)])
    stream = Stream(np.split(samples, sorted(cuts)))
    read = stream.read(start, start + length)
    np.testing.assert_array_equal(read, padded[start + 20 : start + 20 + length])


def test_no_more_is_taken_than_needed_and_what_is_forgotten_is_gone() -> None:
    taken = 0

    def source():
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield np.ones(10, np.complex64)

    stream = Stream(source())
    assert stream.reach(35)
    assert taken == 4
    stream.forget(20)
    assert stream.read(18, 23).tolist() == [0, 0, 1, 1, 1]
    assert not stream.reach(2000)
    assert (stream.arrived, stream.ended) == (1000, True)


def test_what_is_no_number_is_zero() -> None:
    samples = np.array([1, np.nan, np.inf, complex(0, -np.inf), 1e20, 2], complex)
    assert Stream([samples]).read(0, 6).tolist() == [1, 0, 0, 0, 0, 2]
