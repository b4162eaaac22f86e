"""All that is worked out from results, before anybody draws or writes it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.links.spelling import link_text
from semjscc.results.records import Record, Results
from semjscc.statistics.baselines import baselines
from semjscc.statistics.comparison import (
    CANDIDATE,
    DELIVERS,
    Comparison,
    best,
    compare,
)
from semjscc.statistics.equal_psnr import FrontGap, Gap, front_gap
from semjscc.statistics.fronts import PLAIN, fronts
from semjscc.statistics.seeds import Spread, seed_of, trainings
from semjscc.statistics.settings import Setting, most_images, settings

RIVALS = ("feature", "task-loss", "distill")
"""The losses that importance has to be better than."""


@dataclass(frozen=True)
class Part:
    """What belongs to one setting.

    Attributes:
        setting: data, judge, channel and belief.
        results: its records, those of most images where a point was measured twice.
        comparisons: by baseline; the p-values are adjusted over the baseline's whole family.
    """

    setting: Setting
    results: Results
    comparisons: dict[str, list[Comparison]]


@dataclass(frozen=True)
class Analysis:
    """Results, taken apart by setting and baseline.

    Attributes:
        results: as they came.
        candidate: the link that is compared; None where there is none.
        parts: by setting.
        families: the comparisons by baseline, over all settings.
    """

    results: Results
    candidate: str | None
    parts: list[Part]
    families: dict[str, list[Comparison]]


def analyse(
    results: Results, candidate: str | None = None, against: Sequence[str] | None = None
) -> Analysis:
    """Compare and sort.

    Args:
        results: of one evaluation, or of several as `settings.merge` puts them together.
        candidate: the link to compare; by default ``semantic`` where there is one.
        against: its baselines; by default all links but bounds.

    Raises:
        UserError: a link that was asked for is not there or cannot be compared, or outcomes are
            not their record's.
    """
    records = results.records
    names = list(dict.fromkeys(record.link for record in records))
    candidate = candidate and _in_results(candidate, names)
    against = against and [_in_results(name, names) for name in against]
    for name in (*([candidate] if candidate else []), *(against or [])):
        if not trainings(name, names):
            there = ", ".join(map(printable, names))
            raise UserError(f"no link {printable(name)} in the results: theirs are {there}")
        own = [record for record in records if record.link == name]
        if own and all(record.snr_db is None for record in own):
            raise UserError(
                f"{printable(name)} passes no channel, and no point of another link compares with "
                "it: leave it out"
            )
    chosen = candidate or (CANDIDATE if trainings(CANDIDATE, names) else None)
    families: dict[str, list[Comparison]] = {}
    if chosen is not None:
        asked = baselines(records, chosen) if against is None else against
        families = {name: compare(records, chosen, name) for name in asked}
    _check_asked(against or [], chosen, families)
    families = {name: found for name, found in families.items() if found}
    parts = [
        _part(setting, members, results, families) for setting, members in settings(records).items()
    ]
    return Analysis(results, chosen, parts, families)


def _in_results(name: str, names: Sequence[str]) -> str:
    """A link as the results spell it."""
    return name if trainings(name, names) else link_text(name)


def _check_asked(
    against: Sequence[str], chosen: str | None, families: Mapping[str, Sequence[Comparison]]
) -> None:
    """Refuse baselines by whom nothing would change."""
    if against and chosen is None:
        raise UserError(f"which link is compared with {printable(against[0])}? Say --candidate")
    for name in against:
        if name == chosen:
            raise UserError(f"{printable(name)} is the candidate: its baselines are other links")
        if not families[name]:
            raise UserError(
                f"{printable(chosen or '')} and {printable(name)} have no point in common: "
                "leave it out, or evaluate both with the same data, channel, ratio and SNR"
            )


def _part(
    setting: Setting,
    members: Sequence[Record],
    results: Results,
    families: dict[str, list[Comparison]],
) -> Part:
    inside = set(members)
    # Within a setting the belief is the same, and need not tell lines apart.
    shown = [replace(record, assumed_snr_db=None) for record in most_images(members)]
    return Part(
        setting,
        Results(results.meta, shown),
        {
            name: [one for one in found if one.candidate in inside]
            for name, found in families.items()
        },
    )


def front_gaps(results: Results) -> list[FrontGap]:
    """Every front but the rivals' own against each of the rivals."""
    return [
        front_gap(ratio, (ours, theirs), curves[ours], curves[theirs])
        for ratio, curves in fronts(results).items()
        for ours in curves
        if ours not in (*RIVALS, PLAIN)
        for theirs in RIVALS
        if theirs in curves
    ]


