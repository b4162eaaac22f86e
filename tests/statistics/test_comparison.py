"""Gains by point, with their tests, families, best points and training seeds."""

from dataclasses import replace

import numpy as np
import pytest

from records import RECORD
from semjscc.results.outcomes import pack
from semjscc.results.records import Record
from semjscc.statistics.comparison import best, compare, differences
from semjscc.statistics.paired import holm, mcnemar
from semjscc.statistics.seeds import Spread, without_repeats

IMAGES = 200


def record(link: str, hits: int, snr_db: float = 10.0, **changes: object) -> Record:
    """The first ``hits`` images come out right."""
    right = (np.arange(IMAGES) < hits)[:, None]
    changes = {"images": IMAGES, "value": hits / IMAGES, "right": pack(right), **changes}
    return replace(RECORD, link=link, snr_db=snr_db, **changes)


def test_points_and_relative_change_are_two_numbers() -> None:
    (found,) = compare([record("djscc", 80), record("semantic", 100)])
    assert found.points == pytest.approx(10)
    assert found.relative == pytest.approx(25)
    assert found.p == mcnemar(20, 0)
    assert found.interval is not None
    assert found.interval[0] < 10 < found.interval[1]
    assert found.verdict == "better"


def test_holm_runs_over_one_baseline_on_one_data_set() -> None:
    points = [(0.0, 100, 106), (5.0, 100, 109), (10.0, 100, 100)]
    records = [
        one
        for snr, low, high in points
        for one in (record("djscc", low, snr), record("semantic", high, snr))
    ]
    found = compare(records)
    raw = [mcnemar(6, 0), mcnemar(9, 0), 1.0]
    assert [one.p for one in found] == pytest.approx(raw)
    assert [one.p_adjusted for one in found] == pytest.approx(holm(raw))
    assert [one.verdict for one in found] == ["open", "better", "open"]
    # On its own the first point is significant, and on other data it is a family of its own.
    elsewhere = [replace(one, data="other") for one in records[:2]]
    assert [one.verdict for one in compare([*records, *elsewhere])] == [
        *("open", "better", "open", "better")
    ]
    # Another judge of the same images is of the same family.
    judged = [replace(one, perception="c") for one in records]
    assert [one.p_adjusted for one in compare([*records, *judged])][:3] == pytest.approx(
        holm(raw * 2)[:3]
    )


def test_worse_is_said_as_well() -> None:
    (found,) = compare([record("djscc", 150), record("semantic", 100)])
    assert (found.verdict, found.points) == ("worse", -25)


def test_several_draws_are_tested_by_image() -> None:
    right = np.tile(np.arange(IMAGES) < 120, (3, 1)).T
    more = right.copy()
    more[120:140, :2] = True
    ours, theirs = (
        record(link, 0, draws=3, value=float(table.mean()), right=pack(table))
        for link, table in (("semantic", more), ("djscc", right))
    )
    (found,) = compare([ours, theirs])
    assert found.p == pytest.approx(2 * 0.5**20)
    assert found.verdict == "better"


def test_results_without_outcomes_are_not_tested() -> None:
    records = [record("djscc", 80, right=None), record("semantic", 100)]
    (found,) = compare(records)
    assert found.points == pytest.approx(10)
    assert (found.interval, found.p, found.p_adjusted, found.verdict) == (None,) * 4


@pytest.mark.parametrize(
    "change",
    [
        {"snr_db": 4.0},
        {"ratio": "1/12"},
        {"channel": "rayleigh"},
        {"assumed_snr_db": 7.0},
        {"seed": 1},
        {"perception": "other"},
        {"images": 100},
    ],
)
def test_only_equal_conditions_are_compared(change: dict[str, object]) -> None:
    assert differences([record("djscc", 80), replace(record("semantic", 90), **change)]) == []


def test_of_two_numbers_of_images_the_larger_counts() -> None:
    few = [replace(record(link, 50), images=100, right=None) for link in ("djscc", "semantic")]
    many = [record("djscc", 80), record("semantic", 100)]
    (found,) = differences([*few, *many])
    assert found.candidate.images == IMAGES
    assert differences([*many, *few]) == [found]


def test_best_point_and_best_where_the_baseline_delivers() -> None:
    records = [
        record("separate", 20, 0.0, delivered=0.3),
        record("semantic", 150, 0.0),
        record("separate", 140, 10.0, delivered=0.9),
        record("semantic", 160, 10.0),
    ]
    found = compare(records, "semantic", "separate")
    anywhere, fair = best(found), best(found, 0.9)
    assert anywhere is not None
    assert fair is not None
    assert (anywhere.points, fair.points) == pytest.approx((65, 10))
    assert best(found, 0.95) is None
    assert best([]) is None


def test_spread_over_training_seeds() -> None:
    records = [
        *(record("semantic", 100), record("semantic#1", 104), record("semantic#2", 90)),
        *(record("djscc", 80), record("djscc#1", 70)),
    ]
    (found,) = compare(records)
    # The second is set against its own seed, the third for want of one against the first.
    assert found.spread.gains == pytest.approx((10, 17, 5))
    assert found.points == pytest.approx(10)
    assert found.spread.mean == pytest.approx(32 / 3)
    assert found.spread.deviation == pytest.approx(np.std([10, 17, 5], ddof=1))


def test_the_method_needs_three_trainings() -> None:
    assert Spread((1.0,)).deviation is None
    assert Spread((1.0, 2.0)).interval is None
    # Student's t with 2 degrees of freedom: 4.303 at 97.5 %.
    assert Spread((1.0, 2.0, 3.0)).interval == pytest.approx(
        (2 - 4.3027 / 3**0.5, 2 + 4.3027 / 3**0.5), abs=1e-3
    )


def test_names_without_a_bare_one_are_stood_for_by_the_first() -> None:
    records = [record("semantic#10", 60), record("semantic#2", 100), record("djscc", 80)]
    (found,) = compare(records)
    assert found.candidate.link == "semantic#2"
    assert without_repeats(["semantic#10", "semantic#2", "djscc"]) == ["semantic#2", "djscc"]
    (found,) = compare(records, "semantic#10")
    assert found.candidate.link == "semantic#10"
    assert len(found.spread.gains) == 1


def test_without_the_candidate_there_is_no_comparison() -> None:
    assert compare([record("djscc", 1)]) == []


@pytest.mark.parametrize(
    ("ours", "theirs", "more"),
    [
        (743, 576, 28.993),
        (576, 743, -22.476),
        (1005, 1000, None),  # as far apart as rounding may put them
        (1006, 1000, 0.6),
        (None, 576, None),
    ],
)
def test_links_that_send_unlike_numbers_of_symbols_say_so(
    ours: int | None, theirs: int, more: float | None
) -> None:
    sent = replace(RECORD, ratio_measured=None if ours is None else ours / 6912)
    other = replace(RECORD, link="djscc", ratio_measured=theirs / 6912)
    (found,) = compare([sent, other])
    assert found.more_uses == (None if more is None else pytest.approx(more, abs=0.001))
