"""What a recipe may say: any value is taken as it is, or refused in one line."""

import copy
import math
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast, get_type_hints

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn

from semjscc.checkpoint import MODEL
from semjscc.cli import main
from semjscc.errors import UserError
from semjscc.importance.gradient import ImportanceForm
from semjscc.perception.base import Perception, Preprocess
from semjscc.tasks import Classification
from semjscc.training.inputs import load_images
from semjscc.training.modules import StepTraining
from semjscc.training.recipe import (
    CodecRecipe,
    DataRecipe,
    LossRecipe,
    OptimiserRecipe,
    PerceptionRecipe,
    Recipe,
    load_recipe,
)
from semjscc.training.runs.run import RESUME, Schedule
from semjscc.training.train import train
from semjscc.training.trial import first_images, try_network, try_perception
from small_training import PERCEPTION, QUIET, recipe_file

PARTS = [DataRecipe, PerceptionRecipe, CodecRecipe, LossRecipe, OptimiserRecipe]
NUMBERS = [
    (part, field.name, get_type_hints(part)[field.name])
    for part in PARTS
    for field in fields(part)
    if get_type_hints(part)[field.name] in (int, float, int | None, float | None)
]


@pytest.mark.parametrize(("part", "name", "kind"), NUMBERS)
@given(data=st.data())
def test_no_number_is_taken_that_nothing_can_be_done_with(
    part: type, name: str, kind: type, data: st.DataObject
) -> None:
    value = data.draw(st.integers() if kind in (int, int | None) else st.floats())
    said = ""
    try:
        part(**{name: value})
    except ValueError as error:
        said = str(error)
    assert 0 <= value < math.inf or (name in said and str(value) in said)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--optimiser.batch 0", "batch must be at least 1, not 0"),
        ("--optimiser.steps -1", "steps must be at least 1, not -1"),
        ("--optimiser.rate .nan", "rate is 0 or more, and finite, not nan"),
        ("--optimiser.rate -0.1", "rate is 0 or more, and finite, not -0.1"),
        ("--optimiser.weight_decay .inf", "weight_decay is 0 or more, and finite, not inf"),
        ("--optimiser.warmup 1.5", "warmup lies between 0 and 1, not 1.5"),
        ("--optimiser.label_smoothing -1", "label_smoothing lies between 0 and 1, not -1"),
        ("--optimiser.augment_shift -1", "augment_shift must be at least 0, not -1"),
        ("--optimiser.augment_erase -1", "augment_erase must be at least 0, not -1"),
        ("--optimiser.augment_paste 2", "augment_paste lies between 0 and 1, not 2"),
        ("--optimiser.clip_gradient 0", "clip_gradient is positive, not 0"),
        ("--data.source=", "option --data.source: source is empty"),
        ("--data.source=[signs,'']", "option --data.source: source is empty"),
        ("--data.limit 0", "limit must be at least 1, not 0"),
        ("--data.size 15", "size must be at least 16, not 15"),
        ("--data.val_fraction 0", "val_fraction lies between 0 and 1, not 0"),
        ("--data.val_fraction 1", "val_fraction lies between 0 and 1, not 1"),
        ("--data.val_fraction .nan", "val_fraction lies between 0 and 1, not nan"),
        ("--codec.faded 1.1", "faded lies between 0 and 1, not 1.1"),
        ("--codec.erased .nan", "erased lies between 0 and 1, not nan"),
        ("--loss.weight -1", "weight is 0 or more, and finite, not -1"),
        ("--loss.temperature 0", "temperature is positive, not 0"),
        ("--seed 18446744073709551616", "seed has 64 bits at the most"),
        ("--name=", "no folder can be called ''"),
        ("--name=../../x", "no folder can be called '../../x'"),
        ("--optimizer.steps 3", "a recipe has no 'optimizer': did you mean 'optimiser'?"),
        ("--optimiser.stepps=3", "optimiser has no 'stepps': did you mean 'steps'?"),
        ("--steps 3", "a recipe has no 'steps': did you mean 'optimiser.steps'?"),
        ("--optimiser.steps", "--optimiser.steps needs a value"),
        ("--optimiser.rate -1e-3", "rate is 0 or more, and finite, not -0.001"),
    ],
)
def test_values_out_of_range_are_one_line(
    codec_recipe: Path, words: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(codec_recipe), *words.split()]) == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    "more",
    [
        {"rate": 0.0, "warmup": 0.0, "steps": 1, "batch": 1},
        {"warmup": 1.0, "label_smoothing": 1.0, "augment_paste": 1.0, "clip_gradient": 1e-9},
    ],
)
def test_the_ends_of_the_ranges_belong_to_them(more: dict[str, Any]) -> None:
    assert OptimiserRecipe(**more)
    assert DataRecipe(size=16, limit=1, val_fraction=1e-9)
    assert CodecRecipe(faded=1.0, erased=0.0)
    assert Recipe("x", DataRecipe(), OptimiserRecipe(), seed=-1).seed == -1


