"""Some of the links and ratios that results hold, as for one figure of a paper."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from semjscc.codecs.bandwidth import parse_ratio
from semjscc.errors import UserError, printable
from semjscc.links.spelling import link_text
from semjscc.results.records import Record, Results
from semjscc.statistics.analysis import Analysis, Part
from semjscc.statistics.seeds import trainings


@dataclass(frozen=True)
class Selection:
    """What is shown; nothing named is everything.

    Attributes:
        links: their names as people spell them; one without ``#`` stands for all its trainings.
        ratios: nominal; a link that meets no channel has none, and is of every ratio.
    """

    links: tuple[str, ...] = ()
    ratios: tuple[Fraction, ...] = ()


def select(records: Sequence[Record], selection: Selection) -> list[Record]:
    """The records that are shown, in the order they come.

    Raises:
        UserError: there is no such link or ratio, or a link has no point at these ratios.
    """
    names = list(dict.fromkeys(record.link for record in records))
    links = dict[str, list[str]]()
    for name in selection.links:
        links[name] = trainings(name, names) or trainings(link_text(name), names)
        if not links[name]:
            there = ", ".join(map(printable, names))
            raise UserError(f"no link {printable(name)} in the results: theirs are {there}")
    there = {parse_ratio(record.ratio): record.ratio for record in records if record.ratio}
    for ratio in selection.ratios:
        if ratio not in there:
            listed = ", ".join(printable(there[one]) for one in sorted(there)) or "none"
            raise UserError(f"no ratio {ratio} in the results: theirs are {listed}")
    kept = [
        record
        for record in records
        if not (selection.ratios and record.ratio)
        or parse_ratio(record.ratio or "") in selection.ratios
    ]
    for name, found in links.items():
        if not any(record.link in found for record in kept):
            asked = ", ".join(map(str, selection.ratios))
            raise UserError(f"{printable(name)} has no point at R = {asked}: leave it out")
    shown = {name for found in links.values() for name in found}
    return [record for record in kept if not shown or record.link in shown]


def narrowed(analysis: Analysis, selection: Selection) -> Analysis:
    """What is shown of an analysis; p-values stay those of all points that were measured.

    Raises:
        UserError: as of `select`.
    """
    kept = select(analysis.results.records, selection)
    names = {record.link for record in kept}
    points = {(record.link, record.ratio) for record in kept}
    families = {
        name: shown
        for name, found in analysis.families.items()
        if trainings(name, names)
        if (shown := [one for one in found if (one.candidate.link, one.candidate.ratio) in points])
    }
    parts = [
        _part(part, points, families)
        for part in analysis.parts
        if any((one.link, one.ratio) in points for one in part.results.records)
    ]
    return replace(
        analysis, results=Results(analysis.results.meta, kept), families=families, parts=parts
    )


def _part(
    part: Part, points: Collection[tuple[str, str | None]], families: Collection[str]
) -> Part:
    records = [one for one in part.results.records if (one.link, one.ratio) in points]
    comparisons = {
        name: [one for one in found if (one.candidate.link, one.candidate.ratio) in points]
        for name, found in part.comparisons.items()
        if name in families
    }
    return Part(part.setting, Results(part.results.meta, records), comparisons)
