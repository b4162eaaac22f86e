"""A codec trained on pieces of photographs, of several sources, with and without labels."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from semjscc.checkpoint import read_metadata
from semjscc.errors import Stopped, UserError
from semjscc.perception.built_in import imagenet
from semjscc.training.inputs import INPUTS, load_images
from semjscc.training.recipe import Recipe, load_recipe
from semjscc.training.train import train
from small_training import PERCEPTION, QUIET, assert_same_weights, at_step

CROP = 24
CODEC = "codec: {{options: {{width: 8, ratios: [1/24, 1/12]}}, perception: {perception}}}"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SEMJSCC_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 photographs of unlike sizes without labels; some are smaller than a crop."""
    folder = tmp_path_factory.mktemp("plain")
    return photographs(folder, [""] * 40)


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 photographs in the classes that the perception network knows."""
    folder = tmp_path_factory.mktemp("labelled")
    return photographs(folder, ["dark", "bright"] * 20)


def photographs(folder: Path, classes: list[str]) -> Path:
    rng = np.random.default_rng(1)
    for index, name in enumerate(classes):
        place = folder / "train" / name
        place.mkdir(parents=True, exist_ok=True)
        shape = (20 + 3 * (index % 11), 30 + 2 * (index % 17), 3)
        pixels = rng.integers(0, 128, shape) + 127 * (name == "bright")
        Image.fromarray(pixels.astype(np.uint8)).save(place / f"{index}.png")
    return folder


def recipe(
    folder: Path, sources: list[Path], part: str, *words: str, crop: int | None = CROP
) -> Recipe:
    file = folder / "recipe.yaml"
    listed = ", ".join(map(str, sources))
    cut = f"crop: {crop}, " if crop else ""
    file.write_text(
        f"name: tiny\ndata: {{source: [{listed}], {cut}val_fraction: 0.2}}\n{part}\n"
        "optimiser: {steps: 8, batch: 8, rate: 0.01, precision: 32-true}\n"
    )
    return load_recipe(file, words)


def test_codec_without_labels_is_judged_by_agreement(
    plain: Path, labelled: Path, perception: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--loss.weight", "0.1", "--loss.importance", "{temper: 0.5}"]
    chosen = recipe(tmp_path, [plain, labelled], CODEC.format(perception=perception), *words)
    model, facts = train(chosen, tmp_path / "run", QUIET)
    assert facts.keys() >= {"val_psnr_db", "val_agreement"}
    assert "val_accuracy" not in facts
    assert facts["val_images"] == len(load_images(chosen.data, "val"))
    described = read_metadata(model)
    assert described["recipe"]["data"]["source"] == [str(plain), str(labelled)]
    assert described["data"]["images"] == len(load_images(chosen.data, "train"))
    assert described["facts"]["image_side"] == chosen.data.crop

    with monkeypatch.context() as patch:
        at_step(patch, 3, 15)
        with pytest.raises(Stopped):
            train(chosen, tmp_path / "cut", QUIET)
    assert_same_weights(model, train(chosen, tmp_path / "cut", QUIET)[0])


@pytest.fixture(scope="module")
def classifier(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of a classifier trained on crops."""
    folder = tmp_path_factory.mktemp("classifier")
    model, facts = train(recipe(folder, [labelled], PERCEPTION), folder / "run", QUIET)
    assert 0 <= facts["val_accuracy"] <= 1
    return model.parent


def test_labels_that_the_network_knows_make_accuracy(
    labelled: Path, classifier: Path, tmp_path: Path
) -> None:
    part = CODEC.format(perception=classifier)
    words = ["--loss.weight", "0.1", "--loss.term", "task"]
    _, facts = train(recipe(tmp_path, [labelled], part, *words), tmp_path / "run", QUIET)
    assert set(facts["val_accuracy"]) == {"1/24", "1/12"}
    assert "val_agreement" not in facts


@pytest.mark.skipif(imagenet.missing() is not None, reason=imagenet.missing() or "installed")
@pytest.mark.parametrize("layers", [None, "[_blocks.2]"])
def test_any_network_that_evaluate_takes_is_looked_through(
    plain: Path, tmp_path: Path, layers: str | None
) -> None:
    part = "codec: {options: {width: 8, ratios: [1/24]}, perception: efficientnet-lite0}"
    words = ["--loss.weight", "0.1", "--optimiser.steps", "1", "--optimiser.batch", "2"]
    words += ["--loss.layers", layers] if layers else []
    model, _ = train(recipe(tmp_path, [plain], part, *words), tmp_path / "run", QUIET)
    described = read_metadata(model)
    assert described["perception"] == "efficientnet-lite0"
    weights = imagenet.weights_file().read_bytes()
    assert described["origins"] == {"perception": hashlib.sha256(weights).hexdigest()}


