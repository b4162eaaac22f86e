"""A detector from its recipe to results: boxes move with their images, evaluations count them."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from semjscc.cli import main
from semjscc.codecs.store import build_codec
from semjscc.data import ImageSet, Split
from semjscc.data.drawn.scenes import load_scenes
from semjscc.data.drawn.shapes import CLASS_NAMES
from semjscc.errors import UserNote
from semjscc.perception.base import Perception
from semjscc.perception.built_in.networks import build_network
from semjscc.perception.store import load_perception
from semjscc.tasks import Detection
from semjscc.training.batches import Share, augment, augment_boxes, padded_boxes
from semjscc.training.measure import measure_codec, measure_perception

RECIPE = """
name: finder
data: {source: scenes, size: 128, limit: 8, boxes: true}
perception:
  {network: detector, options: {width: 8}, layers: [stage1, stage2], task: detection}
optimiser: {steps: 6, batch: 4, rate: 0.005, precision: 32-true, augment_shift: 2}
"""
CODEC = """
name: sent
data: {{source: scenes, size: 128, limit: 4, boxes: true}}
codec: {{options: {{width: 8, ratios: [1/24]}}, perception: {perception}}}
loss: {{weight: 0.1, term: {term}}}
optimiser: {{steps: 2, batch: 2, precision: 32-true}}
"""


@pytest.fixture(scope="module", autouse=True)
def few_scenes() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semjscc.data.COUNTS_OF_SCENES", {"train": 8, "val": 4, "test": 4})
        yield


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finder")
    (folder / "recipe.yaml").write_text(RECIPE)
    assert main(["train", str(folder / "recipe.yaml"), "--out", str(folder / "run")]) == 0
    return folder / "run"


def test_its_checkpoint_tells_its_task(network: Path) -> None:
    perception = load_perception(network / "model.safetensors")
    assert perception.task.name == "detection"
    assert perception.class_names == CLASS_NAMES
    assert 0 <= perception.facts["val_map50"] <= 1


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("metric", ["accuracy", "agreement"])
def test_an_evaluation_has_a_record_for_each_metric(
    network: Path, tmp_path: Path, metric: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SURE", "LEAST_SURE"):  # after six steps it is sure of nothing
        monkeypatch.setattr(f"semjscc.tasks.detection.{name}", 0.0)
    words = ["evaluate", "--data", "scenes", "--size", "128", "--links", "none,linear"]
    words += ["--perception", str(network), "--snr", "10", "--ratio", "1/24", "--limit", "4"]
    assert main([*words, "--metric", metric, "--out", str(tmp_path)]) == 0
    records = json.loads((tmp_path / "results.json").read_text())["records"]
    end = "" if metric == "accuracy" else " agreement"
    assert [one["metric"] for one in records] == [f"map50{end}"] * 2 + [f"map{end}"] * 2
    assert all(one["evidence"].startswith("average-precision") for one in records)
    if metric == "agreement":
        assert records[0]["value"] == 1


@pytest.mark.parametrize("empty", ["train", "val"])
def test_a_training_without_objects_is_refused(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    empty: str,
) -> None:
    def some(split: Split, count: int, size: int) -> ImageSet:
        scenes = load_scenes(split, count, size)
        return without_objects(scenes) if split == empty else scenes

    monkeypatch.setattr("semjscc.data.load_scenes", some)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    assert main(["train", str(tmp_path / "recipe.yaml"), "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err
    assert f"on scenes ({empty}), where no image has an object: give it other images" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def without_objects(data: ImageSet) -> ImageSet:
    return replace(data, boxes=[torch.zeros(0, 5)] * len(data))


def finder(logit: float) -> Perception:
    """Sees one object in the middle of every image, as sure as asked for."""

    class Finds(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            return images.new_tensor([0.2, 0.2, 0.8, 0.8, logit]).expand(len(images), 1, 5)

    return Perception(Finds(), layers=(), class_names=["stop"], task=Detection(), name="own")


def test_facts_have_no_number_where_nothing_can_be_measured() -> None:
    data = without_objects(replace(load_scenes("val", 3, 128), box_names=("stop",)))
    codec = build_codec("adaptive", {"width": 8, "ratios": ["1/24"]})
    assert measure_codec(codec, [finder(3.0)], data)["val_agreement"] == {"1/24": 1}
    with pytest.warns(UserNote, match="^own has no agreement: none of the 3 images of scenes"):
        facts = measure_codec(codec, [finder(-3.0)], data)
    assert not any("map50" in name or "agreement" in name for name in facts)
    assert facts["val_psnr_db"].keys() == {"1/24"}
    with pytest.warns(UserNote, match="^own has no map50 or map: none of"):
        facts = measure_perception(finder(3.0), data)
    assert "val_map50" not in facts
    assert facts["val_images"] == 3
    json.dumps(facts, allow_nan=False)


@pytest.mark.parametrize("term", ["features", "task", "distillation"])
def test_a_codec_is_trained_for_it(network: Path, tmp_path: Path, term: str) -> None:
    (tmp_path / "recipe.yaml").write_text(CODEC.format(perception=network, term=term))
    words = ["train", str(tmp_path / "recipe.yaml"), "--out", str(tmp_path / "run")]
    if term == "features":
        words += ["--loss.importance", "{temper: 0.5}"]
    assert main(words) == 0


def test_the_grid_of_a_training_is_square(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = load_scenes("train", 2, 128)
    wide = replace(whole, images=torch.as_tensor(whole.images)[:, :, :64], name="wide")
    monkeypatch.setattr("semjscc.data.load_scenes", lambda *_: wide)
    (tmp_path / "recipe.yaml").write_text(RECIPE)
    assert main(["train", str(tmp_path / "recipe.yaml"), "--out", str(tmp_path / "run")]) == 2
    assert "square images" in capsys.readouterr().err


def test_boxes_move_with_their_images() -> None:
    """A white rectangle on black, found again by its outermost pixels."""
    images = torch.zeros(8, 3, 40, 60)
    boxes = []
    for number, image in enumerate(images):
        left, top = 10 + 3 * number, 8 + number
        image[:, top : top + 9, left : left + 14] = 1
        boxes.append(torch.tensor([[left, top, left + 14, top + 9, number]]))
    padded = padded_boxes(boxes, (40, 60))
    for step in range(3):
        chosen = {"mirror": step > 0, "shift": 5}
        varied = augment(images, 1, step, Share(), erase=0, **chosen)
        moved = augment_boxes(padded, (40, 60), 1, step, Share(), **chosen)
        for image, (sides,) in zip(varied, moved, strict=True):
            rows, columns = image[0].any(1).nonzero(), image[0].any(0).nonzero()
            expected = torch.tensor(
                [columns[0] / 60, rows[0] / 40, (columns[-1] + 1) / 60, (rows[-1] + 1) / 40]
            )
            assert torch.allclose(sides[:4], expected, atol=1e-5)
        assert (moved[:, 0, 4] == torch.arange(8)).all()


def test_what_leaves_the_image_is_no_object() -> None:
    padded = padded_boxes([torch.tensor([[0, 0, 3, 3, 1]]), torch.zeros(0, 5)], (40, 40))
    assert padded[1].tolist() == [[-1] * 5]
    found = [
        augment_boxes(padded, (40, 40), 1, step, Share(), mirror=False, shift=6)
        for step in range(30)
    ]
    assert {float(one[0, 0, 4]) for one in found} == {-1, 1}
    assert all(float(one[1, 0, 4]) == -1 for one in found)


def test_a_detector_takes_any_size_and_begins_with_small_boxes_at_every_place() -> None:
    network = build_network("detector", 5, {"width": 4}).eval()
    with torch.no_grad():
        output = network(torch.rand(2, 3, 48, 80))
    assert output.shape == (2, 12 * 20, 9)
    middle = (output[..., :2] + output[..., 2:4]) / 2
    steps = torch.tensor([1 / 20, 1 / 12])
    grid = torch.stack(torch.meshgrid(torch.arange(20), torch.arange(12), indexing="xy"), dim=-1)
    assert (middle - (grid.flatten(0, 1) + 0.5) * steps).abs().max() < 0.2
    assert F.sigmoid(output[..., 4:]).max() < 0.2
