"""The finest that fits: halving and guessing against looking at every one."""

from collections.abc import Callable, Sequence

from hypothesis import example, given
from hypothesis import strategies as st

from semjscc.separation.sources.search.finest import finest, finest_growing


class Asked:
    """Lengths that remember which of them were asked for."""

    def __init__(self, lengths: Sequence[int]) -> None:
        self.lengths, self.asked = lengths, set[int]()

    def __call__(self, quality: int) -> int:
        self.asked.add(quality)
        return self.lengths[quality]


def fitting(lengths: Callable[[int], int], max_bytes: int) -> Callable[[int], bool]:
    return lambda quality: lengths(quality) <= max_bytes


@given(st.integers(1, 40), st.integers(0, 40))
def test_finest_of_growing_lengths(count: int, fitting: int) -> None:
    expected = min(count, fitting) - 1
    assert finest(lambda quality: quality < fitting, count) == (None if expected < 0 else expected)


@given(st.integers(3, 40), st.integers(0, 38))
def test_finest_steps_over_a_single_one_that_does_not_fit(count: int, hole: int) -> None:
    found = finest(lambda quality: quality != hole, count)
    assert found == (count - 1 if hole != count - 1 else count - 2)


def test_finest_asks_little() -> None:
    asked: set[int] = set()

    def fits(quality: int) -> bool:
        asked.add(quality)
        return quality < 19

    assert finest(fits, 32) == 18
    assert len(asked) <= 7


@given(
    st.lists(st.integers(0, 2**40), min_size=1, max_size=40).map(sorted),
    st.integers(0, 2**40),
    st.integers(-50, 50),
)
@example([0, 1], 0, 0)
def test_guesses_find_the_same_wherever_they_begin(
    lengths: list[int], max_bytes: int, start: int
) -> None:
    expected = finest(fitting(lengths.__getitem__, max_bytes), len(lengths))
    assert finest_growing(lengths.__getitem__, max_bytes, len(lengths), start) == expected


@given(
    st.lists(st.integers(0, 500), min_size=1, max_size=40),
    st.integers(0, 500),
    st.integers(-50, 50),
)
def test_guesses_end_soon_where_the_next_does_not_fit(
    lengths: list[int], max_bytes: int, start: int
) -> None:
    asked = Asked(lengths)
    found = finest_growing(asked, max_bytes, len(lengths), start)
    assert found is None or lengths[found] <= max_bytes
    after = 0 if found is None else found + 1
    assert after == len(lengths) or lengths[after] > max_bytes
    assert len(asked.asked) <= 11


@given(st.floats(1.12, 1.25), st.integers(20, 2000), st.integers(20, 20_000), st.integers(-2, 2))
def test_guesses_ask_for_few_of_lengths_that_grow_evenly(
    growth: float, coarsest: int, max_bytes: int, off: int
) -> None:
    asked = Asked([round(coarsest * growth**quality) for quality in range(32)])
    expected = finest(fitting(asked.lengths.__getitem__, max_bytes), 32)
    assert finest_growing(asked, max_bytes, 32, (expected or 0) + off) == expected
    assert len(asked.asked) <= 4
