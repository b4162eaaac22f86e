"""One report from several results files, as ``report`` and ``reproduce`` write it."""

import json
from collections.abc import Sequence
from pathlib import Path

from semjscc.checkpoint import write_atomically
from semjscc.errors import UserError, printable
from semjscc.experiments.evaluation import prepare
from semjscc.experiments.existing_results import RESULTS
from semjscc.report.report import publish
from semjscc.report.stale_files import COMPARISONS, STRIP
from semjscc.results.records import load_results
from semjscc.runtime.folder_lock import alone_in
from semjscc.statistics.analysis import Analysis, to_json
from semjscc.statistics.selection import Selection
from semjscc.statistics.settings import merge


def report_on(
    paths: Sequence[Path],
    out: Path,
    *,
    candidate: str | None = None,
    against: Sequence[str] | None = None,
    selection: Selection | None = None,
    width: float | None = None,
) -> Analysis:
    """Write figures and report from results files, see `publish`, and ``comparisons.json``.

    Args:
        paths: results files; a strip that evaluate left beside one comes along.
        out: folder.
        candidate: see `analyse`.
        against: see `analyse`.
        selection: which links and ratios are shown, see `publish`; all where there is none.
        width: of the figures, see `publish`.

    Raises:
        UserError: as of `load_results`, `merge` and `publish`; or there is no record.
    """
    results = merge([load_results(path) for path in paths])
    if not results.records:
        names = printable(", ".join(map(str, paths)))
        raise UserError(f"nothing was measured in {names}: there is nothing to report")
    prepare(out, with_strip=False)
    with alone_in(out):
        strips = _strips(paths)
        analysis = publish(
            results,
            out,
            pictures=strips,
            candidate=candidate,
            against=against,
            selection=selection or Selection(),
            width=width,
        )
        text = json.dumps(to_json(analysis), indent=1) + "\n"
        write_atomically(out / COMPARISONS, lambda temporary: temporary.write_text(text))
    return analysis


def _strips(paths: Sequence[Path]) -> dict[str, Path]:
    """The transmission strips that evaluate left beside its results."""
    found = [path.with_name(STRIP) for path in paths if path.name == RESULTS]
    there = [path for path in dict.fromkeys(found) if path.is_file()]
    if len(there) == 1:
        return {"What arrived": there[0]}
    return {f"What arrived: {path.parent.name}": path for path in there}
