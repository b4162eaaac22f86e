"""Work shared out among processes, which a signal ends at any moment.

Each has a pipe of its own, and one thread here serves them all: the threads of the standard
library's pools wait for one another for good where a signal comes while processes start.
"""

import atexit
import gc
import multiprocessing
import os
import pickle
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import ModuleType
from typing import Any, Self

from semjscc.errors import UserError
from semjscc.runtime.notes import are_in_one_line, show_in_one_line
from semjscc.runtime.signals import signals_held_back

_READY, _TOLD, _DONE, _RAISED = range(4)
"""What a message of a worker is."""

Call = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function that a worker can import, and its arguments."""


def cores() -> int:
    """How many this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def needs_script(content: bytes) -> bool:
    """Whether what was pickled there holds what the script that runs has defined itself."""
    return b"__main__" in content


def script_can_start_again() -> bool:
    """Whether a process can read the script that runs, as none can from standard input."""
    script = sys.modules["__main__"]
    place = getattr(script, "__file__", None)
    return script.__spec__ is not None or (place is not None and Path(place).is_file())


@dataclass
class _Worker:
    """A process, our end of its pipe, whether it waits for work, and the task that it is at."""

    process: SpawnProcess
    pipe: Connection
    has_begun: bool = False
    is_idle: bool = False
    place: int | None = None


class Workers:
    """Processes that wait for work; signals to stop are left to this one, whose end is theirs.

    Args:
        count: how many.
        what: they are, for the message should one die, such as "a process that draws".
        remedy: what the user can do then.
        begin: called in each of them before all else.
        script: whether they need what the script that runs defines itself, and so read it again.

    Raises:
        UserError: they need the script, which cannot be read again.
    """

    def __init__(
        self, count: int, what: str, remedy: str, begin: Call | None = None, *, script: bool = False
    ) -> None:
        if getattr(multiprocessing.current_process(), "_inheriting", False):
            # A script without a guard, read again by a worker; the first process says so.
            raise SystemExit(1)
        if script and not script_can_start_again():
            raise UserError(
                "other processes cannot read what a script from standard input defines: put it"
                f" into a file, or {remedy}"
            )
        self._what, self._remedy = what, remedy
        self._begin = None if begin is None else pickle.dumps(begin)
        self._workers: list[_Worker] = []
        atexit.register(self.close)
        resource_tracker.ensure_running()  # it would let signals through again
        for _ in range(count):
            with signals_held_back(), nullcontext() if script else _without_script():
                self._workers.append(_start())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def map(
        self,
        function: Callable[..., Any],
        tasks: Iterable[tuple[Any, ...]],
        on_told: Callable[[Any], object] = id,
    ) -> Iterator[tuple[int, Any]]:
        """The place of every task with its result, as they are done.

        An error, a signal, or a caller who wants no more ends the processes at once.

        Args:
            function: that the workers can import.
            tasks: its arguments; drawn as there are workers for them.
            on_told: given what the workers `tell`.

        Raises:
            UserError: a process died.
        """
        assert self._workers, "they have been ended"
        try:
            yield from self._map(function, tasks, on_told)
        except BaseException:
            self.close()
            raise

    def _map(
        self,
        function: Callable[..., Any],
        tasks: Iterable[tuple[Any, ...]],
        on_told: Callable[[Any], object],
    ) -> Iterator[tuple[int, Any]]:
        waiting = enumerate(tasks)
        following = next(waiting, None)
        while following is not None or any(one.place is not None for one in self._workers):
            for worker in self._workers:
                if worker.is_idle and following is not None:
                    worker.place, arguments = following
                    self._send(worker, pickle.dumps((function, arguments)))
                    following = next(waiting, None)
            busy = {worker.pipe: worker for worker in self._workers if not worker.is_idle}
            for pipe in wait(list(busy)):
                worker = busy[pipe]  # pyright: ignore[reportArgumentType]
                kind, content = self._receive(worker)
                if kind == _RAISED:
                    raise content
                if kind == _TOLD:
                    on_told(content)
                    continue
                if kind == _READY:
                    worker.has_begun = True
                    if self._begin is not None:
                        self._send(worker, self._begin)
                        continue
                worker.is_idle, place, worker.place = True, worker.place, None
                if place is not None:
                    yield place, content

    def _send(self, worker: _Worker, message: bytes) -> None:
        worker.is_idle = False
        try:
            worker.pipe.send_bytes(message)
        except OSError as error:
            raise self._death(worker) from error

    def _receive(self, worker: _Worker) -> tuple[int, Any]:
        try:
            message = worker.pipe.recv_bytes()
        except (EOFError, OSError) as error:
            raise self._death(worker) from error
        return pickle.loads(message)  # of our child's

    def _death(self, worker: _Worker) -> UserError:
        if worker.has_begun:
            return UserError(f"{self._what} died, most often for want of memory: {self._remedy}")
        return UserError(
            f"{self._what} could not start: a script that asks for it does so below"
            f' if __name__ == "__main__", or {self._remedy}'
        )

    def close(self) -> None:
        """End the processes, whatever they are at."""
        atexit.unregister(self.close)
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.process.kill()
            worker.pipe.close()
        for worker in workers:
            worker.process.join()


def _start() -> _Worker:
    # Forking a process that runs torch's threads can hang.
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    with theirs:
        process = context.Process(target=_serve, args=(theirs, are_in_one_line()))
        process.start()
    return _Worker(process, ours)  # pyright: ignore[reportArgumentType]


@contextmanager
def _without_script() -> Iterator[None]:
    """Let a process that is started not read the script that runs, whose work it would repeat."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


_here: dict[str, Callable[[Any], object]] = {}
"""In a worker: how to tell its parent something."""


def tell(content: Any) -> None:
    """In a worker: something for the parent's ``on_told``."""
    _here["tell"](content)


def tell_by(way: Callable[[Any], object]) -> None:
    """In a process that works for another: what `tell` does."""
    _here["tell"] = way


def _serve(pipe: Connection, notes_in_one_line: bool) -> None:
    """The life of a worker, which warns as the process does that it works for."""
    if notes_in_one_line:
        show_in_one_line()
    sys.stdout = sys.stderr  # what code of the user's own prints is no answer of the parent's
    threading.Thread(target=_end_with_parent, daemon=True).start()
    tell_by(lambda content: pipe.send_bytes(pickle.dumps((_TOLD, content))))
    with suppress(EOFError, OSError):  # the parent has ended
        pipe.send_bytes(pickle.dumps((_READY, None)))
        while True:
            pipe.send_bytes(answer(pipe.recv_bytes()))


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def answer(message: bytes) -> bytes:
    """What came of a pickled `Call`: its result, or the error, see `result_of`."""
    try:
        function, arguments = _read(message)
        return pickle.dumps((_DONE, function(*arguments)))
    except BaseException as error:
        return raised(error)


def raised(error: BaseException) -> bytes:
    """The answer of a task that failed."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        answer = pickle.dumps((_RAISED, error))
        pickle.loads(answer)  # not every error can be read again
    except Exception:
        return pickle.dumps((_RAISED, RuntimeError("\n".join(error.__notes__))))
    return answer


def result_of(answer: bytes) -> Any:
    """The result that an `answer` holds; its error is raised."""
    kind, content = pickle.loads(answer)  # of our worker's
    if kind == _RAISED:
        raise content
    return content


def _read(message: bytes) -> Call:
    """Of our parent's; what it imports stays, and the collector would look at all of it in vain."""
    gc.disable()
    try:
        return pickle.loads(message)
    finally:
        gc.enable()
