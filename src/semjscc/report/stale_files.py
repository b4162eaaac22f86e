"""What an earlier report left in a folder: it goes before other results stand there.

A report names its figures, so that nothing else is ever removed.
"""

import json
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from semjscc.errors import UserError, printable
from semjscc.report.panels import KINDS

REPORT = "report.html"
STRIP = "transmission.png"
COMPARISONS = "comparisons.json"
_NAMES = re.compile(r'<meta name="semjscc-figures" content="([a-z0-9 -]*)">')


def names_tag(figures: Sequence[str]) -> str:
    """What a report's head says of the figures beside it, by their names without suffix."""
    return f'<meta name="semjscc-figures" content="{" ".join(figures)}">'


def is_of_a_report(name: str) -> bool:
    """Whether a file of a report may have that name: a page, a table or a figure."""
    kinds = {"html", "json", *KINDS}
    return name.lower().rpartition(".")[2] in kinds and "." in name


def check_report(out: Path) -> None:
    """Refuse to write over a report, or comparisons, that this program has not written.

    Raises:
        UserError: there are such.
    """
    for name, is_ours in ((REPORT, _is_ours(out)), (COMPARISONS, _holds_comparisons(out))):
        if (out / name).exists() and not is_ours:
            raise UserError(
                f"{printable(str(out / name))} was not written by semjscc, and would be written "
                "over: move it away, or take another --out"
            )


def withdraw_figures(out: Path, keep: Collection[str] = ()) -> None:
    """Remove the figures that the report in a folder names, but for some."""
    for name in _figures_beside(out):
        if name not in keep:
            _remove([out / f"{name}.{kind}" for kind in KINDS])


def withdraw(out: Path) -> None:
    """Remove the report in a folder, and all that was made with it; the results stay."""
    if _is_ours(out):
        withdraw_figures(out)
        _remove([out / STRIP, out / COMPARISONS, out / REPORT])


def _is_ours(out: Path) -> bool:
    return (out / REPORT).is_file() and _NAMES.search(_head(out / REPORT)) is not None


def _holds_comparisons(out: Path) -> bool:
    try:
        content = json.loads((out / COMPARISONS).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and "comparisons" in content


def _figures_beside(out: Path) -> list[str]:
    found = _NAMES.search(_head(out / REPORT))
    return found[1].split() if found else []


def _head(report: Path) -> str:
    try:
        with report.open("rb") as stream:
            return stream.read(2**16).decode(errors="replace")
    except OSError:
        return ""


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise UserError(f"cannot remove {path}: {error.strerror or error}") from error
