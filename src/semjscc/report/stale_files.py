"""What an earlier report left in a folder: it goes before other results stand there.

A report names its figures and the strip that it came with, so that nothing else is ever removed or
written over. It is written before them: a kill in between leaves no file that nobody names.
"""

import json
import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from semjscc.errors import UserError, printable
from semjscc.report.figures.gallery import FIGURES
from semjscc.report.figures.panels import KINDS

REPORT = "report.html"
STRIP = "transmission.png"
COMPARISONS = "comparisons.json"
_NAMES = re.compile(r'<meta name="semjscc-figures" content="([a-z0-9 -]*)">')


_STRIPS = re.compile(r'<meta name="semjscc-strip" content="([a-z.]*)">')
"""What reports of an earlier version lack, though the strip beside them was theirs."""


def names_tags(figures: Sequence[str], *, has_strip: bool) -> str:
    """What a report's head says of the files beside it.

    Args:
        figures: by their names without suffix.
        has_strip: whether the transmission strip beside it is ours.
    """
    strip = STRIP if has_strip else ""
    return (
        f'<meta name="semjscc-figures" content="{" ".join(figures)}">\n'
        f'<meta name="semjscc-strip" content="{strip}">'
    )


def is_of_a_report(name: str) -> bool:
    """Whether a file of a report may have that name: a page, a table or a figure."""
    kinds = {"html", "json", *KINDS}
    return name.lower().rpartition(".")[2] in kinds and "." in name


def check_report(out: Path, *, with_strip: bool = True) -> None:
    """Refuse to write over files of somebody else's, before the work that a report tells of.

    Figures are looked for by the names that they mostly have; see `check_free` for all others.

    Args:
        out: folder.
        with_strip: whether a transmission strip will be written too.

    Raises:
        UserError: there are such.
    """
    for name, is_ours in ((REPORT, _is_ours(out)), (COMPARISONS, _holds_comparisons(out))):
        if (out / name).exists() and not is_ours:
            raise UserError(
                f"{printable(str(out / name))} was not written by semjscc, and would be written "
                "over: move it away, or take another --out"
            )
    check_free(out, [*figure_files(FIGURES), *([STRIP] if with_strip else [])])


def check_free(out: Path, names: Iterable[str]) -> None:
    """Refuse to write files over others that no report of ours names.

    Args:
        out: folder.
        names: of the files in it.

    Raises:
        UserError: there are such.
    """
    ours = {*figure_files(_figures_beside(out)), *([STRIP] if has_strip(out) else [])}
    for name in names:
        if name not in ours and (out / name).exists():
            raise UserError(
                f"{printable(str(out / name))} would be written over, and no report of semjscc "
                "beside it names it: move it away, or take another --out"
            )


def figure_files(names: Iterable[str]) -> list[str]:
    """The files of figures, each in every kind."""
    return [f"{name}.{kind}" for name in names for kind in KINDS]


def has_strip(out: Path) -> bool:
    """Whether the strip in a folder, if there is one, is that of the report beside it."""
    found = _STRIPS.search(_head(out / REPORT))
    return _is_ours(out) and (found is None or found[1] == STRIP)


def withdraw_figures(out: Path, keep: Collection[str] = ()) -> None:
    """Remove the figures that the report in a folder names, but for some."""
    for name in _figures_beside(out):
        if name not in keep:
            _remove([out / file for file in figure_files([name])])


def withdraw(out: Path) -> None:
    """Remove the report in a folder, and all that was made with it; the results stay."""
    if _is_ours(out):
        withdraw_figures(out)
        strip = [out / STRIP] if has_strip(out) else []
        _remove([*strip, out / COMPARISONS, out / REPORT])


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
