"""One codec for several networks at the receiver, each with a task of its own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from semjscc.checkpoint import read_metadata, save_weights
from semjscc.cli import main
from semjscc.codecs.adaptive import Adaptive
from semjscc.data import load_data
from semjscc.data.base import TargetName
from semjscc.data.drawn.shapes import CLASS_NAMES
from semjscc.losses import reference, semantic_error
from semjscc.perception.base import Perception, Preprocess
from semjscc.perception.built_in.networks import build_network
from semjscc.perception.store import describe
from semjscc.tasks import Classification, Detection, Segmentation, Task
from semjscc.training.batches import Share
from semjscc.training.modules import CodecTraining, Targets
from semjscc.training.receivers import Receiver, open_receivers, receivers_error
from semjscc.training.recipe import LossRecipe, load_recipe

LAYERS = ("stage1", "stage2")
ALL: tuple[TargetName, ...] = ("label", "boxes", "mask")
MASKS = ("background", *CLASS_NAMES)
RECIPE = """
name: for-three
data: {{source: scenes, size: 128, limit: 4, boxes: true, masks: true}}
codec:
  options: {{width: 8, ratios: [1/24]}}
  perception: {folder}/labels.safetensors
  others:
    - {{perception: {folder}/boxes.safetensors, share: 2}}
    - {{perception: {folder}/masks.safetensors, share: 0.5, layers: [stage1]}}
loss: {{weight: 0.1, term: {term}}}
optimiser: {{steps: 2, batch: 2, precision: 32-true, augment_mirror: true}}
"""


@pytest.fixture(scope="module", autouse=True)
def few_scenes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semjscc.data.COUNTS_OF_SCENES", {"train": 8, "val": 2, "test": 2})
        yield


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an untrained classifier, detector and segmentation network."""
    folder = tmp_path_factory.mktemp("networks")
    torch.manual_seed(4)
    kinds: dict[str, tuple[str, tuple[str, ...], Task]] = {
        "labels": ("resnet", CLASS_NAMES, Classification()),
        "boxes": ("detector", CLASS_NAMES, Detection()),
        "masks": ("unet", MASKS, Segmentation()),
    }
    for name, (network, classes, task) in kinds.items():
        module = build_network(network, len(classes), {"width": 8})
        preprocess = Preprocess(None if name == "labels" else (128, 128))
        text = describe(network, {"width": 8}, LAYERS, classes, preprocess, task)
        told = text | {"recipe": {"name": name}, "facts": {}}
        save_weights(folder / f"{name}.safetensors", module.state_dict(), told)
    return folder


def recipe_of(networks: Path, folder: Path, term: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(RECIPE.format(folder=networks, term=term))
    return path


def test_the_error_is_the_mean_over_networks_by_their_shares(
    tiny_perception: Perception, coarse_perception: Perception, tiny_images: Tensor
) -> None:
    received, loss = 1 - tiny_images, LossRecipe(weight=1.0)
    targets: Targets = {"label": torch.arange(4)}
    receivers = [Receiver(tiny_perception), Receiver(coarse_perception, share=3.0)]
    errors = [
        semantic_error(reference(net, tiny_images, None), net.features(received))
        for net in (tiny_perception, coarse_perception)
    ]
    assert not torch.allclose(*errors)
    found = receivers_error(receivers, loss, tiny_images, received, targets, torch.ones)
    torch.testing.assert_close(found, (errors[0] + 3 * errors[1]) / 4)


@pytest.mark.parametrize("term", ["features", "task", "distillation"])
def test_a_codec_is_trained_and_measured_for_all_of_them(
    networks: Path, tmp_path: Path, term: str
) -> None:
    out = tmp_path / "run"
    assert main(["train", str(recipe_of(networks, tmp_path, term)), "--out", str(out)]) == 0
    facts = read_metadata(out / "model.safetensors")["facts"]
    assert set(facts["receivers"]) == {"boxes", "masks"}
    assert list(facts["receivers"]["masks"]) == ["val_miou"]
    inputs = json.loads((out / "inputs.json").read_text())["origins"]
    assert len(inputs) == 3


def test_targets_of_all_tasks_move_with_the_images(
    networks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CodecTraining, "share", Share())
    recipe = load_recipe(recipe_of(networks, tmp_path, "task"))
    assert recipe.codec is not None
    data = load_data("scenes", "train", size=128, limit=4, needs_masks=True, needs_boxes=True)
    receivers = open_receivers(recipe.codec, recipe.loss)
    training = CodecTraining(recipe, Adaptive(width=8), recipe.codec, receivers, data)
    mirrored = 0
    for step in range(6):
        images, targets = training.batch(step)
        assert list(targets) == ["label", "boxes", "mask"]
        mirrored += sum((image != data.batch(range(4))).flatten(1).any(1).all() for image in images)
        for label, boxes, mask in zip(*(targets[name] for name in ALL), strict=True):
            there = boxes[boxes[:, 4] >= 0]
            assert label in there[:, 4]
            for left, top, right, bottom, sign in (there * 128).round().int().tolist():
                inside = mask[top:bottom, left:right]
                assert (inside == sign // 128 + 1).any()
    assert 0 < mirrored < 12
