"""The bootstrap and permutation of evidence against those of plain means."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import RECORD
from semjscc.errors import UserError
from semjscc.results.evidence import pack_evidence, unpack_evidence
from semjscc.statistics.comparison import compare
from semjscc.statistics.intervals import clustered_bootstrap
from semjscc.statistics.paired import sign_flip
from semjscc.statistics.resampling import bootstrap, paired_bootstrap, paired_permutation
from semjscc.tasks.evidence import Evidence, gather


def bits(right: np.ndarray) -> Evidence:
    """(N, D) rights and wrongs."""
    return gather("bits", [[np.full((1, 1), one) for one in draws] for draws in right])


def ratios(seed: int, count: int = 40, better: float = 0.0) -> Evidence:
    random = np.random.default_rng(seed)
    below = random.integers(50, 100, (count, 3)).astype(float)
    above = np.floor(below * np.clip(random.uniform(0.3, 0.7, (count, 3)) + better, 0, 1))
    return gather(
        "mean-ratio", [[np.concatenate([a, b])[None]] for a, b in zip(above, below, strict=True)]
    )


def test_of_bits_they_are_those_of_means() -> None:
    random = np.random.default_rng(1)
    first, second = random.random((60, 3)) < 0.7, random.random((60, 3)) < 0.5
    assert bits(first).value == pytest.approx(first.mean())
    assert bootstrap(bits(first), 5) == pytest.approx(clustered_bootstrap(first, 5))
    differences = first.astype(float) - second
    found = paired_bootstrap(bits(first), bits(second), 5)
    assert found == pytest.approx(clustered_bootstrap(differences, 5))
    exact = sign_flip((first.astype(int) - second).sum(axis=1))
    assert paired_permutation(bits(first), bits(second), 5) == pytest.approx(exact, abs=0.01)


def test_equal_links_differ_by_nothing_and_better_ones_by_much() -> None:
    same = ratios(1)
    assert paired_permutation(same, same, 0) == 1
    assert paired_bootstrap(same, same, 0) == (0, 0)
    assert paired_permutation(ratios(1, better=0.1), ratios(2), 0) < 0.01
    low, high = paired_bootstrap(ratios(1, better=0.1), ratios(1), 0)
    assert 0.05 < low < high < 0.12


def test_p_values_of_equal_links_are_uniform() -> None:
    found = [paired_permutation(ratios(2 * i, 20), ratios(2 * i + 1, 20), i) for i in range(60)]
    assert sum(p < 0.2 for p in found) / 60 == pytest.approx(0.2, abs=0.15)


@given(st.integers(1, 6), st.integers(1, 3), st.integers(1, 4), st.integers(0, 2**31))
def test_evidence_survives_as_text(images: int, draws: int, classes: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    rows = random.integers(0, 100_000, (images, draws, 1, 2 * classes)).astype(float)
    evidence = gather("mean-ratio", [list(one) for one in rows])
    record = replace(RECORD, images=images, draws=draws, value=evidence.value, right=None)
    back = unpack_evidence(replace(record, evidence=pack_evidence(evidence)))
    assert back is not None
    assert back.kind == evidence.kind
    assert (back.rows == evidence.rows).all()
    assert (back.counts == evidence.counts).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:-4], "damaged"),
        (lambda text: text.replace("mean-ratio", "mean-ratios"), "no kind of evidence"),
        (lambda text: text.replace(" 6 ", " 7 "), "damaged"),
        (lambda _: "mean-ratio", "damaged"),
        (lambda _: pack_evidence(ratios(2)), "does not add up"),
        (lambda _: pack_evidence(ratios(1, 39)), "damaged"),
    ],
)
def test_damaged_evidence_is_refused(change, words: str) -> None:
    evidence = ratios(1)
    record = replace(RECORD, images=40, draws=1, value=evidence.value, right=None)
    with pytest.raises(UserError, match=words):
        unpack_evidence(replace(record, evidence=change(pack_evidence(evidence))))


def test_links_are_compared_by_their_evidence() -> None:
    ours, theirs = ratios(1, better=0.1), ratios(1)
    base = replace(RECORD, images=40, draws=1, metric="miou", right=None)
    records = [
        replace(base, link=link, value=one.value, evidence=pack_evidence(one))
        for link, one in (("semantic", ours), ("djscc", theirs))
    ]
    (found,) = compare(records)
    assert found.points == pytest.approx(100 * (ours.value - theirs.value))
    assert found.interval is not None
    assert found.interval[0] < found.points < found.interval[1]
    assert (found.verdict, found.p) == ("better", pytest.approx(1 / 2001))


def found_of(counts: list[tuple[float, float]]) -> Evidence:
    """Of each image how much of how much is right, of one class."""
    return gather("mean-ratio", [[np.array([[one, all_of]])] for one, all_of in counts])


def test_draws_that_leave_nothing_to_measure_do_not_count() -> None:
    # Of four images one has 8 pixels that count: a third of all draws of images lack it.
    exact, half = (found_of([(right, 8), (0, 0), (0, 0), (0, 0)]) for right in (8, 4))
    assert (exact.value, half.value) == (1, 0.5)
    assert bootstrap(exact, 0) == (1, 1)
    assert bootstrap(half, 0) == (0.5, 0.5)
    assert paired_bootstrap(exact, half, 0) == (0.5, 0.5)
    # Whichever link the image is of, the metrics are as far apart as found.
    assert paired_permutation(exact, half, 0) == 1


def test_exchanges_that_leave_nothing_to_measure_do_not_count() -> None:
    """Where a link's own result decides whether there is anything to measure."""
    first, second = found_of([(8, 8), (0, 0)]), found_of([(0, 0), (0, 8)])
    # Known where each link has one image of the two that count: as they are, or exchanged.
    assert paired_permutation(first, second, 0) == 1


def test_evidence_of_nothing_is_no_share() -> None:
    nothing = found_of([(0, 0), (0, 0)])
    assert np.isnan(nothing.value)
    assert np.isnan(gather("mean", [[np.zeros((0, 1))]]).value)
    record = replace(RECORD, images=2, draws=1, value=0.0, right=None)
    with pytest.raises(UserError, match="leaves nothing to measure: leave it out"):
        unpack_evidence(replace(record, evidence=pack_evidence(nothing)))
