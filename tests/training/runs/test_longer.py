"""A run made longer ends in the weights of one that was long from the beginning."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
import torch

from semjscc.checkpoint import MODEL
from semjscc.errors import Stopped, UserError
from semjscc.training.recipe import Recipe, load_recipe
from semjscc.training.runs.run import RECIPE, is_done, spare_recipe
from semjscc.training.runs.state import BEFORE_DECAY, RESUME
from semjscc.training.train import train
from small_training import CODEC, QUIET, assert_same_weights, at_step, recipe_file, weights_of

CONSTANT = ["--optimiser.schedule", "constant", "--optimiser.warmup_steps", "2"]
DECAY = ["--optimiser.decay", "0.25", "--optimiser.ema", "0.5"]


def longer(file: Path, steps: int, *words: str) -> Recipe:
    return load_recipe(file, [*CONSTANT, *words, "--optimiser.steps", str(steps)])


@pytest.fixture(scope="module")
def trained(
    source: Path, perception: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[int, list[str]], Path]:
    """The run of so many steps, trained at a stretch; nothing may change it."""
    file = recipe_file(
        tmp_path_factory.mktemp("recipe"), source, CODEC.format(perception=perception)
    )

    @cache
    def run(steps: int, words: tuple[str, ...]) -> Path:
        folder = tmp_path_factory.mktemp("trained")
        return train(longer(file, steps, *words), folder, QUIET)[0].parent

    return lambda steps, words: run(steps, tuple(words))


def steps_in(state: Path) -> int:
    return torch.load(state, weights_only=True)["global_step"]


@pytest.mark.parametrize("words", [[], DECAY], ids=["constant", "decay"])
def test_longer_run_is_the_same_as_one_from_the_beginning(
    codec_recipe: Path,
    trained: Callable[[int, list[str]], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
) -> None:
    run = Path(shutil.copytree(trained(8, words), tmp_path / "run"))
    result = weights_of(run / MODEL)
    assert (run / BEFORE_DECAY).exists() == bool(words)
    recipe = longer(codec_recipe, 12, *words)
    assert not is_done(recipe, run)
    with monkeypatch.context() as patch:  # also where it is stopped at once
        at_step(patch, 6 if words else 8, 15)
        with pytest.raises(Stopped):
            train(recipe, run, QUIET)
    assert steps_in(run / RESUME) == (7 if words else 9)
    assert not is_done(recipe, run)
    model, _ = train(recipe, run, QUIET)
    assert is_done(recipe, run)
    assert load_recipe(run / RECIPE) == recipe
    assert_same_weights(trained(12, words) / MODEL, model)
    kept = weights_of(run / "model-8-steps.safetensors")
    assert all(torch.equal(result[name], kept[name]) for name in result)
    if words:
        assert steps_in(run / BEFORE_DECAY) == 9


def test_run_that_was_killed_before_its_first_new_step_is_no_other(
    codec_recipe: Path,
    trained: Callable[[int, list[str]], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = Path(shutil.copytree(trained(8, DECAY), tmp_path / "run"))
    recipe = longer(codec_recipe, 12, *DECAY)

    def killed(*_: object, **__: object) -> None:
        raise UserError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("lightning.Trainer.fit", killed)
        with pytest.raises(UserError, match="killed"):
            train(recipe, run, QUIET)
    model, _ = train(recipe, run, QUIET)
    assert_same_weights(trained(12, DECAY) / MODEL, model)


def test_what_has_trained_nothing_can_be_any_longer(codec_recipe: Path, finished: Path) -> None:
    for name in (RESUME, MODEL):
        (finished / name).unlink()
    train(load_recipe(codec_recipe, ["--optimiser.steps", "9"]), finished, QUIET)
    assert steps_in(finished / RESUME) == 9


@pytest.mark.parametrize(
    "words", [[], ["--optimiser.schedule", "constant"]], ids=["cosine", "warm-up by share"]
)
def test_rate_that_followed_from_the_steps_is_refused(
    codec_recipe: Path, tmp_path: Path, words: list[str]
) -> None:
    run = tmp_path / "run"
    model, _ = train(load_recipe(codec_recipe, [*words, "--optimiser.warmup", "0.5"]), run, QUIET)
    before = model.read_bytes(), (run / RECIPE).read_text()
    more = [*words, "--optimiser.warmup", "0.5", "--optimiser.steps", "12"]
    with pytest.raises(UserError, match=r"cannot go on to 12 steps, because .* 8: ") as caught:
        train(load_recipe(codec_recipe, more), run, QUIET)
    assert "\n" not in str(caught.value)
    assert before == (model.read_bytes(), (run / RECIPE).read_text())


@pytest.mark.parametrize(
    "words", [["--optimiser.steps", "7"], ["--optimiser.steps", "12", "--seed", "5"]]
)
def test_other_changes_are_another_recipe(
    codec_recipe: Path,
    trained: Callable[[int, list[str]], Path],
    tmp_path: Path,
    words: list[str],
) -> None:
    shutil.copytree(trained(8, []), tmp_path / "run")
    with pytest.raises(UserError, match="another recipe"):
        train(load_recipe(codec_recipe, [*CONSTANT, *words]), tmp_path / "run", QUIET)


def test_a_changed_recipe_takes_the_place_of_a_runs_own_alone(tmp_path: Path) -> None:
    mine = tmp_path / RECIPE
    mine.write_text("name: mine")
    with pytest.raises(UserError, match="is what is read, and would be written over"):
        spare_recipe(mine, tmp_path)
    spare_recipe(mine, tmp_path / "elsewhere")
    (tmp_path / RESUME).touch()
    spare_recipe(mine, tmp_path)
