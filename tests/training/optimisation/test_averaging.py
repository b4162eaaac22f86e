"""Averaged weights: the formula, the export, and that a stop changes nothing."""

import shutil
from pathlib import Path

import pytest
import torch

from semjscc.checkpoint import MODEL
from semjscc.errors import Stopped
from semjscc.training.modules import StepTraining
from semjscc.training.optimisation.averaging import AverageWeights, follow
from semjscc.training.recipe import load_recipe
from semjscc.training.runs.state import RESUME
from semjscc.training.train import train
from small_training import (
    CODEC,
    PERCEPTION,
    QUIET,
    assert_same_weights,
    at_step,
    recipe_file,
    weights_of,
)

WORDS = ["--optimiser.ema", "0.5"]


def test_average_moves_a_share_of_the_way() -> None:
    average = {"w": torch.tensor([1.0, 2.0]), "n": torch.tensor(3)}
    follow(average, {"w": torch.tensor([3.0, 0.0]), "n": torch.tensor(8)}, 0.75)
    assert average["w"].tolist() == [1.5, 1.5]
    assert average["n"] == 8


def test_average_is_what_the_formula_says(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[str, torch.Tensor]] = []
    make = StepTraining.batch

    def batch(self: StepTraining, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        seen.append({name: tensor.clone() for name, tensor in self.state_dict().items()})
        return make(self, step)

    monkeypatch.setattr(StepTraining, "batch", batch)
    recipe = recipe_file(tmp_path, source, PERCEPTION)  # with batch statistics
    model, _ = train(load_recipe(recipe, WORDS), tmp_path / "run", QUIET)
    last = torch.load(tmp_path / "run" / RESUME, weights_only=True)["state_dict"]
    exported = weights_of(model)
    assert len(seen) == 8
    for name in last:
        expected = seen[0][name].double()
        for done, weights in enumerate([*seen[1:], last], 1):
            keep = min(0.5, done / (done + 9))
            expected = keep * expected + (1 - keep) * weights[name].double()
        if not last[name].is_floating_point():
            expected = last[name]
        found = exported[name.removeprefix("network.")]
        torch.testing.assert_close(found.double(), expected.double(), rtol=1e-5, atol=1e-6)
        if name.endswith("head.weight"):
            assert not torch.allclose(found, last[name])


@pytest.fixture(scope="module")
def averaged(source: Path, perception: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of `codec_recipe` with averaged weights; nothing may change it."""
    folder = tmp_path_factory.mktemp("averaged")
    file = recipe_file(folder, source, CODEC.format(perception=perception))
    return train(load_recipe(file, WORDS), folder / "run", QUIET)[0].parent


def test_averaging_changes_no_step(whole: Path, averaged: Path) -> None:
    states = [torch.load(run / RESUME, weights_only=True) for run in (whole.parent, averaged)]
    assert all(
        torch.equal(tensor, states[1]["state_dict"][name])
        for name, tensor in states[0]["state_dict"].items()
    )


def test_stopped_and_resumed_average_is_the_same(
    codec_recipe: Path, averaged: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = load_recipe(codec_recipe, WORDS)
    with monkeypatch.context() as patch:
        at_step(patch, 3, 15)
        with pytest.raises(Stopped):
            train(recipe, tmp_path / "cut", QUIET)
    resumed, _ = train(recipe, tmp_path / "cut", QUIET)
    run = Path(shutil.copytree(averaged, tmp_path / "run"))
    assert_same_weights(run / MODEL, resumed)
    (run / MODEL).unlink()  # and what was finished is exported again
    again, _ = train(recipe, run, QUIET)
    assert_same_weights(again, resumed)


def test_what_is_saved_is_all_there_is() -> None:
    kept = AverageWeights(0.9)
    kept.load_state_dict({"weight": torch.ones(2, 3), "bias": torch.zeros(2)})
    module = torch.nn.Linear(3, 2)
    kept.put_into(module)
    assert torch.equal(module.weight, torch.ones(2, 3))
    assert kept.state_dict().keys() == {"weight", "bias"}
