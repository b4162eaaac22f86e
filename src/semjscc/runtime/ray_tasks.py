"""Tasks on a Ray cluster. Ray shares them out, and repeats those that a dead node was at."""

import logging
import pickle
import signal
import threading
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.metadata import version
from typing import Any, Self

import semjscc
from semjscc.errors import UserError, UserNote, first_line, printable
from semjscc.runtime.cluster import Cluster, Needs, check_reachable, no_cluster
from semjscc.runtime.processes import Call, answer, raised, result_of, tell_by
from semjscc.runtime.signals import STOPS

RETRIES = 3
"""How often a task is repeated whose process or node died."""
PATIENCE_S = 10.0
"""For tasks that are asked to end, such as a training that saves its state."""


def _ray() -> Any:
    """The package, which only the extra `cluster` brings."""
    return import_module("ray")


class RayTasks:
    """A connection to a cluster, on which tasks are carried out; its end ends them.

    Where the process is connected to a cluster already (``ray.init``), it is that one, and the
    connection stays.

    Args:
        cluster: which, and what each task needs.
        what: the tasks' processes are, for the message should one die again and again.
        begin: called once in each process before its first task. It travels through Ray's object
            store, once to each node.
        script: whether the tasks need what the script that runs defines itself.

    Raises:
        UserError: no cluster answers, or the tasks need the script, which no node can read.
    """

    def __init__(
        self, cluster: Cluster, what: str, begin: Call | None = None, *, script: bool = False
    ) -> None:
        if script:
            raise UserError(
                "a cluster cannot read what the script that runs defines: put it into a module that"
                " its nodes can import, or leave --cluster out"
            )
        self._is_ours = connect(cluster.address)
        ray = _ray()
        self._cluster, self._what = cluster, what
        self._pending: dict[Any, int] = {}
        try:
            _tell_of_lacks(cluster.needs)
            # In a list it is not fetched for every task.
            self._begin = [ray.put(pickle.dumps(begin))]
            self._key = uuid.uuid4().hex
            needs = cluster.needs
            self._remote = ray.remote(_carry_out).options(
                num_cpus=needs.cores,
                num_gpus=needs.gpus,
                memory=needs.memory,
                max_retries=RETRIES,
                name=what,
            )
        except BaseException:
            self.close()
            raise

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
        """The place of every task with its result, as they are done; see `Executor.map`.

        What a task tells arrives with its result.
        """
        ray = _ray()
        waiting = enumerate(tasks)
        following = next(waiting, None)
        try:
            while following is not None or self._pending:
                while following is not None and self._has_room():
                    place, arguments = following
                    message = pickle.dumps((function, arguments))
                    task = self._remote.remote(self._key, self._begin, _versions(), message)
                    self._pending[task] = place
                    following = next(waiting, None)
                (done,), _ = ray.wait(list(self._pending), num_returns=1)
                told, notes, answered = self._result(done)
                place = self._pending.pop(done)
                for note in notes:
                    warnings.warn(note, UserNote, stacklevel=2)
                for content in told:
                    on_told(content)
                yield place, result_of(answered)
        finally:
            self._end_tasks()

    def _has_room(self) -> bool:
        most = self._cluster.at_once
        return most is None or len(self._pending) < most

    def _result(self, task: Any) -> tuple[list[Any], list[str], bytes]:
        ray = _ray()
        exceptions = ray.exceptions
        try:
            return ray.get(task)
        except exceptions.RayTaskError as error:
            # What is raised in the task itself comes as an answer: the task did not come to it.
            raise UserError(
                "a node of the cluster cannot run semjscc, which must be installed there in the "
                f"same version: {first_line(error.cause if error.cause is not None else error)}"
            ) from error
        except exceptions.RayError as error:
            raise UserError(
                f"{self._what} died {RETRIES + 1} times on the cluster, most often for want of "
                "memory: say how many GiB each needs (--needs memory=8), or take fewer or smaller "
                "images"
            ) from error

    def _end_tasks(self) -> None:
        """Ask those that are at work to end, and then make them."""
        tasks, self._pending = list(self._pending), {}
        if not tasks:
            return
        ray = _ray()
        with suppress(Exception):  # the cluster may be gone
            for force in (False, True):
                for task in tasks:
                    ray.cancel(task, force=force)
                _, tasks = ray.wait(tasks, num_returns=len(tasks), timeout=PATIENCE_S)
                if not tasks:
                    return

    def close(self) -> None:
        """End the tasks, and the connection if it is ours."""
        self._end_tasks()
        if self._is_ours:
            self._is_ours = False
            with signals_kept():
                _ray().shutdown()


