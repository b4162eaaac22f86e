"""Plans: what they say, what they refuse, and what the small version leaves."""

import re
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path

import pytest

from semjscc.cli import measure
from semjscc.cli.parser import Parser
from semjscc.errors import UserError
from semjscc.experiments import run
from semjscc.experiments.plan import Evaluation, load_plan
from semjscc.links import shipped_schemes, untrained_links
from semjscc.training.recipe import load_recipe

RECIPE = """
name: base
codec: {codec: adaptive}
loss: {weight: 0.1, importance: {temper: 0.5}}
data: {source: signs}
optimiser: {steps: 300, batch: 64}
"""
PLAN = """
name: trial
trainings:
  - recipe: RECIPE
  - recipe: RECIPE
    variants:
      uniform: {loss.importance: null}
      heavier: {loss.weight: 0.4, loss.importance.scope: batch}
evaluations:
  - {name: main, links: [none, heavier=heavier], data: signs, perception: signs-a,
     ratios: [1/48, 1/24], snrs: [0, 10], limit: 500}
quick: {steps: 3, batch: 8, images: 10}
"""


@pytest.fixture
def plan_file(tmp_path: Path) -> Path:
    recipe, plan = tmp_path / "recipe.yaml", tmp_path / "plan.yaml"
    recipe.write_text(RECIPE)
    plan.write_text(PLAN.replace("RECIPE", str(recipe)))
    return plan


def test_variants_override_the_recipe_and_have_names_of_their_own(plan_file: Path) -> None:
    base, uniform, heavier = load_plan(plan_file).recipes()
    assert [base.name, uniform.name, heavier.name] == ["base", "uniform", "heavier"]
    assert base.loss.importance is not None
    assert base.loss.importance.scope == "image"
    assert uniform.loss.importance is None
    assert uniform.loss.weight == 0.1
    assert heavier.loss.weight == 0.4
    assert heavier.loss.importance is not None
    assert heavier.loss.importance.scope == "batch"
    assert heavier.loss.importance.temper == 0.5


def test_variants_lie_in_a_folder_of_the_plan(plan_file: Path) -> None:
    folders = load_plan(plan_file).folders(Path("runs"))
    assert folders == {
        "base": Path("runs/base"),
        "uniform": Path("runs/trial/uniform"),
        "heavier": Path("runs/trial/heavier"),
    }


def test_data_of_the_plan_hold_wherever_nobody_names_others(plan_file: Path) -> None:
    text = plan_file.read_text().replace("name: trial", "name: trial\ndata: mine")
    text = text.replace("heavier: {", "heavier: {data.source: theirs, ")
    other = "  - {name: other, links: [none], perception: signs-a, ratios: [1/48], snrs: [0]}\n"
    plan_file.write_text(text.replace("quick:", f"{other}quick:"))
    plan = load_plan(plan_file)
    assert [recipe.data.source for recipe in plan.recipes()] == ["mine", "mine", "theirs"]
    assert [plan.data_of(evaluation) for evaluation in plan.evaluations] == ["signs", "mine"]


def test_data_of_the_plan_change_nothing_else(plan_file: Path) -> None:
    before = load_plan(plan_file).recipes()
    plan_file.write_text(plan_file.read_text().replace("name: trial", "name: trial\ndata: mine"))
    after = load_plan(plan_file).recipes()
    back = [replace(one, data=replace(one.data, source="signs")) for one in after]
    assert back == before != after


def test_small_version_has_fewer_steps_and_images_and_the_same_points(plan_file: Path) -> None:
    plan = load_plan(plan_file)
    small, recipes = plan.cut(plan.recipes())
    assert [(r.optimiser.steps, r.optimiser.batch) for r in recipes] == [(3, 8)] * 3
    assert [r.loss for r in recipes] == [r.loss for r in plan.recipes()]
    assert small.evaluations[0].limit == 10
    assert small.evaluations[0].grid() == plan.evaluations[0].grid()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("snrs: [0, 10]", "snrs: [zero]", "snrs"),
        ("quick:", "quickly:", "quickly"),
        ("loss.weight: 0.4", "loss.wait: 0.4", "variant heavier: option --loss.wait: loss has no"),
        ("heavier: {", "heavier: {name: base, ", "a recipe has no name"),
        ("uniform: {", "base: {", "trains base twice"),
        ("evaluations:", "evaluations: [", "plan"),
        ("name: trial", "", "name"),
        ("quick: {steps: 3", "quick: {steps: 0", "one step"),
        ("name: trial", "name: ../trial", "no folder can be called"),
        ("uniform: {", "..: {", "no folder can be called"),
        ("uniform: {", "'': {", "no folder can be called"),
        ("loss.weight: 0.4", "help: 1", "a recipe has no help"),
        (
            "loss.weight: 0.4",
            "loss.weight: 0.4, loss: {weight: 1}",
            "both 'loss' and 'loss.weight'",
        ),
        ("links: [none, ", "links: [none, none, ", "two links called none"),
        ("limit: 500", "limit: 500, limit: 5", "line .*: 'limit' stands twice"),
        ("recipe: RECIPE", "recipe: ~nosuchuser/r.yaml", "nobody's home is ~nosuchuser"),
        ("ratios: [1/48, 1/24]", "ratios: []", "needs links, ratios and snrs"),
        ("ratios: [1/48, 1/24]", "ratios: [4/3]", "between 0 and 1"),
        ("snrs: [0, 10]", "snrs: []", "needs links, ratios and snrs"),
        ("snrs: [0, 10]", "snrs: [.nan]", "evaluation main: SNR must be a number of dB"),
        ("snrs: [0, 10]", "snrs: [2000]", "evaluation main: .* between -100 and 100, not 2000"),
        ("limit: 500", "limit: 500, assumed_error_db: -101", "between -100 and 100, not -101"),
        ("name: main", "name: report.html", "report.html is called like a file of the report"),
        ("name: main", "name: psnr.SVG", "psnr.SVG is called like a file of the report"),
        ("limit: 500", "limit: 0", "limit of 0 images"),
        ("limit: 500", "channel: rain", "no channel 'rain'"),
        ("data: signs, perc", "perc", "neither evaluation main nor the plan names data"),
        (
            "limit: 500}",
            "limit: 500}\n  - {name: main, links: [none], data: signs, perception: "
            "signs-a, ratios: [1/48], snrs: [0]}",
            "two evaluations are called main",
        ),
    ],
)
def test_mistakes_are_one_line(plan_file: Path, old: str, new: str, message: str) -> None:
    old = old.replace("RECIPE", str(plan_file.with_name("recipe.yaml")))
    plan_file.write_text(plan_file.read_text().replace(old, new))
    with pytest.raises(UserError, match=message) as error:
        load_plan(plan_file).recipes()
    assert "\n" not in str(error.value)


