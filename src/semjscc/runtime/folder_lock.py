"""One work in a folder at a time: another would put an older state over a newer one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from semjscc.errors import UserError, printable

try:
    import fcntl
except ImportError:  # no POSIX system
    fcntl = None


class FolderInUseError(UserError):
    """Another command is at work in a folder."""


@contextmanager
def alone_in(folder: Path, options: str = "--out") -> Iterator[None]:
    """Hold a folder until the end, that of the process included.

    The further processes of one training come with its first. Where files cannot be locked, as in
    some file systems, nothing is held.

    Args:
        folder: made where it does not exist.
        options: those by which a person chooses another.

    Raises:
        FolderInUseError: another command holds it.
    """
    if fcntl is None or os.environ.get("LOCAL_RANK", "0") != "0":
        yield
        return
    descriptor = None
    with suppress(OSError):  # what keeps files from being made is told where results are written
        folder.mkdir(parents=True, exist_ok=True)
        # The folder itself is held: no file of ours is left in it.
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        if descriptor is not None:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise FolderInUseError(
                    f"another command is at work in {printable(str(folder))}: wait for its end, or "
                    f"choose another folder ({options})"
                ) from error
            except OSError:  # no locks here
                pass
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)
