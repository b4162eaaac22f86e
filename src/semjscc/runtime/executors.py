"""Where tasks are carried out: by processes of this machine or by a cluster, in one manner."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, Self

from semjscc.runtime.cluster import Cluster
from semjscc.runtime.processes import Call, Workers


class Executor(Protocol):
    """Carries out tasks; its end ends those that are at work."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def map(
        self,
        function: Callable[..., Any],
        tasks: Iterable[tuple[Any, ...]],
        on_told: Callable[[Any], object] = id,
    ) -> Iterator[tuple[int, Any]]:
        """The place of every task with its result, as they are done; see `Workers.map`.

        Args:
            function: that can be imported there.
            tasks: its arguments.
            on_told: given what the tasks `tell`.

        Raises:
            UserError: a task died.
        """
        ...


def open_executor(
    where: int | Cluster,
    what: str,
    remedy: str,
    begin: Call | None = None,
    *,
    script: bool = False,
) -> Executor:
    """Processes, or a connection to a cluster.

    Args:
        where: how many processes here; or the cluster.
        what: they are, for the message should one die, such as "a process of the evaluation".
        remedy: what the user can do then.
        begin: called before all else, in each process.
        script: whether the tasks need what the script that runs defines itself.

    Raises:
        UserError: no cluster answers, or the script cannot be read where the tasks run.
    """
    if isinstance(where, int):
        return Workers(where, what, remedy, begin, script=script)
    from semjscc.runtime.ray_tasks import RayTasks

    return RayTasks(where, what, begin, script=script)
