"""What a vision model is for: its targets, scores, losses, and what its results are worth."""

from semjscc.errors import UserError, did_you_mean, printable
from semjscc.tasks.base import Task
from semjscc.tasks.classification import Classification
from semjscc.tasks.detection import Detection
from semjscc.tasks.segmentation import Segmentation

__all__ = ["TASKS", "Classification", "Detection", "Segmentation", "Task", "task_named"]

TASKS: dict[str, type[Task]] = {
    task.name: task for task in (Classification, Segmentation, Detection)
}


def task_named(name: str, options: dict[str, object] | None = None) -> Task:
    """A built-in task by its name.

    Raises:
        UserError: there is none, or it has no such options.
    """
    if name not in TASKS:
        known = ", ".join(TASKS)
        raise UserError(
            f"no task '{printable(name)}'" + (did_you_mean(name, TASKS) or f": there are {known}")
        )
    try:
        return TASKS[name](**(options or {}))
    except (TypeError, ValueError) as error:
        raise UserError(f"the task {name}: {printable(str(error))}") from error
