"""Results as tables for the terminal."""

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from semjscc.images import printable
from semjscc.report.rows import comparison_rows, left_out, psnr_text, uses_note
from semjscc.report.table_width import Column, fitted
from semjscc.results.records import Record, Results
from semjscc.statistics.comparison import Comparison
from semjscc.statistics.settings import settings


def tables(results: Results, room: int) -> list[Table]:
    """Those of one evaluation, for each network that judged, in so many columns of a terminal."""
    networks = dict.fromkeys(record.perception for record in results.records)
    return [
        table
        for network in networks or [None]
        for table in _tables([r for r in results.records if r.perception == network], room)
    ]


def _tables(records: list[Record], room: int) -> Iterator[Table]:
    """A row for each ratio and link, a column for each SNR.

    A cell holds the task's result in % with half the width of its confidence interval, and under
    it the PSNR in dB, or why there is none. Under the nominal ratio stands the measured k/n. A link
    without a channel has the same result in every column. Seven SNRs fit in 100 columns.
    """
    snrs = sorted({record.snr_db for record in records if record.snr_db is not None})
    rows: dict[tuple[str | None, str], dict[float | None, Record]] = {}
    for record in records:
        rows.setdefault((record.ratio, record.link), {})[record.snr_db] = record
    # Links of the same ratio stand together, ratios in the order they were asked for.
    ratios = list(dict.fromkeys(record.ratio for record in records))
    ordered = sorted(rows.items(), key=lambda row: ratios.index(row[0][0]))
    keys = [
        Column("ratio", [_ratio(next(iter(points.values()))) for _, points in ordered], "left"),
        Column("link", [Text(printable(link)) for (_, link), _ in ordered], "left", is_name=True),
    ]
    values = [
        Column(
            "any SNR" if snr_db is None else f"{snr_db:g} dB",
            [_cell(points.get(snr_db, points.get(None))) for _, points in ordered],
        )
        for snr_db in snrs or [None]
    ]
    title = _title(records)
    return fitted(keys, values, room, title=title, caption=_CAPTION, lines=True)


def comparison_tables(
    found: Sequence[Comparison], candidate: str, reference: str, room: int, apart: str = ""
) -> Iterator[Table]:
    """A row for each point, as `rows.comparison_rows` writes them, without the rarer columns.

    Args:
        found: of one setting.
        candidate: the link's name.
        reference: the baseline's.
        room: columns of the terminal.
        apart: what tells the setting from others, such as the judge; "" where there is one.
    """
    head, rows = comparison_rows(found, candidate, reference)
    skipped = {head.index(name) for name in ("assumed SNR dB", "images", "p")}
    columns = [
        Column(printable(name), [Text(printable(row[place].replace(" to ", "…"))) for row in rows])
        for place, name in enumerate(head)
        if place not in skipped
    ]
    title = Text(printable(", ".join(filter(None, [f"{candidate} against {reference}", apart]))))
    uses = uses_note(found, printable(candidate), printable(reference))
    caption = "; ".join(filter(None, [uses, _COMPARISON_CAPTION]))
    return fitted(columns[:2], columns[2:], room, title=title, caption=caption)


_COMPARISON_CAPTION = (
    "the relative change is another number than the points;"
    " p by Holm over all points of this baseline on one data set"
)
_CAPTION = (
    "% ± half the 95 % interval; under it the PSNR in dB, exact images counted and left out;"
    " under the ratio the measured k/n"
)


def _title(records: list[Record]) -> Text:
    if not records:
        return Text("no results")
    # The `none` link's record knows no channel: any other says more.
    record = max(records, key=lambda record: record.snr_db is not None)
    parts = [
        record.metric,
        record.perception,
        f"{record.data}/{record.split}",
        f"{record.images} images x {record.draws}",
        record.channel,
    ]
    # What is wrong by so much everywhere is another SNR in each column.
    beliefs = dict.fromkeys(setting.belief for setting in settings(records))
    parts += [f"SNR believed {belief}" for belief in beliefs if belief]
    return Text(" · ".join(printable(part) for part in parts))


def _ratio(record: Record) -> Text:
    if record.ratio is None or record.ratio_measured is None:
        return Text("–")
    return Text(f"{printable(record.ratio)}\n{record.ratio_measured:.4f}")


def _cell(record: Record | None) -> Text:
    if record is None:
        return Text("–")
    half_width = (record.ci_high - record.ci_low) / 2
    lines = [f"{100 * record.value:.1f}±{100 * half_width:.1f}", psnr_text(record, 2)]
    return Text("\n".join(filter(None, [*lines, left_out(record)])))
