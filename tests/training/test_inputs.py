"""A run goes on from the images, weights and code that it began with, or not at all."""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from semjscc.checkpoint import MODEL, load_weights, read_metadata, save_weights
from semjscc.data import ImageSet, load_data
from semjscc.errors import UserError
from semjscc.training.inputs import INPUTS, inputs_today
from semjscc.training.recipe import Recipe, load_recipe
from semjscc.training.runs.run import RESUME, Schedule
from semjscc.training.train import train
from small_training import CODEC, PERCEPTION, QUIET, recipe_file, two_classes

OFTEN = Schedule(save_seconds=0, progress=False)


@pytest.fixture
def judge(perception: Path, tmp_path: Path) -> Path:
    """A copy of the perception network that a test may replace."""
    return Path(shutil.copy(perception, tmp_path / "judge.safetensors"))


@pytest.fixture
def recipe(codec_recipe: Path, judge: Path) -> Recipe:
    return load_recipe(codec_recipe, ["--codec.perception", str(judge)])


def replace_weights(path: Path) -> None:
    weights, metadata = load_weights(path)
    save_weights(path, {name: tensor * 1.01 for name, tensor in weights.items()}, metadata)


def interrupt(recipe: Recipe, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Train until the first state is kept."""
    save: Callable[..., None] = torch.save

    def save_and_stop(*arguments: object) -> None:
        if (folder / RESUME).is_file():
            raise UserError("stopped")
        save(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(torch, "save", save_and_stop)
        with pytest.raises(UserError, match="stopped"):
            train(recipe, folder, OFTEN)
    assert not (folder / MODEL).exists()


def test_interrupted_run_with_another_judge_is_refused(
    recipe: Recipe, judge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    interrupt(recipe, folder, monkeypatch)
    state, original = (folder / RESUME).read_bytes(), judge.read_bytes()
    replace_weights(judge)
    with pytest.raises(UserError, match=r"other weights .*\(perception\): move it away") as caught:
        train(recipe, folder, QUIET)
    assert "--out" in str(caught.value)
    assert "--runs" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (folder / RESUME).read_bytes() == state

    judge.write_bytes(original)
    assert train(recipe, folder, QUIET)[0].is_file()


def test_interrupted_run_with_another_start_is_refused(
    codec_recipe: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = Path(shutil.copy(whole, tmp_path / "start.safetensors"))
    recipe = load_recipe(codec_recipe, ["--start", str(start)])
    interrupt(recipe, tmp_path / "run", monkeypatch)
    replace_weights(start)
    with pytest.raises(UserError, match=r"other weights .*\(start\)"):
        train(recipe, tmp_path / "run", QUIET)


def test_finished_run_keeps_the_origins_of_its_model(
    recipe: Recipe, judge: Path, tmp_path: Path
) -> None:
    model, _ = train(recipe, tmp_path / "run", QUIET)
    before = model.read_bytes()
    replace_weights(judge)
    with pytest.raises(UserError, match="other weights"):
        train(recipe, tmp_path / "run", QUIET)
    assert model.read_bytes() == before


def test_run_with_other_images_is_refused(
    perception: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = two_classes(tmp_path, ["dark", "bright"])
    recipe = load_recipe(recipe_file(tmp_path, data, CODEC.format(perception=perception)))
    interrupt(recipe, tmp_path / "run", monkeypatch)
    two_classes(tmp_path, ["dark", "bright"], seed=1)
    with pytest.raises(UserError, match="other images than there are now: move it away"):
        train(recipe, tmp_path / "run", QUIET)


NETWORK = """
from torch import nn
class Net(nn.Module):
    def __init__(self, classes):
        super().__init__()
        self.stage1, self.head = nn.Conv2d(3, 4, 3, 2), nn.Linear(4, classes)
    def forward(self, images):
        return {scale} * self.head(self.stage1(images).mean((2, 3)))
"""


def test_run_of_an_edited_network_is_refused(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "edited_network", raising=False)
    file = tmp_path / "edited_network.py"

    def write(scale: int) -> None:
        file.write_text(NETWORK.format(scale=scale))
        os.utime(file, (1e9, 1e9))  # else it might have been written after it was imported

    part = 'perception: {network: "edited_network:Net", layers: [stage1]}'
    recipe = load_recipe(recipe_file(tmp_path, source, part))
    write(1)
    model, _ = train(recipe, tmp_path / "run", QUIET)
    before = model.read_bytes()
    write(2)
    with pytest.raises(UserError, match=r"other code than there is now \(edited_network\)"):
        train(recipe, tmp_path / "run", QUIET)
    assert model.read_bytes() == before
    write(1)
    assert inputs_today(recipe).code.keys() == {"edited_network"}
    train(recipe, tmp_path / "run", QUIET)


@pytest.mark.parametrize("finished", [False, True])
def test_run_from_before_goes_on_and_says_from_then_on_what_it_is_made_from(
    recipe: Recipe, judge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finished: bool
) -> None:
    folder = tmp_path / "run"
    if finished:
        train(recipe, folder, QUIET)
    else:
        interrupt(recipe, folder, monkeypatch)
    kept = (folder / INPUTS).read_text()
    (folder / INPUTS).unlink()
    model, _ = train(recipe, folder, QUIET)
    assert (folder / INPUTS).read_text() == kept
    assert read_metadata(model)["origins"].keys() == {"perception"}

    replace_weights(judge)
    (folder / INPUTS).unlink()
    with pytest.raises(UserError, match="other weights"):  # the model says so
        train(recipe, folder, QUIET)


def test_what_has_trained_nothing_yet_may_begin_from_something_else(
    recipe: Recipe, judge: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("semjscc.training.train.fit", lambda *_: False)
        train(recipe, tmp_path / "run", QUIET)
    begun = (tmp_path / "run" / INPUTS).read_text()
    replace_weights(judge)
    train(recipe, tmp_path / "run", QUIET)
    assert (tmp_path / "run" / INPUTS).read_text() != begun


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"origins": 3, "data": ""}', "\xff"])
def test_damaged_record_is_one_line(codec_recipe: Path, finished: Path, text: str) -> None:
    (finished / INPUTS).write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match="does not say what it was trained from") as caught:
        train(load_recipe(codec_recipe), finished, QUIET)
    assert "\n" not in str(caught.value)


def test_images_are_read_again_only_where_a_file_has_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = two_classes(tmp_path, ["dark", "bright"])
    recipe = load_recipe(recipe_file(tmp_path, data, PERCEPTION))
    read: list[str] = []

    def load(*arguments: Any, **more: Any) -> ImageSet:
        loaded = load_data(*arguments, **more)
        read.append(loaded.fingerprint)
        return loaded

    monkeypatch.setattr("semjscc.training.inputs.load_data", load)
    first = inputs_today(recipe)
    assert inputs_today(recipe) == first
    assert read == [first.data]
    two_classes(tmp_path, ["dark", "bright"], seed=1)
    assert inputs_today(recipe).data != first.data
    assert len(read) == 2