def test_importance_is_learned_from_photographs(
    plain: Path, perception: Path, tmp_path: Path
) -> None:
    words = ["--loss.weight", "0.1", "--loss.importance", "{learned: alone}"]
    chosen = recipe(tmp_path, [plain], CODEC.format(perception=perception), *words)
    assert train(chosen, tmp_path / "run", QUIET)[0].is_file()


@pytest.mark.parametrize(
    ("words", "needs"),
    [
        (["--loss.term", "task"], "the loss's term 'task'"),
        (["--loss.importance", "{target: label}"], "importance of the target 'label'"),
    ],
)
def test_loss_that_looks_at_labels_needs_them(
    plain: Path, labelled: Path, perception: Path, tmp_path: Path, words: list[str], needs: str
) -> None:
    part = CODEC.format(perception=perception)
    chosen = recipe(tmp_path, [labelled, plain], part, "--loss.weight", "0.1", *words)
    with pytest.raises(UserError, match=f"has not the labels that {needs} needs"):
        train(chosen, tmp_path / "run", QUIET)
    without = recipe(tmp_path, [labelled, plain], part, *words)  # weight 0: nothing looks
    assert without.loss.needs_labels is None


def test_classifier_needs_labels(plain: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has not the labels that a classifier needs"):
        train(recipe(tmp_path, [plain], PERCEPTION), tmp_path / "run", QUIET)


def test_val_is_the_centre_of_photographs_not_scaled(plain: Path, tmp_path: Path) -> None:
    data = recipe(tmp_path, [plain], PERCEPTION, "--data.crop", "16").data
    val, whole = load_images(data, "val"), load_images(data, "train")
    assert len(val) + len(whole) == 40
    assert max(max(size) for size in val.sizes) == 32
    assert max(max(size) for size in whole.sizes) > 48


def test_other_photographs_in_one_source_are_other_images(
    plain: Path, perception: Path, tmp_path: Path
) -> None:
    more = photographs(tmp_path / "more", [""] * 60)
    part = CODEC.format(perception=perception)
    chosen = recipe(tmp_path, [plain, more], part, "--optimiser.steps", "1")
    train(chosen, tmp_path / "run", QUIET)
    assert (tmp_path / "run" / INPUTS).is_file()
    for file in list(more.glob("train/1*.png")):  # some of them at least were trained on
        file.unlink()
    with pytest.raises(UserError, match="other images"):
        train(chosen, tmp_path / "run", QUIET)


def test_sources_without_crops_must_agree_in_size(
    plain: Path, source: Path, perception: Path, tmp_path: Path
) -> None:
    part = CODEC.format(perception=perception)
    with pytest.raises(UserError, match=r"by data\.size, or train on pieces .* by data\.crop"):
        train(recipe(tmp_path, [plain, source], part, crop=None), tmp_path / "run", QUIET)
    sized = recipe(tmp_path, [plain, source], part, "--data.size", "16", crop=None)
    assert isinstance(load_images(sized.data, "train").images, torch.Tensor)
    assert train(sized, tmp_path / "sized", QUIET)[0].is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--data.crop", "15"], "crop must be at least 16, not 15"),
        (["--data.size", "16"], "size 16 and crop 24 exclude each other"),
        (["--data.source", "[]"], "source is empty"),
        (["--optimiser.ema", "1"], "ema is at least 0 and below 1, not 1"),
        (["--optimiser.decay", "0.2"], "decay 0.2 needs schedule: constant"),
        (["--optimiser.warmup_steps", "-1"], "warmup_steps must be at least 0, not -1"),
    ],
)
def test_mistakes_are_one_line(plain: Path, tmp_path: Path, words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        recipe(tmp_path, [plain], PERCEPTION, *words)
    assert "\n" not in str(caught.value)


def test_one_source_is_named_as_ever(tmp_path: Path, plain: Path) -> None:
    chosen = recipe(tmp_path, [plain], PERCEPTION, "--data.source", "data/x")
    assert chosen.data.source == "data/x"
    assert chosen.data.sources == ("data/x",)
    several = recipe(tmp_path, [plain], PERCEPTION, "--data.source", "[data/x, signs]")
    assert several.data.sources == ("data/x", "signs")