def connect(address: str) -> bool:
    """Connect this process to a cluster; False where it is connected to one already.

    Raises:
        UserError: no cluster answers, or one that cannot be used from here.
    """
    check_reachable(address)
    ray = _ray()
    if ray.is_initialized():
        return False
    with signals_kept():
        try:
            # What workers print stays in Ray's own logs: standard output is for answers alone.
            ray.init(address, log_to_driver=False, logging_level=logging.CRITICAL)
            _hush()
        except (ConnectionError, RuntimeError, TimeoutError, ValueError, AssertionError) as error:
            with suppress(Exception):
                ray.shutdown()
            raise UserError(no_cluster(address, first_line(error).rstrip("."))) from error
    return True


def _hush() -> None:
    """Keep from standard output what Ray says there of dead processes and nodes all the same."""
    worker: Any = import_module("ray._private.worker")
    if hasattr(worker, "print_to_stdstream"):
        worker.print_to_stdstream = lambda *_, **__: None  # what matters comes as an exception


@contextmanager
def signals_kept() -> Iterator[None]:
    """Signals do afterwards what they did before: Ray sets a handler of its own for SIGTERM."""
    here = threading.current_thread() is threading.main_thread()
    before = {number: signal.getsignal(number) for number in STOPS} if here else {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell_of_lacks(needs: Needs) -> None:
    """Say so where no node has what a task needs: it waits for one that has."""
    ray = _ray()
    wanted = {"CPU": needs.cores, "GPU": needs.gpus, "memory": needs.memory or 0}
    nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
    if not any(all(node.get(key, 0) >= wanted[key] for key in wanted) for node in nodes):
        warnings.warn(
            f"no node of the cluster has {needs.describe()} now: the work waits for one that has "
            "(--needs says what each task takes)",
            UserNote,
            stacklevel=2,
        )


def _versions() -> dict[str, str]:
    """Of what decides numbers, or must be the same on all nodes."""
    own = {"semjscc": semjscc.__version__}
    return own | {name: version(name) for name in ("torch", "numpy")}


_begun: set[str] = set()
"""On a node: the one connection whose work this process has begun."""


def _carry_out(
    key: str, begin: list[Any], versions: dict[str, str], message: bytes
) -> tuple[list[Any], list[str], bytes]:
    """On a node: what a task told, the notes for the user, and the answer."""
    told: list[Any] = []
    tell_by(told.append)
    with _notes() as notes:
        try:
            if key not in _begun:
                _get_ready(key, begin, versions)
        except BaseException as error:
            return told, notes, raised(error)
        return told, notes, answer(message)


def _get_ready(key: str, begin: list[Any], versions: dict[str, str]) -> None:
    ray = _ray()
    _begun.clear()
    here = _versions()
    if wrong := [name for name, wanted in versions.items() if here[name] != wanted]:
        name = wrong[0]
        raise UserError(
            f"a node of the cluster ({printable(ray.util.get_node_ip_address())}) has {name} "
            f"{here[name]}, and this machine {versions[name]}: install one version on all"
        )
    call: Call | None = pickle.loads(ray.get(begin[0]))
    if call is not None:
        function, arguments = call
        function(*arguments)
    _begun.add(key)


@contextmanager
def _notes() -> Iterator[list[str]]:
    """Collect the notes for the user; other warnings go where they go."""
    found: list[str] = []
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *more: Any, **named: Any) -> None:
            if issubclass(category, UserNote):
                found.append(str(message))
            else:
                usual(message, category, *more, **named)

        warnings.showwarning = show
        yield found
