"""Which records belong into one figure: what was sent, who judged, and what happened on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.results.records import OPTIONAL, Record, Results
from semjscc.statistics.comparison import conditions, place

TRUTH = ""


@dataclass(frozen=True)
class Setting:
    """What the points of one figure have in common.

    Attributes:
        data: the data set's name.
        split: val or test (or train).
        perception: the perception network's name.
        metric: such as accuracy.
        channel: the channel's name.
        seed: of its noise.
        belief: what both ends believe wrongly of the SNR, such as "5 dB too high"; "" for nothing.
    """

    data: str
    split: str
    perception: str
    metric: str
    channel: str
    seed: int = 0
    belief: str = TRUTH

    def describe(self, others: Sequence["Setting"] = ()) -> str:
        """A heading; with ``others``, only what tells it apart from them."""
        parts = {
            "data": f"{self.data}, {self.split}",
            "perception": f"judged by {self.perception}",
            "metric": "" if self.metric == "accuracy" and not others else self.metric,
            "channel": self.channel,
            "seed": f"noise of seed {self.seed}" if others else "",
            "belief": f"SNR believed {self.belief}" if self.belief else "",
        }
        alike = {name: {getattr(one, name) for one in (self, *others)} for name in parts}
        said = [text for name, text in parts.items() if text and len(alike[name]) > 1]
        return ", ".join(said if others else filter(None, parts.values()))


def settings(records: Sequence[Record]) -> dict[Setting, list[Record]]:
    """The records by what they have in common, in the order they come.

    The link without a channel belongs to every channel of its data and perception network; of
    several seeds to its own, or the first where that has none. A wrong belief counts by how wrong
    it is where that is the same at several SNRs, else by what is believed where that is.
    """
    found: dict[Setting, list[Record]] = {}
    beliefs = _Beliefs(records)
    for record in records:
        if record.snr_db is not None:
            found.setdefault(Setting(*_frame(record), beliefs.of(record)), []).append(record)
    added = set[int]()
    for home, members in found.items():
        # A fixed belief is the truth at one SNR, whose records say so.
        names = {record.link for record in members}
        true = [
            record
            for record in records
            if record.link in names
            and _frame(record) == _frame(members[0])
            and record.assumed_snr_db is None
            and home.belief == _fixed(record.snr_db)
        ]
        members += true
        added |= set(map(id, true))
    # Where the truth is nothing else, it was not measured for itself.
    found = {
        home: members
        for home, members in found.items()
        if home.belief != TRUTH or not added.issuperset(map(id, members))
    }
    clean = [record for record in records if record.snr_db is None]
    for home, members in found.items():
        judged = [record for record in clean if _judged(record) == _judged(home)]
        seeds = [record.seed for record in judged]
        seed = home.seed if home.seed in seeds else next(iter(seeds), None)
        members[:0] = [record for record in judged if record.seed == seed]
    homes = {_judged(home) for home in found}
    for record in clean:
        if _judged(record) not in homes:
            found.setdefault(Setting(*_frame(record)), []).append(record)
    return found


def _frame(record: Record) -> tuple[str, str, str, str, str, int]:
    return *_judged(record), record.channel, record.seed


def _judged(one: Record | Setting) -> tuple[str, str, str, str]:
    return one.data, one.split, one.perception, one.metric


class _Beliefs:
    """What both ends believe of the SNR, as text, judged by what other records tell."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._errors: dict[tuple[Any, ...], set[float]] = {}
        self._fixed: dict[tuple[Any, ...], set[float]] = {}
        for record in records:
            if (snr_db := record.snr_db) is None:
                continue
            believed = record.assumed_snr_db
            if believed is not None:
                self._errors.setdefault((_frame(record), _error(record)), set()).add(snr_db)
            at = snr_db if believed is None else believed
            self._fixed.setdefault((_frame(record), at), set()).add(snr_db)

    def of(self, record: Record) -> str:
        """By how much it is wrong, or what is believed."""
        if record.assumed_snr_db is None:
            return TRUTH
        frame, error = _frame(record), _error(record)
        alike = len(self._errors[frame, error])
        if alike == 1 and len(self._fixed[frame, record.assumed_snr_db]) > 1:
            return _fixed(record.assumed_snr_db)
        return f"{abs(error):g} dB too {'high' if error > 0 else 'low'}"


def _error(record: Record) -> float:
    return round((record.assumed_snr_db or 0.0) - (record.snr_db or 0.0), 9)


def _fixed(snr_db: float | None) -> str:
    return f"to be {snr_db:g} dB"


def most_images(records: Sequence[Record]) -> list[Record]:
    """For every link and point the record that rests on the most images and draws."""
    found: dict[tuple[Any, ...], Record] = {}
    for record in records:
        key = (record.link, *place(record))
        kept = found.get(key)
        if kept is None or (kept.images, kept.draws) < (record.images, record.draws):
            found[key] = record
    return list(found.values())


def merge(results: Sequence[Results]) -> Results:
    """Several results as one.

    Raises:
        UserError: they call different images, or different weights, by the same name, or say
            different things of one point.
    """
    if len(results) == 1:
        return replace(results[0], records=_one_of_each(results[0].records))
    origins = [meta for one in results for meta in sources(one.meta)]
    known: dict[tuple[str, ...], Any] = {}
    for meta in origins:
        data = data_of(meta)
        _agree(known, ("images", *_data_key(data)), data.get("fingerprint"))
    for (data_name, link), facts in _facts(origins):
        _agree(known, ("weights", data_name, link), facts)
    records = _one_of_each([record for one in results for record in one.records])
    return Results({"sources": origins}, records)


def _one_of_each(records: Sequence[Record]) -> list[Record]:
    """The first of those that say the same of one point, whatever version measured it."""
    found: dict[tuple[Any, ...], Record] = {}
    for record in records:
        kept = found.setdefault((record.link, *conditions(record)), record)
        if _said(kept) != _said(record):
            at = [
                "" if record.ratio is None else f"R = {record.ratio}",
                "" if record.snr_db is None else f"{record.snr_db:g} dB",
                *(record.data, record.perception),
            ]
            raise UserError(
                f"the results hold two records of '{printable(record.link)}' at one point that"
                f" differ ({printable(', '.join(filter(None, at)))}): leave one out"
            )
    return list(found.values())


def _said(record: Record) -> Record:
    """Without what an earlier version did not keep."""
    return replace(record, **dict.fromkeys(OPTIONAL))


def _agree(known: dict[tuple[str, ...], Any], key: tuple[str, ...], value: Any) -> None:
    if known.setdefault(key, value) != value:
        what, *name = key
        raise UserError(f"the results mean different {what} by {printable(', '.join(name))}")


def sources(meta: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The meta of each file that went in."""
    found = meta.get("sources")
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else [meta]


def data_of(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a results file says of its data."""
    data = meta.get("data")
    return data if isinstance(data, Mapping) else {"name": data} if data else {}


def _data_key(data: Mapping[str, Any]) -> tuple[str, ...]:
    return str(data.get("name")), str(data.get("split")), f"{data.get('images')} images"


def link_facts(meta: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """What the checkpoints say of themselves, by the data's and the link's name."""
    return dict(_facts(sources(meta)))


def _facts(
    origins: Sequence[Mapping[str, Any]],
) -> list[tuple[tuple[str, str], Mapping[str, Any]]]:
    return [
        ((str(data_of(meta).get("name")), str(link.get("name"))), link)
        for meta in origins
        if isinstance(links := meta.get("links"), Sequence)
        for link in links
        if isinstance(link, Mapping)
    ]
