"""A vision model of the user's own, from a class named on the command line or in a local recipe.

Such a name is code that will run. It is taken from the user's own words only, never from a
checkpoint, a results file or a data set.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from semjscc.errors import UserError, printable
from semjscc.own_code import code_behind, is_own
from semjscc.perception.networks import build_network
from semjscc.tasks import Task, task_named


def make_network(name: str, classes: int, options: dict[str, Any]) -> nn.Module:
    """A built-in network by name, or ``my.module:Class`` called with ``classes=`` and the options.

    Raises:
        UserError: it cannot be found, or it is not a module.
    """
    if ":" not in name:
        return build_network(name, classes, options)
    with _told_in_one_line(name):
        network = getattr(_module(name), name.partition(":")[2])(classes=classes, **options)
    if not isinstance(network, nn.Module):
        raise UserError(f"{name} made a {type(network).__name__}, not a torch.nn.Module")
    return network


def make_task(name: str, options: dict[str, Any] | None = None) -> Task:
    """A built-in task by name, or ``my.module:Class`` called with the options.

    Raises:
        UserError: it cannot be found, or it is no task.
    """
    if ":" not in name:
        return task_named(name, options)
    with _told_in_one_line(name, "task"):
        task = getattr(_module(name), name.partition(":")[2])(**(options or {}))
    if not isinstance(task, Task):
        raise UserError(f"{name} made a {type(task).__name__}, not a semjscc.tasks.Task")
    task.name = name
    return task


def own_code(name: str) -> dict[str, str]:
    """What the code of ``my.module:Class`` comes to, by its module; {} where it is not known.

    Raises:
        UserError: it cannot be found.
    """
    module = name.partition(":")[0]
    if ":" not in name or not is_own(module):
        return {}
    with _told_in_one_line(name):
        _module(name)
    code = code_behind(module)
    return {} if code is None else {module: code}


def _module(name: str) -> ModuleType:
    # The user's file usually stands where the command is run, which a script's path leaves out.
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    return importlib.import_module(name.partition(":")[0])


@contextmanager
def _told_in_one_line(name: str, what: str = "network") -> Iterator[None]:
    try:
        yield
    except Exception as error:  # of any kind: it is the user's code
        reason = printable(str(error).strip().partition("\n")[0]) or type(error).__name__
        raise UserError(f"cannot make the {what} {printable(name)}: {reason}") from error
