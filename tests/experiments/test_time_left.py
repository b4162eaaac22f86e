"""What a plan says of the time: with made-up durations."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from semjscc.checkpoint import MODEL
from semjscc.experiments import run, trainings
from semjscc.experiments.plan import Evaluation, Plan, Training
from semjscc.experiments.time_left import Pace
from semjscc.training.recipe import Recipe, save_recipe
from semjscc.training.runs.run import RECIPE, RESUME


def test_nothing_is_foretold_before_anything_was_carried_out() -> None:
    assert Pace("trainings").describe(725, left=300) == "(0:12:05 gone)"
    assert Pace("trainings").after(0, 60).describe(725, left=300) == "(0:12:05 gone)"


def test_time_left_goes_by_all_the_work_so_far() -> None:
    pace = Pace("trainings").after(100, 50).after(300, 350).after(0, 1000)
    assert pace.describe(1400, left=600) == "(0:23:20 gone, about 0:10:00 left for trainings)"
    assert pace.describe(1400, left=0) == "(0:23:20 gone, about 0:00:00 left for trainings)"


def test_days_are_hours_and_seconds_are_rounded() -> None:
    pace = Pace("evaluations").after(1, 59.6)
    assert pace.describe(90061.7, 60) == "(25:01:02 gone, about 0:59:36 left for evaluations)"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    clock = SimpleNamespace(now=1000.0)
    for module in (run, trainings):
        monkeypatch.setattr(module, "monotonic", lambda: clock.now)
    return clock


def test_only_whole_trainings_set_the_pace(
    clock: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("{name: x, data: {source: signs}, codec: {}, optimiser: {steps: 100}}")
    seconds = {"whole": 200, "stopped": 50, "last": 0}
    variants = {"there": {}, "whole": {}, "stopped": {}, "last": {"optimiser.steps": 200}}
    plan = Plan("p", (), (Training(str(recipe), variants),))
    recipes = plan.recipes()
    for made in recipes:
        if left := {"there": MODEL, "stopped": RESUME}.get(made.name):
            save_recipe(made, tmp_path / "p" / made.name / RECIPE)
            (tmp_path / "p" / made.name / left).touch()

    def train(recipe: Recipe, folder: Path, _: object) -> None:
        clock.now += seconds[recipe.name]
        folder.mkdir(exist_ok=True)
        (folder / MODEL).touch()

    monkeypatch.setattr(trainings, "train", train)
    monkeypatch.setattr(trainings, "_finished", lambda _, folder: (folder / MODEL).is_file())
    said: list[str] = []
    run.reproduce(plan, recipes, tmp_path / "out", tmp_path, command="", say=said.append)
    assert said == [
        "training 1 of 4: there: done already",
        "training 2 of 4: whole (0:00:00 gone)",
        "training 3 of 4: stopped (0:03:20 gone, about 0:10:00 left for trainings)",
        "training 4 of 4: last (0:04:10 gone, about 0:06:40 left for trainings)",
    ]


def test_only_points_that_were_not_there_set_the_pace(
    clock: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Evaluation("one", ("none", "djscc"), "signs-a", ("1/24", "1/12"), (0, 10), limit=4)
    one = replace(one, weights="signs")
    evaluations = (one, replace(one, name="two"), replace(one, name="three", draws=3))
    standing = {"one": [], "two": [record(4, 1, "a"), record(4, 2, "b")], "three": []}
    measured = {"one": [record(20, 1, "c")], "two": [record(8, 1, "d")], "three": []}

    def measure(_: object, folder: Path, **__: object) -> SimpleNamespace:
        new = measured[folder.name]
        clock.now += sum(2 * record.images for record in new)
        return SimpleNamespace(records=standing[folder.name] + new)

    monkeypatch.setattr(run, "run", measure)
    monkeypatch.setattr(run, "_standing", lambda folder: standing[folder.name])
    monkeypatch.setattr(run, "_experiment", lambda *_: None)
    said: list[str] = []
    plan = Plan("p", evaluations, data="signs")
    run.reproduce(plan, [], tmp_path, tmp_path, command="", say=said.append)
    # 5 points, or 1 and 4 with 3 draws, of 4 images; 12 of two's images were sent before.
    assert said[:3] == [
        "evaluation 1 of 3: one (0:00:00 gone)",
        "evaluation 2 of 3: two (0:00:40 gone, about 0:02:00 left for evaluations)",
        "evaluation 3 of 3: three (0:00:56 gone, about 0:01:44 left for evaluations)",
    ]


def record(images: int, draws: int, fingerprint: str) -> SimpleNamespace:
    return SimpleNamespace(images=images, draws=draws, fingerprint=fingerprint)
