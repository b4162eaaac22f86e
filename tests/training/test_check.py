"""What is wrong with a recipe shows before its training, and before those that come first."""

from pathlib import Path

import pytest
import torch

from semjscc.cli.pictures import write_picture
from semjscc.errors import UserError
from semjscc.training.check import check_recipe
from semjscc.training.recipe import load_recipe
from semjscc.training.runs.run import Schedule
from semjscc.training.train import train

CODEC = """
name: trial
codec: {options: {width: 8, ratios: [1/24]}, perception: signs-a}
loss: {weight: 0.1}
optimiser: {steps: 4, batch: 8}
"""
NETWORK = """
name: network
perception: {network: resnet, options: {width: 4}, layers: [stage1]}
optimiser: {steps: 4, batch: 8}
"""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--start", "nope"], "no checkpoint at nope"),
        (["--start", "signs-a"], "holds a perception, and a codec is trained"),
        (["--start", "signs-djscc"], "do not fit their network"),
        (["--codec.perception", "nope"], "no checkpoint at nope"),
        (["--codec.perception", "signs-djscc"], "holds no perception network but a codec"),
        (["--codec.others", "[{perception: nope}]"], "no checkpoint at nope"),
        (["--loss.layers", "[nope]"], "signs-a has no layer 'nope'"),
        (["--codec.options", "{wdth: 3}"], "did you mean 'width'"),
        (["--codec.channel", "nowhere:channel"], "there is no module nowhere"),
        (["--data.source", "nope"], "nope does not exist"),
        (["--data.masks", "true"], "signs has labels alone"),
        (["--optimiser.augment_shift", "64"], "augment_shift must be below 64"),
    ],
)
def test_a_codec_that_cannot_be_trained_is_refused(
    tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "recipe.yaml").write_text(CODEC)
    recipe = load_recipe(tmp_path / "recipe.yaml", words)
    with pytest.raises(UserError, match=message) as error:
        check_recipe(recipe)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--perception.layers", "[nope]"], "network has no layer 'nope'"),
        (["--perception.options", "{wdth: 3}"], "did you mean 'width'"),
        (["--start", "signs-djscc"], "holds a codec, and a perception is trained"),
        (["--perception.task", "segmentation"], "set data.masks: true"),
        (["--perception.classes", "[only]"], "network knows 1 class, and classification needs at"),
    ],
)
def test_a_network_that_cannot_be_trained_is_refused(
    tmp_path: Path, words: list[str], message: str
) -> None:
    (tmp_path / "recipe.yaml").write_text(NETWORK)
    with pytest.raises(UserError, match=message):
        check_recipe(load_recipe(tmp_path / "recipe.yaml", words))


def test_weights_that_will_be_there_are_not_looked_for(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(CODEC)
    words = ["--start", "first", "--codec.perception", "judge", "--codec.others"]
    recipe = load_recipe(tmp_path / "recipe.yaml", [*words, "[{perception: signs-a}]"])
    check_recipe(recipe, ["first", "judge"])
    with pytest.raises(UserError, match="no checkpoint at first"):
        check_recipe(recipe, ["judge"])


@pytest.mark.parametrize("text", [CODEC, NETWORK])
def test_a_sound_recipe_passes(tmp_path: Path, text: str) -> None:
    (tmp_path / "recipe.yaml").write_text(text)
    check_recipe(load_recipe(tmp_path / "recipe.yaml"))


def test_images_of_one_class_train_no_classifier(tmp_path: Path) -> None:
    home = tmp_path / "images" / "train" / "only"
    home.mkdir(parents=True)
    for number in range(6):
        write_picture(torch.full((3, 16, 16), number / 6), home / f"{number}.png")
    (tmp_path / "recipe.yaml").write_text(NETWORK)
    words = ["--data.source", str(home.parents[1]), "--data.val_fraction", "0.5"]
    recipe = load_recipe(tmp_path / "recipe.yaml", words)
    with pytest.raises(UserError, match="network knows 1 class, and classification needs at least"):
        train(recipe, tmp_path / "run", Schedule(progress=False))
    assert not (tmp_path / "run").exists()