@pytest.mark.parametrize(("name", "least"), [("shift", 16), ("erase", 16)])
def test_images_are_larger_than_what_moves_or_covers_them(
    codec_recipe: Path, tmp_path: Path, name: str, least: int
) -> None:
    word = f"--optimiser.augment_{name}"
    largest = load_recipe(codec_recipe, [word, str(least - 1), "--optimiser.steps", "1"])
    assert train(largest, tmp_path / "largest", QUIET)[0].is_file()
    recipe = load_recipe(codec_recipe, [word, str(least)])
    with pytest.raises(UserError, match=f"augment_{name} must be below 16, the images' side"):
        train(recipe, tmp_path / "run", QUIET)
    assert not (tmp_path / "run" / RESUME).exists()


def test_images_of_unlike_sizes_need_one(tmp_path: Path) -> None:
    for index in range(40):
        place = tmp_path / "images" / "train" / ("dark", "bright")[index % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16 + index % 3, 20), (index, 0, 0)).save(place / f"{index}.png")
    file = recipe_file(tmp_path, tmp_path / "images", PERCEPTION)
    with pytest.raises(UserError, match=r"images differ in size: give them one by data\.size"):
        train(load_recipe(file), tmp_path / "run", QUIET)
    words = ["--data.size", "16", "--optimiser.steps", "1"]
    assert train(load_recipe(file, words), tmp_path / "sized", QUIET)[0].is_file()


@pytest.mark.parametrize("seconds", ["nan", "-1"])
def test_times_to_save_at_are_one_line(
    codec_recipe: Path, seconds: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(codec_recipe), "--save-seconds", seconds]) == 2
    assert "--save-seconds is a number of seconds, 0 or more" in capsys.readouterr().err
    with pytest.raises(UserError, match="seconds to save after are 0 or more"):
        Schedule(save_seconds=float(seconds))


def test_no_process_is_no_schedule() -> None:
    with pytest.raises(UserError, match="at least 1 process"):
        Schedule(processes=0)


