"""Records as one table with a row for each point: columns of values, CSV, LaTeX."""

import csv
import io
from collections.abc import Sequence
from typing import Any, Literal

from semjscc.errors import UserError, did_you_mean, printable
from semjscc.results.records import Record

Form = Literal["latex", "csv"]

_HEADS = {
    "link": "link",
    "codec": "codec",
    "data": "data",
    "split": "split",
    "perception": "network",
    "channel": "channel",
    "ratio": r"$k/n$",
    "ratio_measured": r"measured $k/n$",
    "snr_db": "SNR (dB)",
    "assumed_snr_db": "assumed SNR (dB)",
    "metric": "metric",
    "value": "value",
    "ci_low": r"95\,\% from",
    "ci_high": "to",
    "psnr_db": "PSNR (dB)",
    "ssim": "SSIM",
    "exact": "exact",
    "delivered": "delivered",
    "images": "images",
    "draws": "draws",
    "seed": "seed",
    "channel_uses": "channel uses",
    "control_bits": "control bits",
    "payload_bits": "payload bits",
}
"""What a column is called in print; the keys are fields of a record."""

COLUMNS = tuple(_HEADS)
"""All that a record says of a point, but not of each image."""

WORDS = ("link", "codec", "data", "split", "perception", "channel", "ratio", "metric")
COUNTS = ("images", "draws", "seed")
NUMBERS = tuple(name for name in COLUMNS if name not in (*WORDS, *COUNTS))
"""Columns of floating-point numbers, of which some may be missing."""

_DIGITS = {
    "ratio_measured": ".5f",
    "value": ".3f",
    "ci_low": ".3f",
    "ci_high": ".3f",
    "psnr_db": ".2f",
    "ssim": ".3f",
    "delivered": ".3f",
}
"""Of numbers in print; others are written with as many as they have."""

_ESCAPES = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def chosen_columns(names: Sequence[str] | None) -> tuple[str, ...]:
    """The columns that were asked for, in that order; all where nobody asks.

    Raises:
        UserError: there is no such column.
    """
    for name in names or ():
        if name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS) or f": there are {', '.join(COLUMNS)}"
            raise UserError(f"the table has no column '{printable(name)}'{hint}")
    return COLUMNS if names is None else tuple(dict.fromkeys(names))


def columns(records: Sequence[Record]) -> dict[str, list[Any]]:
    """The values of all columns, one for each record; None where it has none."""
    return {name: [getattr(record, name) for record in records] for name in COLUMNS}


def table_text(records: Sequence[Record], form: Form, names: Sequence[str] = COLUMNS) -> str:
    """A table as text.

    Args:
        records: the rows.
        form: ``csv``: the names of the columns, then numbers with all digits, and nothing where
            there is none. ``latex``: a ``tabular`` for the package booktabs, numbers rounded.
        names: of the columns, in order.
    """
    return _latex(records, names) if form == "latex" else _csv(records, names)


def _csv(records: Sequence[Record], names: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(names)
    for record in records:
        values = [getattr(record, name) for name in names]
        writer.writerow([_shown(one) if isinstance(one, str) else one for one in values])
    return text.getvalue()


def _latex(records: Sequence[Record], names: Sequence[str]) -> str:
    aligned = "".join("l" if name in WORDS else "r" for name in names)
    rows = [[_cell(name, getattr(record, name)) for name in names] for record in records]
    lines = [
        r"% \usepackage{booktabs}",
        rf"\begin{{tabular}}{{{aligned}}}",
        r"\toprule",
        _row([_HEADS[name] for name in names]),
        r"\midrule",
        *map(_row, rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return " & ".join(cells) + r" \\"


def _cell(name: str, value: str | float | None) -> str:
    if value is None:
        return "--"
    if isinstance(value, str):
        return "".join(_ESCAPES.get(sign, sign) for sign in _shown(value))
    if name in _DIGITS:
        text = format(value, _DIGITS[name])
    else:  # a count, which may be a mean, or an SNR
        text = str(value) if isinstance(value, int) else f"{round(value, 2):.12g}"
    return f"${text}$" if text.startswith("-") else text


def _shown(text: str) -> str:
    """Without what would steer a terminal: names come from strangers' files."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)
