"""The processes of one training: if one dies the others end too, and the first one says why.

The first starts the others, which run its command again; Lightning would kill it without a word.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen
from typing import Self

import lightning as L
from lightning.pytorch.callbacks import Callback

from semjscc.errors import UserError, printable
from semjscc.training.runs.state import RESUME

FIRST = "SEMJSCC_FIRST_PROCESS"
"""The environment variable by which the others know the first one's number."""
_EVERY_S = 0.25
PATIENCE_S = 10.0
"""For the first process, before another one tells its error."""
_ASKED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Signals that somebody sends to end a training: who ended so did not fail."""


@contextmanager
def first_speaks() -> Iterator[None]:
    """Where this process is not the training's first: end as soon as that one has ended.

    It may have been killed, and would be waited for in vain. What is wrong with a training is wrong
    in every process, so that an error here gives the first one time to tell its own and to end.
    """
    first = os.environ.get(FIRST)
    if first is None or os.environ.get("LOCAL_RANK", "0") == "0":
        yield
        return
    threading.Thread(target=_end_with, args=(int(first),), daemon=True).start()
    try:
        yield
    except UserError:
        time.sleep(PATIENCE_S)
        raise


def _end_with(first: int) -> None:
    while os.getppid() == first:
        time.sleep(_EVERY_S)
    os._exit(1)


class Watch(Callback):
    """Looks after the other processes; where one was killed, says so and ends this one.

    The training itself waits for the dead one, and no error could be raised in it.

    Args:
        folder: the run's.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._over = threading.Event()

    @contextmanager
    def over(self, trainer: L.Trainer) -> Iterator[Self]:
        """While the trainer starts the others and trains with them."""
        is_first = os.environ.get(FIRST) is None
        if is_first:
            os.environ[FIRST] = str(os.getpid())
        threading.Thread(target=self._look, args=(trainer,), daemon=True).start()
        try:
            yield self
        except Exception:
            # It may be what a lost connection comes to; the watch then has a better word for it.
            time.sleep(2 * _EVERY_S)
            raise
        finally:
            self._over.set()
            if is_first:
                del os.environ[FIRST]

    def on_exception(
        self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException
    ) -> None:
        """Look away where a signal came: Lightning now kills the others itself."""
        del trainer, pl_module
        if not isinstance(exception, Exception):
            self._over.set()

    def _look(self, trainer: L.Trainer) -> None:
        while not self._over.wait(_EVERY_S):
            others: list[Popen[bytes]] = list(getattr(trainer.strategy.launcher, "procs", ()))
            if any(was_killed(one.poll()) for one in others) and not self._over.is_set():
                print(f"semjscc: {death(self._folder)}", file=sys.stderr, flush=True)
                for one in others:
                    one.kill()
                os._exit(2)


def was_killed(code: int | None) -> bool:
    """Whether a process that ended with this code was killed, and has said nothing itself."""
    return code is not None and code < 0 and -code not in _ASKED


def death(folder: Path) -> str:
    """What to say when a process has died, in one line."""
    kept, goes_on = kept_state(folder)
    return (
        f"a process of the training died, most often for want of memory: {kept}; run the same "
        f"command {goes_on}, or with fewer --processes"
    )


def kept_state(folder: Path) -> tuple[str, str]:
    """What of a run that was left is kept, and what running its command once more does."""
    name = printable(str(folder))
    if (folder / RESUME).is_file():
        return f"the last state saved is kept in {name}", "again to go on from there"
    return f"no state had been saved yet in {name}", "again"
