"""How much one link gains over another, point by point, and whether that is more than chance."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from semjscc.results.evidence import unpack_evidence
from semjscc.results.outcomes import unpack
from semjscc.results.records import Record
from semjscc.statistics.paired import holm, paired_test
from semjscc.statistics.resampling import paired_bootstrap, paired_permutation
from semjscc.statistics.seeds import Spread, seed_of, trainings

CANDIDATE, REFERENCE = "semantic", "djscc"
"""The two links whose difference is the first question."""

LEVEL = 0.05
"""The chance of any wrong verdict in a family."""

DELIVERS = 0.9
"""A gain over a baseline that loses more images than that says little of the images."""

ALIKE = 0.005
"""Two links have as many channel uses where their measured k/n differ by no larger share."""

Verdict = Literal["better", "worse", "open"]


@dataclass(frozen=True)
class Difference:
    """What the candidate gains over the reference at one ratio and SNR.

    Attributes:
        candidate: its record.
        reference: the record under the same conditions.
        points: the difference of the accuracies, in percentage points.
        relative: the same in % of the reference's accuracy; None where that is 0.
    """

    candidate: Record
    reference: Record
    points: float
    relative: float | None

    @property
    def more_uses(self) -> float | None:
        """By how many % the candidate's measured k/n is larger; None where they are alike."""
        ours, theirs = self.candidate.ratio_measured, self.reference.ratio_measured
        if ours is None or not theirs or abs(ours / theirs - 1) <= ALIKE:
            return None
        return 100 * (ours / theirs - 1)


@dataclass(frozen=True)
class Comparison(Difference):
    """A difference with what the images say of it.

    Attributes:
        interval: its paired 95 % interval in points; None where the outcomes were not kept.
        p: of equal accuracy; None likewise.
        p_adjusted: the same by Holm within the family, one baseline on one data set.
        verdict: better or worse where ``p_adjusted`` is below 5 %, else open; None without a test.
        spread: the gains of all trainings of the candidate, each over the reference of the same
            seed where there is one.
    """

    interval: tuple[float, float] | None
    p: float | None
    p_adjusted: float | None
    verdict: Verdict | None
    spread: Spread


def conditions(record: Record) -> tuple[Any, ...]:
    """All that two records must share to be compared."""
    return *place(record), record.images, record.draws


def place(record: Record) -> tuple[Any, ...]:
    """Where a record stands, whatever the number of images."""
    return (
        *(record.data, record.split, record.perception, record.metric),
        *(record.channel, record.snr_db, record.assumed_snr_db, record.ratio, record.seed),
    )


def differences(
    records: Sequence[Record], candidate: str = CANDIDATE, reference: str = REFERENCE
) -> list[Difference]:
    """Candidate minus reference wherever both were measured under the same conditions.

    Args:
        records: of any links.
        candidate: name of a link.
        reference: name of another.

    Returns:
        one for each pair, in the order of the candidate's records; where a point was measured on
        several numbers of images, the pair of most images.
    """
    known = {conditions(record): record for record in records if record.link == reference}
    found: dict[tuple[Any, ...], Difference] = {}
    for record in records:
        other = known.get(conditions(record))
        if record.link != candidate or other is None:
            continue
        earlier = found.get(place(record))
        if earlier is None or _weight(record) > _weight(earlier.candidate):
            gain = record.value - other.value
            relative = 100 * gain / other.value if other.value > 0 else None
            found[place(record)] = Difference(record, other, 100 * gain, relative)
    return list(found.values())


def _weight(record: Record) -> tuple[int, int]:
    return record.images, record.draws


def compare(
    records: Sequence[Record], candidate: str = CANDIDATE, reference: str = REFERENCE
) -> list[Comparison]:
    """The differences with their tests.

    McNemar's exact test for one draw an image, the exact sign-flip test by image for several, and
    the permutation of images for metrics that are no mean over images (`resampling`). The
    p-values are adjusted by Holm over the family: all points given here that have the same data
    and split, whoever judged them and whatever the channel.

    Args:
        records: all there are; repeats of a link with other training seeds follow `seeds`.
        candidate: name of a link.
        reference: name of its baseline.

    Raises:
        UserError: outcomes do not belong to their record.
    """
    names = [record.link for record in records]
    ours, theirs = trainings(candidate, names), trainings(reference, names)
    if not ours or not theirs:
        return []
    by_seed = {seed_of(link): link for link in theirs}
    gains: defaultdict[tuple[Any, ...], list[float]] = defaultdict(list)
    for link in ours:
        other = by_seed.get(seed_of(link), theirs[0])
        for found in differences(records, link, other):
            gains[conditions(found.candidate)].append(found.points)
    pairs = differences(records, ours[0], theirs[0])
    tests = [_test(pair) for pair in pairs]
    adjusted = _adjust(pairs, [None if test is None else test[0] for test in tests])
    return [
        Comparison(
            *(pair.candidate, pair.reference, pair.points, pair.relative),
            interval=None if test is None else test[1],
            p=None if test is None else test[0],
            p_adjusted=p_adjusted,
            verdict=_verdict(pair.points, p_adjusted),
            spread=Spread(tuple(gains[conditions(pair.candidate)])),
        )
        for pair, test, p_adjusted in zip(pairs, tests, adjusted, strict=True)
    ]


def _test(pair: Difference) -> tuple[float, tuple[float, float]] | None:
    first, second = unpack(pair.candidate), unpack(pair.reference)
    if first is None or second is None:
        return _test_evidence(pair)
    p, (low, high) = paired_test(first, second, pair.candidate.seed)
    return p, (100 * low, 100 * high)


def _test_evidence(pair: Difference) -> tuple[float, tuple[float, float]] | None:
    first, second = unpack_evidence(pair.candidate), unpack_evidence(pair.reference)
    if first is None or second is None:
        return None
    low, high = paired_bootstrap(first, second, pair.candidate.seed)
    p = paired_permutation(first, second, pair.candidate.seed)
    return p, (100 * low, 100 * high)


def _adjust(pairs: Sequence[Difference], p_values: Sequence[float | None]) -> list[float | None]:
    families: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for number, (pair, p) in enumerate(zip(pairs, p_values, strict=True)):
        if p is not None:
            families[pair.candidate.data, pair.candidate.split].append(number)
    adjusted: list[float | None] = [None] * len(pairs)
    for numbers in families.values():
        found = holm([p for number in numbers if (p := p_values[number]) is not None])
        for number, p in zip(numbers, found, strict=True):
            adjusted[number] = p
    return adjusted


def _verdict(points: float, p_adjusted: float | None) -> Verdict | None:
    if p_adjusted is None:
        return None
    if p_adjusted >= LEVEL:
        return "open"
    return "better" if points > 0 else "worse"


def best(found: Sequence[Comparison], least_delivered: float = 0.0) -> Comparison | None:
    """The point of the largest gain in points, None where there is none.

    Args:
        found: the points.
        least_delivered: only where the reference delivers this share of the images or more.
    """
    fair = [one for one in found if one.reference.delivered >= least_delivered]
    return max(fair, key=lambda one: one.points, default=None)