def gap_over_seeds(results: Results, link: str, rival: str) -> dict[str, Spread]:
    """How far one link is ahead of a front at equal PSNR, by ratio: a gap for each training seed.

    Args:
        results: with repeats of the link and of the front's links under names such as ``x#2``.
        link: the one that stands for the trainings, such as ``semantic-0.1``.
        rival: a front, such as ``feature``.
    """
    gaps: defaultdict[str, list[float]] = defaultdict(list)
    for training in trainings(link, [record.link for record in results.records]):
        for ratio, curves in fronts(results, seed_of(training)).items():
            ours = [point for curve in curves.values() for point in curve if point.link == training]
            found = front_gap(ratio, (link, rival), ours, curves.get(rival, []))
            gaps[ratio] += [gap.points for _, gap in found.at]
    return {ratio: Spread(tuple(found)) for ratio, found in gaps.items()}


def to_json(analysis: Analysis) -> dict[str, Any]:
    """The comparisons as plain data, for programs."""
    return {
        "candidate": analysis.candidate,
        "family": "Holm over all points of one baseline on one data set and split",
        "comparisons": [
            _plain(name, one) for name, found in analysis.families.items() for one in found
        ],
        "best": {
            name: {
                "anywhere": _plain_or_none(name, best(found)),
                "where_delivered": _plain_or_none(name, best(found, DELIVERS)),
                "least_delivered": DELIVERS,
            }
            for name, found in analysis.families.items()
        },
        "leads_at_equal_psnr": [
            {
                "setting": part.setting.describe(),
                "ratio": one.ratio,
                "link": one.ours,
                "over": one.theirs,
                **_plain_gap(one.mean),
                "at": [
                    {"link": point.link, "weight": point.weight, **_plain_gap(gap)}
                    for point, gap in one.at
                ],
            }
            for part in analysis.parts
            for one in front_gaps(part.results)
        ],
    }


def _plain_gap(gap: Gap | None) -> dict[str, Any]:
    return {
        "points": None if gap is None else gap.points,
        "interval_points": None if gap is None else gap.interval,
    }


def _plain_or_none(reference: str, one: Comparison | None) -> dict[str, Any] | None:
    return None if one is None else _plain(reference, one)


def _unlike_uses(one: Comparison) -> dict[str, Any]:
    """What was sent by each link, where that is not as much."""
    if one.more_uses is None:
        return {}
    return {
        "candidate_ratio_measured": one.candidate.ratio_measured,
        "reference_ratio_measured": one.reference.ratio_measured,
        "more_channel_uses_percent": one.more_uses,
    }


def _plain(reference: str, one: Comparison) -> dict[str, Any]:
    at, spread = one.candidate, one.spread
    return {
        "over": reference,
        **{
            key: getattr(at, key)
            for key in (
                *("data", "split", "perception", "metric", "channel", "snr_db", "assumed_snr_db"),
                *("ratio", "images", "draws", "seed"),
            )
        },
        "candidate": at.value,
        "reference": one.reference.value,
        "reference_delivered": one.reference.delivered,
        **_unlike_uses(one),
        "points": one.points,
        "relative_percent": one.relative,
        "interval_points": one.interval,
        "p": one.p,
        "p_holm": one.p_adjusted,
        "verdict": one.verdict,
        "training_seeds": len(spread.gains),
        "seed_mean_points": spread.mean,
        "seed_deviation_points": spread.deviation,
        "seed_interval_points": spread.interval,
    }