def test_a_device_that_is_not_there_is_no_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(UserError, match="no GPU can be used here"):
        Schedule(device="cuda")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--perception.layers [nope]", "tiny has no layer 'nope'; it has stem, stage1"),
        ("--perception.input_size 3", "tiny does not fit the images: Given input size"),
        ("--perception.options {width: 0}", "option width must be at least 1, not 0"),
    ],
)
def test_networks_that_cannot_be_are_refused_before_the_training(
    source: Path, tmp_path: Path, words: str, message: str
) -> None:
    recipe = load_recipe(recipe_file(tmp_path, source, PERCEPTION), words.split(maxsplit=1))
    with pytest.raises(UserError, match=message) as caught:
        train(recipe, tmp_path / "run", QUIET)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ("100000", "input_size 100000 is of more than 67,108,864 pixels"),
        ("[10000, 20000]", r"input_size \(10000, 20000\) is of more than 67,108,864 pixels"),
        ("[0, 32]", "input_size"),
        ("[32]", "input_size"),
    ],
)
def test_inputs_of_a_size_that_no_image_has_are_slips(
    source: Path, tmp_path: Path, size: str, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        load_recipe(recipe_file(tmp_path, source, PERCEPTION), ["--perception.input_size", size])


def test_codecs_that_cannot_be_are_refused_before_the_training(
    codec_recipe: Path, tmp_path: Path
) -> None:
    recipe = load_recipe(codec_recipe, ["--codec.options", "{width: 0}"])
    with pytest.raises(UserError, match="codec adaptive: option width must be at least 1, not 0"):
        train(recipe, tmp_path / "run", QUIET)


class Unlike(nn.Module):
    """Says as many numbers as it is told to, whatever the classes."""

    def __init__(self, classes: int, says: int) -> None:
        super().__init__()
        self.head = nn.Linear(3, says)
        self.norm = nn.BatchNorm2d(3)
        self.still = nn.Dropout().eval()
        del classes

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.still(self.norm(images)).mean(dim=(2, 3)))


def test_network_with_other_classes_than_the_data_is_refused(source: Path, tmp_path: Path) -> None:
    part = f"perception: {{network: '{__name__}:Unlike', options: {{says: 3}}, layers: [head]}}"
    with pytest.raises(UserError, match=r"a number for each image and class, \(1, 2\)"):
        train(load_recipe(recipe_file(tmp_path, source, part)), tmp_path / "run", QUIET)


