"""Trainings of a plan on a cluster: in which order, and what keeps them from beginning."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from semjscc.checkpoint import MODEL
from semjscc.errors import UserError
from semjscc.experiments import trainings
from semjscc.experiments.trainings import _train_there, train_all
from semjscc.runtime.cluster import Cluster
from semjscc.runtime.folder_lock import FolderInUseError
from semjscc.training.recipe import CodecRecipe, PerceptionRecipe, Recipe
from semjscc.training.runs.run import Schedule

CLUSTER = Cluster("auto")


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The names of the trainings that were given to a cluster together, carried out by nobody."""
    given: list[list[str]] = []

    class Executor:
        def map(
            self, function: Callable[..., Any], tasks: Iterable[tuple[Any, ...]]
        ) -> Iterator[tuple[int, Any]]:
            assert function is _train_there
            tasks = list(tasks)
            given.append([recipe.name for recipe, *_ in tasks])
            for place, (recipe, folder, *_, mark, cores) in enumerate(tasks):
                assert Path(mark).is_file()
                assert (cores, folder.name) == (1, recipe.name)
                folder.mkdir()
                (folder / MODEL).touch()
                yield place, None

    monkeypatch.setattr(trainings, "open_executor", lambda *_: nullcontext(Executor()))
    monkeypatch.setattr(trainings, "_finished", lambda _, folder: (folder / MODEL).is_file())
    return given


def recipes_in(runs: Path) -> tuple[list[Recipe], dict[str, Path]]:
    """A network, another, a codec for the first, and two that start from it."""
    names = ["judge", "other", "start", "one", "two"]
    trained = {name: runs / name for name in names}
    codec = CodecRecipe(perception=str(trained["judge"]))
    start = Recipe("start", codec=codec)
    made = [Recipe(name, perception=PerceptionRecipe()) for name in names[:2]]
    made += [start]
    made += [replace(start, name=name, start=str(trained["start"])) for name in names[3:]]
    return made, trained


def test_those_side_by_side_need_none_of_one_another(
    rounds: list[list[str]], tmp_path: Path
) -> None:
    said: list[str] = []
    recipes, trained = recipes_in(tmp_path / "runs")
    train_all(recipes, trained, Schedule(), 0.0, said.append, CLUSTER)
    assert rounds == [["judge", "other"], ["start"], ["one", "two"]]
    assert [line.split(" (")[0] for line in said[:4]] == [
        "training 1 of 5: judge",
        "training 2 of 5: other",
        "training 1 of 5: judge: done",
        "training 2 of 5: other: done",
    ]
    assert {path.name for path in (tmp_path / "runs").iterdir()} == set(trained)
    (trained["one"] / MODEL).unlink()
    (trained["one"]).rmdir()
    train_all(recipes, trained, Schedule(), 0.0, said.append, CLUSTER)
    assert rounds[3:] == [["one"]]
    assert "training 5 of 5: two: done already" in said


def test_a_node_that_does_not_see_the_runs_says_so(tmp_path: Path) -> None:
    recipe, *_ = recipes_in(tmp_path)[0]
    with pytest.raises(UserError, match=f"does not see {tmp_path}/away: .* share .--runs., or no"):
        _train_there(recipe, tmp_path, Schedule(), "/", str(tmp_path / "away" / "mark"), 1)


def test_a_node_waits_for_the_process_of_a_killed_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, *_ = recipes_in(tmp_path)[0]
    mark, tries = tmp_path / "mark", list[str]()
    mark.touch()

    def train(*_: object) -> None:
        tries.append("one")
        if len(tries) < 3:
            raise FolderInUseError("at work")

    monkeypatch.setattr(trainings, "train", train)
    monkeypatch.setattr(trainings.time, "sleep", lambda _: None)
    monkeypatch.setattr(trainings.torch, "set_num_threads", lambda _: None)
    monkeypatch.setenv("SLURM_NTASKS", "4")
    monkeypatch.chdir(tmp_path)
    _train_there(recipe, tmp_path, Schedule(), str(tmp_path), str(mark), 1)
    assert len(tries) == 3
    monkeypatch.setattr(trainings, "PATIENCE_S", -1.0)
    tries.clear()
    with pytest.raises(FolderInUseError):
        _train_there(recipe, tmp_path, Schedule(), str(tmp_path), str(mark), 1)
