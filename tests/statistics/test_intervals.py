"""Confidence intervals against scipy, published values and simulation."""

import numpy as np
import pytest
from scipy.stats import binomtest

from semjscc.statistics.intervals import clustered_bootstrap, of_mean, wilson


@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
@pytest.mark.parametrize(("successes", "trials"), [(0, 1), (1, 1), (0, 40), (37, 40), (861, 1000)])
def test_wilson_agrees_with_scipy(successes: int, trials: int, confidence: float) -> None:
    reference = binomtest(successes, trials).proportion_ci(confidence, method="wilson")
    expected = (reference.low, reference.high)
    assert wilson(successes, trials, confidence) == pytest.approx(expected, abs=1e-12)


def test_wilson_agrees_with_newcombe() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3 (score).
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (successes, trials), expected in published.items():
        assert wilson(successes, trials) == pytest.approx(expected, abs=5e-5)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (3, 2), (-1, 2)])
def test_wilson_refuses_what_is_no_share(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="successes"):
        wilson(successes, trials)


def test_wilson_covers_the_truth() -> None:
    random = np.random.default_rng(0)
    for truth in (0.1, 0.5, 0.93):
        intervals = [wilson(int(n), 100) for n in random.binomial(100, truth, size=4000)]
        covered = np.mean([low <= truth <= high for low, high in intervals])
        assert 0.93 < covered < 0.98


def test_bootstrap_covers_the_truth_where_wilson_over_all_trials_does_not() -> None:
    # Images differ in how easy they are; the draws of one image share that.
    random = np.random.default_rng(0)
    covered, covered_by_wilson = [], []
    for seed in range(400):
        easy = random.beta(0.7, 0.3, size=(150, 1))
        hits = random.random((150, 5)) < easy
        low, high = clustered_bootstrap(hits, seed, resamples=400)
        covered.append(low <= 0.7 <= high)
        low, high = wilson(int(hits.sum()), hits.size)
        covered_by_wilson.append(low <= 0.7 <= high)
    assert 0.91 < np.mean(covered) < 0.98
    assert np.mean(covered_by_wilson) < 0.8


def test_bootstrap_of_single_draws_is_as_wide_as_wilson() -> None:
    hits = (np.arange(1000) < 700)[:, None]
    low, high = clustered_bootstrap(hits, seed=0)
    assert (low, high) == pytest.approx(wilson(700, 1000), abs=3e-3)


def test_bootstrap_follows_from_its_seed_also_in_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.random.default_rng(0).random((50, 2))
    interval = clustered_bootstrap(values, seed=3)
    assert interval == clustered_bootstrap(values, seed=3) != clustered_bootstrap(values, seed=4)
    # 70 resamples at once, the last chunk not a whole one.
    monkeypatch.setattr("semjscc.statistics.intervals._CHUNK", 70 * 50)
    assert clustered_bootstrap(values, seed=3) == pytest.approx(interval, abs=1e-9)


def test_bootstrap_of_images_that_agree_is_a_point() -> None:
    assert clustered_bootstrap(np.ones((4, 3)), seed=0) == (1.0, 1.0)


@pytest.mark.parametrize("shape", [(0, 2), (3, 0), (3,)])
def test_bootstrap_refuses_what_is_no_table(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="shape"):
        clustered_bootstrap(np.zeros(shape), seed=0)


@pytest.mark.parametrize("trials", [1, 7, 60, 500, 10_000])
def test_wilson_holds_the_share_itself_also_at_both_ends(trials: int) -> None:
    assert wilson(0, trials)[0] == 0
    assert wilson(trials, trials)[1] == 1


@pytest.mark.parametrize(
    ("right", "successes"), [([[1] * 5] * 2, 2), ([[0] * 5] * 3, 0), ([[1, 0], [0, 1]], 1.0)]
)
def test_images_that_all_say_the_same_are_no_certainty(
    right: list[list[int]], successes: float
) -> None:
    outcomes = np.array(right, bool)
    low, high = of_mean(outcomes, 0)
    assert (low, high) == pytest.approx(wilson(successes, len(right)))
    assert high - low > 0.5


def test_the_interval_of_a_mean_is_wilsons_or_that_of_the_bootstrap() -> None:
    single = np.array([1, 1, 0, 1], bool)[:, None]
    assert of_mean(single, 0) == wilson(3, 4)
    several = np.array([[1, 1], [1, 0], [0, 0]], bool)
    assert of_mean(several, 0) == clustered_bootstrap(several, 0)