def test_ratios_may_be_written_as_numbers(plan_file: Path) -> None:
    plan_file.write_text(
        plan_file.read_text().replace("ratios: [1/48, 1/24]", "ratios: [1/48, 0.125]")
    )
    (evaluation, *_) = load_plan(plan_file).evaluations
    assert evaluation.grid().ratios == (Fraction(1, 48), Fraction(1, 8))


def test_missing_plan_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no plan at"):
        load_plan(tmp_path / "nowhere.yaml")


def test_overrides_are_read_as_yaml_writes_them(plan_file: Path) -> None:
    text = "heavier: {loss.importance: {temper: 0.25, learned: null}, loss.layers: [stage1]}"
    plan_file.write_text(re.sub(r"heavier: \{.*\}", text, plan_file.read_text()))
    heavier = load_plan(plan_file).recipes()[-1]
    assert heavier.loss.importance is not None
    assert heavier.loss.importance.temper == 0.25
    assert heavier.loss.importance.learned is None
    assert heavier.loss.layers == ("stage1",)


@pytest.mark.parametrize("file", sorted(Path("recipes/experiments").glob("*.yaml")), ids=str)
def test_shipped_plans_name_only_what_they_train(file: Path) -> None:
    plan = load_plan(file)
    trained = {recipe.name for recipe in plan.recipes()}
    for evaluation in plan.evaluations:
        known = {*trained, *shipped_schemes(evaluation.weights), *untrained_links()}
        named = {link.partition("=")[2] or link.partition("@")[0] for link in evaluation.links}
        assert named <= known


@pytest.mark.parametrize("file", sorted(Path("recipes/experiments").glob("*.yaml")), ids=str)
def test_shipped_plans_are_on_the_data_that_their_recipes_name(file: Path) -> None:
    # Else the plan would not take what the recipes alone have trained for its own.
    plan = load_plan(file)
    named = {load_recipe(Path(training.recipe)).data.source for training in plan.trainings}
    assert named == {plan.data}


def test_what_decides_a_measurement_on_the_command_line_decides_it_in_a_plan() -> None:
    parser = Parser()
    measure._add_grid(parser)
    options = {action.dest for action in parser._actions} - {"help"}
    of_a_run = {"out", "jobs", "cluster", "needs", "device", "fresh", "json"}
    renamed = {
        "ratio": "ratios",
        "snr": "snrs",
        "assumed_snr": "assumed_snr_db",
        "assumed_error": "assumed_error_db",
    }
    wanted = {renamed.get(option, option) for option in options - of_a_run}
    assert wanted == {field.name for field in fields(Evaluation)} - {"name"}


def test_size_seed_and_accounting_reach_the_experiment(plan_file: Path) -> None:
    text = plan_file.read_text().replace(
        "limit: 500", "limit: 2, size: 48, seed: 7, weights: signs, accounting: file"
    )
    plan_file.write_text(text.replace("heavier=heavier", "separate"))
    (evaluation,) = load_plan(plan_file).evaluations
    judge = run._judge(evaluation, {})
    experiment = run._experiment(evaluation, judge, "signs", {}, {}, "")
    assert experiment.grid.seed == 7
    (evaluator,) = experiment.evaluators
    assert tuple(evaluator.data.images.shape) == (2, 3, 48, 48)
    separate = experiment.links[1]
    assert separate.facts()["accounting"] == "file"


def test_a_side_of_no_pixel_is_refused(plan_file: Path) -> None:
    plan_file.write_text(plan_file.read_text().replace("limit: 500", "size: 0"))
    with pytest.raises(UserError, match="images of a side of 0"):
        load_plan(plan_file)
