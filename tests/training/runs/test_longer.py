"""A run made longer ends in the weights of one that was long from the beginning."""

from pathlib import Path

import pytest
import torch

from semjscc.checkpoint import MODEL
from semjscc.errors import Stopped, UserError
from semjscc.training.recipe import Recipe, load_recipe
from semjscc.training.runs.run import RECIPE, is_done, spare_recipe
from semjscc.training.runs.state import BEFORE_DECAY, RESUME
from semjscc.training.train import train
from small_training import QUIET, assert_same_weights, at_step, weights_of

CONSTANT = ["--optimiser.schedule", "constant", "--optimiser.warmup_steps", "2"]
DECAY = ["--optimiser.decay", "0.25", "--optimiser.ema", "0.5"]


def longer(file: Path, steps: int, *words: str) -> Recipe:
    return load_recipe(file, [*CONSTANT, *words, "--optimiser.steps", str(steps)])


def steps_in(state: Path) -> int:
    return torch.load(state, weights_only=True)["global_step"]


@pytest.mark.parametrize("words", [[], DECAY], ids=["constant", "decay"])
def test_longer_run_is_the_same_as_one_from_the_beginning(
    codec_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    run = tmp_path / "run"
    short, _ = train(longer(codec_recipe, 8, *words), run, QUIET)
    result = weights_of(short)
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
    whole, _ = train(recipe, tmp_path / "whole", QUIET)
    assert_same_weights(whole, model)
    kept = weights_of(run / "model-8-steps.safetensors")
    assert all(torch.equal(result[name], kept[name]) for name in result)
    if words:
        assert steps_in(run / BEFORE_DECAY) == 9


def test_run_that_was_killed_before_its_first_new_step_is_no_other(
    codec_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    train(longer(codec_recipe, 8, *DECAY), run, QUIET)
    recipe = longer(codec_recipe, 12, *DECAY)

    def killed(*_: object, **__: object) -> None:
        raise UserError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("lightning.Trainer.fit", killed)
        with pytest.raises(UserError, match="killed"):
            train(recipe, run, QUIET)
    model, _ = train(recipe, run, QUIET)
    whole, _ = train(recipe, tmp_path / "whole", QUIET)
    assert_same_weights(whole, model)


def test_what_has_trained_nothing_can_be_any_longer(codec_recipe: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    train(load_recipe(codec_recipe), run, QUIET)
    for name in (RESUME, MODEL):
        (run / name).unlink()
    train(load_recipe(codec_recipe, ["--optimiser.steps", "9"]), run, QUIET)
    assert steps_in(run / RESUME) == 9


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
    codec_recipe: Path, tmp_path: Path, words: list[str]
) -> None:
    train(load_recipe(codec_recipe, CONSTANT), tmp_path / "run", QUIET)
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
