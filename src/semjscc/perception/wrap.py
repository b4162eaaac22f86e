"""A vision model and a task: built in, or the user's own, see `semjscc.parts.named`."""

from typing import Any

from torch import nn

from semjscc.errors import UserError, printable
from semjscc.parts.named import make_part
from semjscc.perception.built_in.networks import build_network
from semjscc.tasks import Task, task_named


def make_network(name: str, classes: int, options: dict[str, Any]) -> nn.Module:
    """A built-in network by name, or ``my.module:Class`` called with ``classes=`` and the options.

    Raises:
        UserError: it cannot be found, or it is not a module.
    """
    if ":" not in name:
        return build_network(name, classes, options)
    if "classes" in options:  # else Python would say it in the words of this function
        raise UserError(f"the network {printable(name)}: classes is no option, the data say it")
    return make_part(name, "network", nn.Module, {"classes": classes, **options})


def make_task(name: str, options: dict[str, Any] | None = None) -> Task:
    """A built-in task by name, or ``my.module:Class`` called with the options.

    Raises:
        UserError: it cannot be found, or it is no task.
    """
    if ":" not in name:
        return task_named(name, options)
    task = make_part(name, "task", Task, options)
    task.name = name
    return task
