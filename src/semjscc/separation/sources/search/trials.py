"""What compressing an image with a setting gave, kept on disk across runs.

One SQLite file in WAL mode. Rows are written in whole transactions, so that a run killed at any
point leaves what was finished. Only the process that opened the cache touches it.
"""

import hashlib
import sqlite3
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from semjscc.errors import printable
from semjscc.separation.sources.base import SCALES, Accounting, Pixels, Setting, SourceCoder

_FORMAT = 1
"""Counted up when payloads or PSNRs of the same setting change for a reason not in the key."""

_LOCK_S = 60.0

_TABLE = """
CREATE TABLE IF NOT EXISTS trials (
    image BLOB, scale INTEGER, variant INTEGER, quality INTEGER,
    length INTEGER NOT NULL, psnr_db REAL, payload BLOB,
    PRIMARY KEY (image, scale, variant, quality)
) WITHOUT ROWID
"""


@dataclass(frozen=True)
class Trial:
    """One image compressed with one setting.

    Attributes:
        length: of the payload in bytes.
        psnr_db: of the image that comes back; None where nobody has looked.
        payload: None where it was longer than any budget and so not kept.
    """

    length: int
    psnr_db: float | None
    payload: bytes | None


Trials = Mapping[Setting, Trial]


def image_key(image: Pixels, coder: SourceCoder, accounting: Accounting) -> bytes:
    """16 bytes that tell apart whatever changes a trial, but for the setting."""
    parts = (
        _FORMAT, coder.name, coder.version(), coder.variants, coder.qualities, SCALES, accounting,
        image.shape,
    )  # fmt: skip
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=16)
    digest.update(image.tobytes())
    return digest.digest()


_LOST: set[Path] = set()
"""Caches out of reach: this is told once, and waited for once."""


class TrialCache:
    """The trials on disk; a context manager.

    A cache is wanted and never needed: where the file is out of reach (read-only, locked, a full
    disk), one line says so, and nothing is found or kept.

    Args:
        path: the file; made where it is missing, moved aside where it is damaged.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = None if path in _LOST else self._open()

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()

    def read(self, key: bytes, longest: int) -> dict[Setting, Trial]:
        """All trials of an image, with the payloads of at most ``longest`` bytes."""
        if self._connection is None:
            return {}
        query = (
            "SELECT scale, variant, quality, length, psnr_db,"
            " CASE WHEN length <= ? THEN payload END FROM trials WHERE image = ?"
        )
        try:
            rows = self._connection.execute(query, (longest, key)).fetchall()
        except sqlite3.DatabaseError as error:
            self._replace(error)
            return {}
        return {Setting(*row[:3]): Trial(*row[3:]) for row in rows if _is_whole(*row[3:])}

    def write(self, trials: Iterable[tuple[bytes, Trials]]) -> None:
        """Keep the trials of some images, all or none."""
        rows = [
            (key, at.scale, at.variant, at.quality, trial.length, trial.psnr_db, trial.payload)
            for key, found in trials
            for at, trial in found.items()
        ]
        try:
            self._insert(rows)
        except sqlite3.DatabaseError as error:
            self._replace(error)
            self._insert(rows)

    def _insert(self, rows: list[tuple[Any, ...]]) -> None:
        if self._connection is not None:
            with self._connection:
                insert = "INSERT OR REPLACE INTO trials VALUES (?, ?, ?, ?, ?, ?, ?)"
                self._connection.executemany(insert, rows)

    def _open(self) -> sqlite3.Connection | None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return _connect(self._path)
        except (OSError, sqlite3.DatabaseError) as error:
            return self._begin_anew(error)

    def _replace(self, error: sqlite3.DatabaseError) -> None:
        self.close()
        self._connection = self._begin_anew(error)

    def _begin_anew(self, error: OSError | sqlite3.DatabaseError) -> sqlite3.Connection | None:
        """A new file where the old one is damaged; none where it is merely out of reach."""
        name = printable(str(self._path))
        try:
            # The file is whole then, and must stay.
            if isinstance(error, OSError | sqlite3.OperationalError):
                raise error
            aside = Path(f"{self._path}.damaged")
            self._path.replace(aside)
            for suffix in ("-wal", "-shm"):
                Path(f"{self._path}{suffix}").unlink(missing_ok=True)
            _warn(
                f"the cache {name} is damaged ({error}); a new one is begun, the old one is now "
                f"{printable(str(aside))}"
            )
            return _connect(self._path)
        except (OSError, sqlite3.DatabaseError) as reason:
            _LOST.add(self._path)
            _warn(f"the cache {name} cannot be used, and the work is done without it: {reason}")
            return None


def _warn(text: str) -> None:
    print(f"semjscc: warning: {text}", file=sys.stderr)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_LOCK_S)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_TABLE)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _is_whole(length: object, psnr_db: object, payload: object) -> bool:
    return (
        isinstance(length, int)
        and isinstance(psnr_db, float | None)
        and (payload is None or (isinstance(payload, bytes) and len(payload) == length))
    )
