"""Which links a candidate is compared with, and why there may be none."""

from collections.abc import Sequence
from itertools import product

from semjscc.decibels import number_text
from semjscc.errors import printable
from semjscc.links.catalogue import is_one_coder
from semjscc.results.records import Record
from semjscc.statistics.seeds import method_of, trainings

NO_OPPONENTS = ("none", "capacity", "finite", "label")
"""Bounds and ends of the scale, which nobody claims to beat."""
_DECIDING = {
    "data": "data",
    "split": "split",
    "perception": "network",
    "metric": "metric",
    "channel": "channel",
    "snr_db": "SNR",
    "assumed_snr_db": "assumed SNR",
    "ratio": "ratio",
    "seed": "seed",
    "images": "number of images",
    "draws": "number of draws",
}
"""What two records must share to be compared, and what people call it."""


def baselines(records: Sequence[Record], candidate: str) -> list[str]:
    """The links that a candidate is compared with where nobody names any.

    Separate coding stands for itself: its coders one by one are no further baselines. What it does
    by importance is one.
    """
    names = dict.fromkeys(record.link.partition("#")[0] for record in records)
    return [
        name for name in names if name not in (*NO_OPPONENTS, candidate) and not is_one_coder(name)
    ]


def why_nothing(records: Sequence[Record], candidate: str) -> str:
    """Why no baseline was found that was measured where the candidate was."""
    names = list(dict.fromkeys(record.link for record in records))
    ours = trainings(candidate, names)
    others = [name for name in baselines(records, candidate) if name != method_of(candidate)]
    said = f"{printable(candidate)} is compared with nothing"
    if not others:
        if left_out := [name for name in names if is_one_coder(name) and name not in ours]:
            return f"{said}: name a baseline, such as --against {printable(left_out[0])}"
        return f"{said}: the results hold no other link that could be its baseline"
    theirs = [record for record in records if method_of(record.link) in others]
    # The first training stands for a link in tests.
    pairs = list(product([record for record in records if record.link == ours[0]], theirs))
    apart, nearest = min(
        ((_apart(*pair), pair[1]) for pair in pairs), key=lambda found: len(found[0])
    )
    return f"{said}: {printable(nearest.link)}, which comes nearest, has another {', '.join(apart)}"


def _apart(one: Record, other: Record) -> list[str]:
    """In what two records differ that must be the same, with the values of both."""
    return [
        f"{called} ({_said(ours)} here, {_said(theirs)} there)"
        for key, called in _DECIDING.items()
        if (ours := getattr(one, key)) != (theirs := getattr(other, key))
    ]


def _said(value: object) -> str:
    text = number_text(value) if isinstance(value, float) else str(value)
    return "none" if value is None else printable(text)
