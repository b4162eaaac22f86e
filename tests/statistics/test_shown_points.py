"""Some links and ratios of results: which records stay, and what stays of their comparisons."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from records import NO_CHANNEL, RECORD
from semjscc.errors import UserError
from semjscc.results.outcomes import pack
from semjscc.results.records import Record, Results
from semjscc.statistics.analysis import analyse
from semjscc.statistics.selection import Selection, narrowed, select


def point(link: str, ratio: str, hits: int) -> Record:
    right = pack((np.arange(1000) < hits)[:, None])
    return replace(RECORD, link=link, ratio=ratio, value=hits / 1000, right=right)


RECORDS = [
    NO_CHANNEL,
    *(point(f"semantic{seed}", "1/48", 730) for seed in ("", "#1")),
    point("semantic", "1/24", 900),
    *(point("djscc", ratio, 700) for ratio in ("1/48", "1/24")),
    point("separate@0.5", "1/24", 700),
]


def test_links_and_ratios_stay_in_the_order_they_come() -> None:
    assert select(RECORDS, Selection()) == RECORDS
    assert select(RECORDS, Selection(("djscc", "semantic"))) == RECORDS[1:6]
    assert select(RECORDS, Selection(("semantic#1",))) == [RECORDS[2]]
    # However a ratio or a number in a name is spelled; what meets no channel is of every ratio.
    at = (Fraction(1, 24),)
    assert select(RECORDS, Selection(ratios=at)) == [RECORDS[0], *RECORDS[3:4], *RECORDS[5:]]
    assert select(RECORDS, Selection(("separate@.5", "none"), at)) == [RECORDS[0], RECORDS[6]]


@pytest.mark.parametrize(
    ("links", "ratios", "message"),
    [
        (("semantc",), (), "no link semantc in the results: theirs are none, semantic, semantic#1"),
        ((), (Fraction(1, 7),), "no ratio 1/7 in the results: theirs are 1/48, 1/24"),
        (("djscc", "separate@0.5"), (Fraction(1, 48),), "separate@0.5 has no point at R = 1/48"),
    ],
)
def test_what_the_results_do_not_hold_is_named(
    links: tuple[str, ...], ratios: tuple[Fraction, ...], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        select(RECORDS, Selection(links, ratios))


def test_p_values_stay_those_of_all_points() -> None:
    everything = analyse(Results({}, RECORDS))
    analysis = narrowed(everything, Selection(("semantic", "djscc"), (Fraction(1, 48),)))
    assert {name: len(found) for name, found in everything.families.items()} == {
        "djscc": 2,
        "separate@0.5": 1,
    }
    ((name, (one,)),) = analysis.families.items()
    assert (name, one.candidate.ratio, len(one.spread.gains)) == ("djscc", "1/48", 2)
    assert one == everything.families["djscc"][0]
    assert one.p is not None
    assert one.p_adjusted is not None
    alone = analyse(Results({}, [one.candidate, one.reference])).families["djscc"][0]
    assert one.p_adjusted >= one.p == alone.p == alone.p_adjusted
    (part,) = analysis.parts
    assert part.comparisons == analysis.families
    assert [(r.link, r.ratio) for r in part.results.records] == [
        (r.link, r.ratio) for r in analysis.results.records
    ]
    assert len(analysis.results.records) == 3
    assert narrowed(everything, Selection()) == everything


def test_without_the_candidate_nothing_is_compared() -> None:
    analysis = narrowed(analyse(Results({}, RECORDS)), Selection(("djscc",)))
    assert analysis.families == {}
    assert [r.link for part in analysis.parts for r in part.results.records] == ["djscc"] * 2
