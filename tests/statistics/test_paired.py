"""Paired tests and intervals against scipy, published values, enumeration and simulation."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from semjscc.statistics.paired import holm, mcnemar, newcombe, paired_test, sign_flip


def outcomes(both: int, first: int, second: int, neither: int) -> tuple[np.ndarray, np.ndarray]:
    counts = (both, first, second, neither)
    one = np.repeat([True, True, False, False], counts)
    return one, np.repeat([True, False, True, False], counts)


@pytest.mark.parametrize(
    ("first", "second"), [(0, 1), (3, 3), (7, 2), (2, 7), (40, 61), (900, 700)]
)
def test_mcnemar_is_the_binomial_test(first: int, second: int) -> None:
    expected = binomtest(first, first + second).pvalue
    assert mcnemar(first, second) == pytest.approx(expected, rel=1e-9)


def test_mcnemar_in_closed_form() -> None:
    assert mcnemar(0, 0) == 1
    assert mcnemar(5, 0) == mcnemar(0, 5) == 2 * 0.5**5
    assert mcnemar(4, 1) == pytest.approx(2 * (1 + 5) * 0.5**5)
    assert mcnemar(200, 0) == pytest.approx(2 * 0.5**200, rel=1e-9)


@pytest.mark.parametrize(
    "differences", [[3, -1, 2, 0, 1], [1, 1, 1, 1], [2, -2], [0, 0], [-4, -3, 1, 1, 1, 2]]
)
def test_sign_flips_are_counted_one_and_all(differences: list[int]) -> None:
    values = np.array(differences)
    flipped = [abs(int(values @ signs)) for signs in product((1, -1), repeat=len(values))]
    expected = np.mean([total >= abs(values.sum()) for total in flipped])
    assert sign_flip(values) == pytest.approx(expected, rel=1e-12)


@given(st.integers(0, 80), st.integers(0, 80), st.integers(0, 30))
def test_sign_flip_of_single_draws_is_mcnemar(first: int, second: int, alike: int) -> None:
    values = np.repeat([1, -1, 0], (first, second, alike))
    assert sign_flip(values) == pytest.approx(mcnemar(first, second), rel=1e-9)


def test_sign_flip_agrees_with_random_flips() -> None:
    random = np.random.default_rng(0)
    values = random.integers(-4, 6, size=60)
    signs = random.choice([-1, 1], size=(40_000, 60))
    drawn = np.mean(np.abs(signs @ values) >= abs(values.sum()))
    assert sign_flip(values) == pytest.approx(drawn, abs=0.01)


def test_newcombe_agrees_with_newcombe() -> None:
    # Newcombe 1998, Statistics in Medicine 17, pages 2635 to 2650, method 10.
    low, high = newcombe(*outcomes(36, 12, 2, 0))
    assert (low, high) == pytest.approx((0.0569, 0.3404), abs=5e-5)


def test_newcombe_has_a_width_where_nothing_differs_and_swaps_with_its_arguments() -> None:
    first, second = outcomes(60, 0, 0, 40)
    low, high = newcombe(first, second)
    assert low < 0 < high
    first, second = outcomes(50, 20, 5, 25)
    low, high = newcombe(first, second)
    assert newcombe(second, first) == pytest.approx((-high, -low))


@pytest.mark.parametrize("counts", [(0, 0, 9, 0), (0, 9, 0, 0), (9, 0, 0, 0), (0, 0, 0, 1)])
def test_newcombe_stays_within_bounds(counts: tuple[int, int, int, int]) -> None:
    low, high = newcombe(*outcomes(*counts))
    assert -1 <= low <= high <= 1


def test_newcombe_covers_the_truth_and_is_narrower_than_unpaired() -> None:
    random = np.random.default_rng(1)
    covered = widths = 0.0
    for _ in range(1500):
        cells = random.multinomial(150, (0.55, 0.2, 0.08, 0.17))
        low, high = newcombe(*outcomes(*cells))
        covered += low <= 0.12 <= high
        widths += high - low
    assert 0.93 < covered / 1500 < 0.975
    unpaired = 2 * 1.96 * np.sqrt((0.75 * 0.25 + 0.63 * 0.37) / 150)
    assert widths / 1500 < 0.85 * unpaired


@pytest.mark.parametrize("shapes", [((3,), (4,)), ((0,), (0,)), ((2, 2), (2, 2))])
def test_newcombe_refuses_what_is_no_pairs(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ValueError, match="pairs"):
        newcombe(*(np.zeros(shape, bool) for shape in shapes))


def test_holm_by_hand() -> None:
    # 4·0.01, 3·0.015, 2·0.04, 1·0.06, then never smaller than the one before.
    assert holm([0.04, 0.01, 0.06, 0.015]) == pytest.approx([0.08, 0.04, 0.08, 0.045])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_holm_keeps_the_chance_of_any_error() -> None:
    random = np.random.default_rng(2)
    wrong = np.mean([min(holm(list(random.random(10)))) < 0.05 for _ in range(4000)])
    assert 0.035 < wrong < 0.06


def test_several_draws_of_an_image_are_no_evidence_of_their_own() -> None:
    # One image in twenty differs, in all of its draws alike: repeating proves nothing more.
    first, second = outcomes(12, 4, 1, 3)
    once, _ = paired_test(first[:, None], second[:, None], 0)
    many, (low, high) = paired_test(
        np.repeat(first[:, None], 9, 1), np.repeat(second[:, None], 9, 1), 0
    )
    assert many == pytest.approx(once)
    assert low < 0.15 < high


def test_equal_links_are_rarely_called_unequal() -> None:
    random = np.random.default_rng(3)
    rejected = []
    for _ in range(600):
        easy = random.beta(0.6, 0.4, size=(80, 1))
        first, second = (random.random((80, 3)) < easy for _ in range(2))
        rejected.append(paired_test(first, second, 0)[0] < 0.05)
    assert np.mean(rejected) < 0.07


@pytest.mark.parametrize(("first", "second", "points"), [(1, 1, 0), (0, 0, 0), (1, 0, 1)])
def test_few_images_that_all_say_the_same_leave_much_open(
    first: int, second: int, points: int
) -> None:
    p, (low, high) = paired_test(np.full((2, 5), first > 0), np.full((2, 5), second > 0), 0)
    assert p == (1.0 if points == 0 else 0.5)
    assert (low, high) == newcombe(np.full(2, first > 0), np.full(2, second > 0))
    assert low <= points <= high
    assert high - low > 0.5