def test_a_codec_is_not_trained_for_a_network_that_answers_something_else(
    codec_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = nn.Sequential(nn.Flatten())
    odd = Perception(network, layers=["0"], class_names=["dark", "bright"], name="odd")
    monkeypatch.setattr("semjscc.training.receivers.open_perception", lambda *_: odd)
    for words in ([], ["--loss.weight", "0"]):
        with pytest.raises(UserError, match="odd must return a number for each image and class"):
            train(load_recipe(codec_recipe, words), tmp_path / "run", QUIET)
    assert not (tmp_path / "run").exists()


class Still(nn.Module):
    """Passes no gradient: neither to its weights nor to the image."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.head = nn.Linear(3, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(images.mean(dim=(2, 3))).detach()


def test_a_network_without_gradients_is_not_trained(source: Path, tmp_path: Path) -> None:
    part = f"perception: {{network: '{__name__}:Still', layers: [head]}}"
    with pytest.raises(UserError, match="tiny cannot be trained: no gradient comes"):
        train(load_recipe(recipe_file(tmp_path, source, part)), tmp_path / "run", QUIET)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("term", ["features", "task", "distillation", "fisher"])
def test_a_codec_is_not_trained_for_a_network_without_gradients(
    codec_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, term: str
) -> None:
    still = Perception(Still(2), layers=["head"], class_names=["dark", "bright"], name="still")
    monkeypatch.setattr("semjscc.training.receivers.open_perception", lambda *_: still)
    with pytest.raises(UserError, match="no gradient passes through still"):
        train(load_recipe(codec_recipe, ["--loss.term", term]), tmp_path / "run", QUIET)
    assert not (tmp_path / "run").exists()


def test_a_network_is_asked_for_no_more_gradients_than_the_loss_needs() -> None:
    still = Perception(Still(2), layers=["head"], class_names=["dark", "bright"], name="still")
    images = [torch.rand(1, 3, 16, 16)]
    try_perception(still, images, LossRecipe(weight=0.0, importance=ImportanceForm()))
    try_perception(still, images, LossRecipe(weight=1.0))  # the features' own gradient passes
    with pytest.raises(UserError, match="no gradient passes through still"):
        try_perception(still, images, LossRecipe(weight=1.0, importance=ImportanceForm()))


def test_images_of_val_are_tried_before_the_training_too(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = load_recipe(recipe_file(tmp_path, source, PERCEPTION))
    data = load_images(recipe.data, "train")
    large = replace(data, images=torch.zeros(1, 3, 32, 32, dtype=torch.uint8))
    monkeypatch.setattr(
        "semjscc.training.train.load_images", lambda _, split: data if split == "train" else large
    )
    fixed = nn.Sequential(nn.Flatten(), nn.Linear(3 * 16 * 16, 2))
    monkeypatch.setattr("semjscc.training.check.make_network", lambda *_: fixed)
    with pytest.raises(UserError, match="tiny does not fit the images"):
        train(replace(recipe, perception=PerceptionRecipe(layers=("0",))), tmp_path / "run", QUIET)
    assert not (tmp_path / "run").exists()


def test_weights_that_are_read_are_not_written_over(codec_recipe: Path, perception: Path) -> None:
    for words in (["--start", str(perception)], ["--loss.weight", "0"]):
        recipe, before = load_recipe(codec_recipe, words), perception.read_bytes()
        (perception.parent / "recipe.yaml").rename(perception.parent / "aside.yaml")
        with pytest.raises(UserError, match="would be written over"):
            train(recipe, perception.parent, QUIET)
        (perception.parent / "aside.yaml").rename(perception.parent / "recipe.yaml")
        assert perception.read_bytes() == before


def test_a_run_goes_on_with_as_many_threads_unless_the_user_says_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", told.append)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 3)
    state: dict[str, Any] = {}
    module = cast(StepTraining, None)  # no part of it is asked
    StepTraining.on_save_checkpoint(module, state)
    for stated in ("", "1"):
        monkeypatch.setenv("OMP_NUM_THREADS", stated)
        if not stated:
            monkeypatch.delenv("OMP_NUM_THREADS")
        StepTraining.on_load_checkpoint(module, state)
        StepTraining.on_load_checkpoint(module, {})  # of an earlier version
    assert told == [3]


def test_trial_changes_nothing(tmp_path: Path, source: Path) -> None:
    recipe = load_recipe(recipe_file(tmp_path, source, PERCEPTION))
    network, data = Unlike(2, 2), load_images(recipe.data, "train")
    before, drawn = copy.deepcopy(network.state_dict()), torch.get_rng_state()
    modes = [module.training for module in network.modules()]
    try_network(
        *(network, Preprocess(), ["head"], first_images(data, data, None)),
        *(Classification(), data.class_names, "unlike"),
    )
    assert [module.training for module in network.modules()] == modes
    assert set(modes) == {True, False}
    assert torch.equal(torch.get_rng_state(), drawn)
    assert all(torch.equal(before[name], now) for name, now in network.state_dict().items())


def test_training_that_diverged_gives_no_model(codec_recipe: Path, tmp_path: Path) -> None:
    recipe = load_recipe(codec_recipe, ["--optimiser.rate", "1e37"])
    with pytest.raises(UserError, match=r"tiny has diverged, .*: lower optimiser\.rate"):
        train(recipe, tmp_path / "run", QUIET)
    assert not (tmp_path / "run" / MODEL).exists()


@pytest.mark.parametrize("word", ["--out", "--start", "--codec.perception"])
def test_names_too_long_are_one_line(
    codec_recipe: Path, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["train", str(codec_recipe), word, "x" * 300]) == 2
    printed = capsys.readouterr().err
    assert "File name too long" in printed
    assert printed.count("\n") == 1


@pytest.mark.parametrize(
    "text", [b"", b"3", b"[1, 2]", b"name: [", b"\xff\xfe", b"name: &x [*x]", b"name: x"]
)
def test_files_that_are_no_recipe_are_one_line(
    tmp_path: Path, text: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipe.yaml").write_bytes(text)
    assert main(["train", str(tmp_path / "recipe.yaml")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
