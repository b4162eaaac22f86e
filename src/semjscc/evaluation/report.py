"""The report: one HTML file that needs nothing beside it, to send to somebody or keep."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from semjscc.checkpoint import write_atomically
from semjscc.codecs.bandwidth import parse_ratio
from semjscc.evaluation.figures import accuracy_figure, figure_bytes, psnr_figure
from semjscc.evaluation.page import page, picture, table
from semjscc.evaluation.results import Record, Results

CANDIDATE, REFERENCE = "semantic", "djscc"
"""The two links whose difference the report works out."""

_NOTHING = "–"

_DEFINITIONS = """\
The bandwidth ratio R = k/n is the number k of complex channel symbols spent on an image over the
number n = 3·H·W of its colour values; the tables give the measured k/n beside the nominal R.
The SNR is Es/N0 in dB: the energy of a complex symbol, whose mean is 1, over the variance N0 of
the complex noise."""

_DIFFERENCES = """\
Points are the difference of two accuracies in percentage points; the relative change divides it
by the accuracy of {reference}. The two are different numbers and are never mixed."""


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


def differences(
    records: Sequence[Record], candidate: str = CANDIDATE, reference: str = REFERENCE
) -> list[Difference]:
    """Candidate minus reference wherever both were measured under the same conditions.

    Args:
        records: of any links.
        candidate: name of a link.
        reference: name of another.

    Returns:
        one for each pair, in the order of the candidate's records.
    """
    known = {_conditions(record): record for record in records if record.link == reference}
    found = []
    for record in records:
        other = known.get(_conditions(record))
        if record.link == candidate and other is not None:
            gain = record.value - other.value
            relative = 100 * gain / other.value if other.value > 0 else None
            found.append(Difference(record, other, 100 * gain, relative))
    return found


def write_report(results: Results, pictures: Mapping[str, bytes | Path], path: Path) -> None:
    """Write the report: what was done, curves, pictures, differences and every record.

    Args:
        results: what was measured; the curves are drawn from it.
        pictures: further PNG images by their headings, such as the transmission strip.
        path: the HTML file, which appears whole or not at all.

    Raises:
        UserError: a picture is missing or no PNG, a ratio is none, or the file cannot be written.
    """
    # A command line may hold bytes that are no UTF-8; they show as question marks.
    data = render_report(results, pictures).encode(errors="replace")
    write_atomically(path, lambda temporary: temporary.write_bytes(data))


def render_report(results: Results, pictures: Mapping[str, bytes | Path]) -> str:
    """The HTML that `write_report` writes."""
    curves = {"Accuracy": figure_bytes(accuracy_figure(results), "png")}
    if any(record.psnr_db is not None for record in results.records):
        curves["PSNR"] = figure_bytes(psnr_figure(results), "png")
    title = f"Image transmission: {_data(results.meta).get('name', 'results')}"
    body = "\n".join(
        [
            _what_was_done(results),
            *(picture(heading, image) for heading, image in {**curves, **pictures}.items()),
            _difference_table(differences(results.records)),
            "<h2>All results</h2>",
            f"<p>{escape(_DEFINITIONS)}</p>",
            _record_table(results.records),
        ]
    )
    return page(title, body)


def _conditions(record: Record) -> tuple[Any, ...]:
    """All that two records must share to be compared."""
    return (
        *(record.data, record.split, record.perception, record.metric),
        *(record.channel, record.snr_db, record.assumed_snr_db, record.ratio),
        *(record.seed, record.images, record.draws),
    )


def _data(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    data = meta.get("data")
    return data if isinstance(data, Mapping) else {"name": data} if data else {}


def _what_was_done(results: Results) -> str:
    meta, records = results.meta, results.records
    data = _data(meta)
    facts = {
        "command": meta.get("command"),
        "seed": meta.get("seed"),
        "data": _listed(data.get(key) for key in ("name", "revision", "fingerprint")),
        "split": data.get("split"),
        "images": data.get("images"),
        "draws of the channel for each image": _listed(
            r.draws for r in records if r.snr_db is not None
        ),
        "perception network": meta.get("perception"),
        "channel": _listed(r.channel for r in records if r.snr_db is not None),
        "assumed SNR": _listed(
            f"{r.assumed_snr_db:g} dB" for r in records if r.assumed_snr_db is not None
        ),
        "links": _listed(r.link for r in records),
        "date": meta.get("date"),
        "semjscc": _listed([meta.get("version"), meta.get("commit")]),
    }
    items = "\n".join(
        f"<dt>{escape(key)}</dt><dd>{_code(value) if key == 'command' else escape(str(value))}</dd>"
        for key, value in facts.items()
        if value not in (None, "")
    )
    return f"<h2>What was done</h2>\n<dl>\n{items}\n</dl>"


def _code(value: object) -> str:
    return f"<code>{escape(str(value))}</code>"


def _listed(values: Iterable[object]) -> str:
    """The different ones, in the order they come."""
    return ", ".join(dict.fromkeys(str(value) for value in values if value not in (None, "")))


def _difference_table(found: Sequence[Difference]) -> str:
    if not found:
        return ""
    rows = [
        (
            *_place(d.candidate),
            f"{100 * d.reference.value:.1f}",
            f"{100 * d.candidate.value:.1f}",
            f"{d.points:+.1f}",
            _NOTHING if d.relative is None else f"{d.relative:+.1f}",
        )
        for d in sorted(found, key=lambda d: _order(d.candidate))
    ]
    head = (*_PLACE, f"{REFERENCE} %", f"{CANDIDATE} %", "points", "relative change %")
    explained = escape(_DIFFERENCES.format(reference=REFERENCE))
    return (
        f"<h2>{CANDIDATE} against {REFERENCE}</h2>\n<p>{explained}</p>\n"
        f"{table(head, rows, text_columns=0)}"
    )


def _record_table(records: Sequence[Record]) -> str:
    rows = [
        (
            record.link,
            record.codec or _NOTHING,
            record.channel,
            *_place(record),
            f"{100 * record.value:.1f} ({100 * record.ci_low:.1f} to {100 * record.ci_high:.1f})",
            _number(record.psnr_db, ".2f"),
            _number(record.ssim, ".3f"),
            _number(record.ratio_measured, ".4f"),
            _count(record.channel_uses),
            _count(record.control_bits),
            _NOTHING if record.payload_bits is None else _count(record.payload_bits),
            f"{100 * record.delivered:.1f}",
        )
        for record in sorted(records, key=_order)
    ]
    head = (
        *("link", "codec", "channel", *_PLACE, "accuracy % (95 % interval)", "PSNR dB", "SSIM"),
        *("k/n", "channel uses k", "control bits", "payload bits", "delivered %"),
    )
    return table(head, rows, text_columns=3)


_PLACE = ("R", "SNR dB", "assumed SNR dB")


def _place(record: Record) -> tuple[str, str, str]:
    assumed = record.snr_db if record.assumed_snr_db is None else record.assumed_snr_db
    return record.ratio or _NOTHING, _number(record.snr_db, "g"), _number(assumed, "g")


def _order(record: Record) -> tuple[float, str, float]:
    """By ratio, link and SNR; what met no channel first."""
    ratio = 0.0 if record.ratio is None else float(parse_ratio(record.ratio))
    return ratio, record.link, float("-inf") if record.snr_db is None else record.snr_db


def _number(value: float | None, form: str) -> str:
    return _NOTHING if value is None else format(value, form)


def _count(value: int | float) -> str:
    """Whole, or the mean over images of different sizes."""
    return str(value) if isinstance(value, int) else f"{value:.1f}"
