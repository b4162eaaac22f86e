"""What stands in a folder where an evaluation begins to write: nothing of it is lost."""

from collections.abc import Collection
from pathlib import Path

from semjscc.errors import UserError, printable
from semjscc.results.records import Record, Results, load_results, save_results
from semjscc.statistics.settings import sources

RESULTS = "results.json"
EARLIER = "results.earlier.json"
"""All that stood there before, and that a later run left out."""


def standing_results(path: Path) -> Results | None:
    """What an earlier run left; None where there is no file.

    Raises:
        UserError: a file is there that would be written over, and holds no results.
    """
    try:
        return load_results(path) if path.exists() else None
    except UserError as error:
        name = printable(str(path))
        raise UserError(
            f"{error}, and would be written over: move {name} away, or take another --out"
        ) from error


def put_aside(standing: Results, kept: Collection[str | None], path: Path) -> None:
    """Add results to those that were put aside before, if a run keeps only some of them.

    Args:
        standing: what will be written over.
        kept: fingerprints of the records that will stand there again.
        path: of the file for what was put aside.

    Raises:
        UserError: as of `standing_results`; or the file cannot be written.
    """
    if all(record.fingerprint and record.fingerprint in kept for record in standing.records):
        return
    before = standing_results(path)
    if before is None:
        save_results(standing, path)
        return
    found = {_key(record): record for record in before.records}
    new = {_key(record): record for record in standing.records}
    if any(found.get(key) != record for key, record in new.items()):
        origins = [*sources(before.meta), *sources(standing.meta)]
        save_results(Results({"sources": origins}, list((found | new).values())), path)


def _key(record: Record) -> str | Record:
    """What identifies it: an earlier version's has no fingerprint."""
    return record.fingerprint or record
