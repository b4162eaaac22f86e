"""The trainings of a plan, one after the other here, or side by side on a cluster."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import monotonic

import torch

from semjscc.checkpoint import MODEL
from semjscc.errors import UserError, printable
from semjscc.experiments.references import references
from semjscc.experiments.time_left import Pace
from semjscc.runtime.cluster import Cluster
from semjscc.runtime.executors import open_executor
from semjscc.runtime.folder_lock import FolderInUseError
from semjscc.training.inputs import inputs_today, keep_inputs
from semjscc.training.recipe import Recipe
from semjscc.training.runs.run import Schedule, is_done
from semjscc.training.runs.state import RESUME
from semjscc.training.train import train

Say = Callable[[str], object]
PATIENCE_S = 90.0
"""For a shared file system to show on one machine what another one did there."""


def train_all(
    recipes: Sequence[Recipe],
    trained: Mapping[str, Path],
    schedule: Schedule,
    began: float,
    say: Say,
    cluster: Cluster | None = None,
) -> None:
    """Train what is not trained yet.

    Args:
        recipes: in order, each with places in the stead of the names of those before it.
        trained: the folder of each run.
        schedule: of each.
        began: when the plan began, as of `monotonic`.
        say: given a line whenever something begins, or ends on a cluster.
        cluster: where those are trained side by side that need none of one another.

    Raises:
        UserError: as of `train`; or a node of the cluster does not see the runs' folders.
    """
    if cluster is None:
        _train_here(recipes, trained, schedule, began, say)
    else:
        _train_on(cluster, recipes, trained, replace(schedule, progress=False), began, say)


def _train_here(
    recipes: Sequence[Recipe],
    trained: Mapping[str, Path],
    schedule: Schedule,
    began: float,
    say: Say,
) -> None:
    pace = Pace("trainings")
    for recipe in recipes:
        place, folder = _numbered(recipes, recipe), trained[recipe.name]
        if _finished(recipe, folder):
            say(f"{place}: done already")
            continue
        say(f"{place} {pace.describe(monotonic() - began, _steps_left(recipes, trained))}")
        steps = _steps(recipe, folder)
        start = monotonic()
        train(recipe, folder, schedule)
        pace = pace.after(steps, monotonic() - start)


def _train_on(
    cluster: Cluster,
    recipes: Sequence[Recipe],
    trained: Mapping[str, Path],
    schedule: Schedule,
    began: float,
    say: Say,
) -> None:
    pace = Pace("trainings")
    names = "a process that trains", "leave --cluster out"
    todo = list(recipes)
    while todo:
        made_later = {str(trained[one.name]) for one in todo}
        ready = [
            one for one in todo if made_later.isdisjoint(name for _, name, _ in references(one))
        ]
        todo = [one for one in todo if one not in ready]
        wanted: list[Recipe] = []
        for recipe in ready:
            done = _finished(recipe, trained[recipe.name])
            time_left = pace.describe(monotonic() - began, _steps_left(recipes, trained))
            say(f"{_numbered(recipes, recipe)}{': done already' if done else f' {time_left}'}")
            wanted += [] if done else [recipe]
        if not wanted:
            continue
        steps = [_steps(recipe, trained[recipe.name]) for recipe in wanted]
        start = monotonic()
        folders = [trained[recipe.name].absolute() for recipe in wanted]
        with _marks(folders) as marks, open_executor(cluster, *names) as executor:
            tasks = [
                (recipe, folder, schedule, str(Path.cwd()), mark, cluster.needs.cores)
                for recipe, folder, mark in zip(wanted, folders, marks, strict=True)
            ]
            for place, _ in executor.map(_train_there, tasks):
                _wait_for(folders[place] / MODEL)
                pace = Pace(pace.kind, pace.done + steps[place], pace.seconds)
                say(f"{_numbered(recipes, wanted[place])}: done")
        pace = replace(pace, seconds=pace.seconds + monotonic() - start)


def _train_there(
    recipe: Recipe, folder: Path, schedule: Schedule, working: str, mark: str, threads: int
) -> None:
    """On a node: train, as the command would in its working folder."""
    if not Path(mark).is_file():
        raise UserError(
            f"a node of the cluster does not see {printable(str(Path(mark).parent))}: trainings "
            "need a folder that all nodes share (--runs), or no --cluster"
        )
    os.chdir(working)  # what a recipe names may be told from there
    # A cluster that SLURM started: the tasks of that job are no processes of this training.
    os.environ.pop("SLURM_NTASKS", None)
    torch.set_num_threads(threads)
    until = monotonic() + PATIENCE_S
    while True:
        try:
            train(recipe, folder, schedule)
        except (
            FolderInUseError
        ):  # by the process of a command that was killed, which is about to end
            if monotonic() > until:
                raise
            time.sleep(1)
        else:
            return


@contextmanager
def _marks(folders: Sequence[Path]) -> Iterator[list[str]]:
    """A file beside each run, by which a node knows that it sees what this machine sees."""
    made: list[str] = []
    try:
        for folder in folders:
            folder.parent.mkdir(parents=True, exist_ok=True)
            with NamedTemporaryFile(dir=folder.parent, prefix=".shared-", delete=False) as file:
                made.append(file.name)
        yield made
    except OSError as error:
        raise UserError(f"cannot write to {error.filename}: {error.strerror or error}") from error
    finally:
        for name in made:
            Path(name).unlink(missing_ok=True)


def _wait_for(file: Path) -> None:
    """Until this machine sees what a node has written."""
    until = monotonic() + PATIENCE_S
    while not file.is_file() and monotonic() < until:
        time.sleep(0.5)


def _finished(recipe: Recipe, folder: Path) -> bool:
    """Whether the run has its weights, from this recipe and from what that refers to today."""
    if not is_done(recipe, folder):
        return False
    keep_inputs(folder, inputs_today(recipe))
    return True


def _numbered(recipes: Sequence[Recipe], recipe: Recipe) -> str:
    return f"training {recipes.index(recipe) + 1} of {len(recipes)}: {recipe.name}"


def _steps(recipe: Recipe, folder: Path) -> int:
    # One that goes on where it was stopped takes fewer steps than its recipe says.
    return 0 if (folder / RESUME).is_file() else recipe.optimiser.steps


def _steps_left(recipes: Sequence[Recipe], trained: Mapping[str, Path]) -> int:
    ahead = [one for one in recipes if not (trained[one.name] / MODEL).is_file()]
    return sum(one.optimiser.steps for one in ahead)
