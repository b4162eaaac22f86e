"""Paths and names of files as people write them, and what may be written where."""

import os
import re
from collections.abc import Iterable
from pathlib import Path

from semjscc.errors import UserError, printable

_FOLDER_NAME = re.compile(r"[\w#-][\w.#-]*")
"""What can be a folder's name wherever recipes and plans are carried out."""


def user_path(text: str) -> Path:
    """A path as a person writes it: ``~`` and ``~name`` stand for homes.

    Raises:
        UserError: there is no such home.
    """
    # To Path, ./~ is ~ as well.
    if not text.startswith("~"):
        return Path(text)
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        home = printable(Path(text).parts[0])
        raise UserError(f"{printable(text)} does not exist: nobody's home is {home}") from error


def special_kind(path: Path) -> str:
    """What a path leads to that is neither a file nor a folder; "" for these and for nothing.

    Raises:
        OSError: it cannot be looked at.
    """
    if path.is_fifo():
        return "a named pipe"
    if path.is_socket():
        return "a socket"
    return "a device" if path.is_char_device() or path.is_block_device() else ""


def cache_folder() -> Path | None:
    """Where work is kept that could be done again; None for a user without a home.

    ``SEMJSCC_CACHE``, else ``semjscc`` in ``XDG_CACHE_HOME`` or ``~/.cache``. Nobody may depend on
    it: it can be missing, full, or impossible to write.
    """
    if chosen := os.environ.get("SEMJSCC_CACHE"):
        return Path(chosen)
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "semjscc"
    except RuntimeError:
        return None


def check_folder_name(name: str) -> None:
    """Refuse a name that leads to any folder but one of its own.

    Raises:
        ValueError: it is one.
    """
    if not _FOLDER_NAME.fullmatch(name):
        raise ValueError(f"no folder can be called {name!r}: letters, digits, _ - . and # will do")


def check_writable(path: Path) -> None:
    """Whether a file can be written there, before the work whose outcome it is to hold.

    Raises:
        UserError: it cannot.
    """
    name = printable(str(path))
    if path.is_dir():
        raise UserError(f"{name} is a folder: name a file in it")
    if path.exists() and not path.is_file():
        return  # a device or named pipe, which is written to and not replaced
    place = next(parent for parent in path.absolute().parents if parent.exists())
    if not place.is_dir() or not os.access(place, os.W_OK):
        raise UserError(f"{name} cannot be written: no file can be made in {printable(str(place))}")


def keep_apart(reads: Iterable[Path], writes: Iterable[Path]) -> None:
    """Refuse to write over a file that is read, under whatever name or link.

    Raises:
        UserError: they are the same file.
    """
    sources = [path for path in reads if path.exists()]
    for target in writes:
        if target.exists() and any(target.samefile(source) for source in sources):
            raise UserError(
                f"{printable(str(target))} is what is read, and would be written over: "
                "take another --out"
            )
