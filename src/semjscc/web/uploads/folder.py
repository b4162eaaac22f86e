"""A private folder for what people upload.

Gradio writes every upload to its cache; here that is a folder of this process, readable by its
user alone, cleaned every half minute and removed in the end.
"""

import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

FILE_SECONDS = (30, 240)
"""How often uploads are looked through, and how old one may grow: together under 5 minutes."""


@contextmanager
def private_folder(file_seconds: tuple[float, float] = FILE_SECONDS) -> Iterator[Path]:
    """A folder for uploads that no other user can read, removed in the end, by a signal as well.

    Gradio deletes what was uploaded in full; here goes all that is old, uploads broken off too.

    Args:
        file_seconds: how often files are looked through, and how old one may grow.
    """
    often, oldest = file_seconds
    over = threading.Event()
    before = {
        signal.SIGINT: signal.getsignal(signal.SIGINT),
        signal.SIGTERM: signal.signal(signal.SIGTERM, _leave),
    }
    # The terminal was closed, which nohup wants ignored.
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, _hang_up)
    try:
        with tempfile.TemporaryDirectory(prefix="semjscc-web-", ignore_cleanup_errors=True) as name:

            def clean() -> None:
                while not over.wait(often):
                    delete_older(Path(name), oldest)

            threading.Thread(target=clean, daemon=True).start()
            try:
                yield Path(name)
            finally:
                over.set()
                for number in before:  # a second signal must not leave a part of it
                    signal.signal(number, signal.SIG_IGN)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def delete_older(folder: Path, seconds: float) -> None:
    """Delete the files under a folder that nobody has written to for so many seconds."""
    for file in folder.rglob("*"):
        with suppress(OSError):  # gone meanwhile
            if file.is_file() and time.time() - file.stat().st_mtime > seconds:
                file.unlink()


def _hang_up(_number: int, _frame: object) -> None:
    """As by SIGTERM, which the server takes for itself while it runs."""
    signal.raise_signal(signal.SIGTERM)


def _leave(number: int, _frame: object) -> None:
    """End as by Ctrl-C, so that the folder is removed."""
    raise SystemExit(128 + number)
