"""One training in a run's folder at a time: another would put an older state over a newer one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from semjscc.errors import UserError, printable

try:
    import fcntl
except ImportError:  # no POSIX system
    fcntl = None

LOCK = ".lock"
"""A file of the run's folder, which stays: who holds it says the system, not that it is there."""


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a run's folder until the end, that of the process included.

    The further processes of one training come with its first. Where files cannot be locked, as in
    some file systems, nothing is held.

    Raises:
        UserError: another training holds it.
    """
    if fcntl is None or os.environ.get("LOCAL_RANK", "0") != "0":
        yield
        return
    descriptor = None
    with suppress(OSError):  # what keeps files from being made is told where results are written
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if descriptor is not None:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UserError(
                    f"another training goes on in {printable(str(folder))}: wait for its end, or "
                    "choose another folder (train --out, reproduce --runs)"
                ) from error
            except OSError:  # no locks here
                pass
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
