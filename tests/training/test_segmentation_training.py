"""A network that tells the class of each pixel, from its recipe to a codec trained and measured."""

import json
from io import BytesIO
from pathlib import Path

import datasets
import numpy as np
import pytest
import torch
from PIL import Image

from semjscc.cli import main
from semjscc.perception.store import load_perception
from semjscc.training.batches import Share, augment

RECIPE = """
name: pixels
data: {{source: {source}, masks: true, val_fraction: 0.2}}
perception:
  network: unet
  options: {{width: 4}}
  layers: [stage1, stage2]
  input_size: [24, 32]
  task: segmentation
  task_options: {{ignored: [3]}}
  classes: [dark, bright, square]
optimiser: {{steps: 60, batch: 8, rate: 0.03, precision: 32-true, augment_shift: 1}}
"""
CODEC = """
name: sent
data: {{source: {source}, masks: true, val_fraction: 0.2}}
codec: {{options: {{width: 8, ratios: [1/24, 1/12]}}, perception: {perception}}}
loss: {{weight: 0.1, term: {term}}}
optimiser: {{steps: 3, batch: 4, precision: 32-true}}
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Images half dark, half bright, with a grey square in them; class 3 is a border."""
    folder = tmp_path_factory.mktemp("masks")
    random = np.random.default_rng(0)
    rows: dict[str, list[dict[str, bytes | None]]] = {"image": [], "mask": []}
    for _ in range(40):
        mask = np.zeros((24, 24), np.uint8)
        mask[:, 12:] = 1
        top, left = random.integers(2, 14, 2)
        mask[top : top + 8, left : left + 8] = 2
        mask[0] = 3
        grey = np.array([30, 220, 120, 0], np.uint8)[mask]
        pixels = np.stack([grey] * 3, axis=2) + random.integers(0, 20, (24, 24, 3), np.uint8)
        for column, array in (("image", pixels), ("mask", mask)):
            file = BytesIO()
            Image.fromarray(array).save(file, "PNG")
            rows[column].append({"bytes": file.getvalue(), "path": None})
    features = datasets.Features({"image": datasets.Image(), "mask": datasets.Image()})
    table = datasets.Dataset.from_dict(rows, features)
    table.select(range(32)).to_parquet(str(folder / "train.parquet"))
    table.select(range(32, 40)).to_parquet(str(folder / "test.parquet"))
    return folder


@pytest.fixture(scope="module")
def network(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("network")
    (folder / "recipe.yaml").write_text(RECIPE.format(source=source))
    words = ["train", str(folder / "recipe.yaml"), "--out", str(folder / "run")]
    assert main(words) == 0
    return folder / "run"


def test_it_learns_and_its_checkpoint_tells_its_task(network: Path) -> None:
    perception = load_perception(network / "model.safetensors")
    assert perception.task.name == "segmentation"
    assert perception.task.options()["ignored"] == [3]
    assert perception.class_names == ("dark", "bright", "square")
    assert perception.preprocess.size == (24, 32)
    assert perception.facts["val_miou"] > 0.5


@pytest.mark.parametrize("metric", ["accuracy", "agreement"])
def test_an_evaluation_measures_intersection_over_union(
    network: Path, source: Path, tmp_path: Path, metric: str
) -> None:
    words = ["evaluate", "--data", str(source), "--links", "none,linear", "--ratio", "1/24"]
    words += ["--perception", str(network), "--snr=-5,15", "--metric", metric]
    assert main([*words, "--out", str(tmp_path)]) == 0
    none, noisy, clear = json.loads((tmp_path / "results.json").read_text())["records"]
    assert none["metric"] == ("miou" if metric == "accuracy" else "miou agreement")
    assert none["right"] is None
    assert noisy["value"] < clear["value"] <= none["value"]
    assert (none["value"] == 1) == (metric == "agreement")
    assert noisy["ci_low"] <= noisy["value"] <= noisy["ci_high"]
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "transmission.png").is_file()


@pytest.mark.usefixtures("undrawn")
def test_the_report_compares_links_from_results_alone(
    network: Path, source: Path, tmp_path: Path
) -> None:
    words = ["evaluate", "--data", str(source), "--links", "linear,linear-adaptive"]
    words += ["--perception", str(network), "--snr", "0", "--ratio", "1/12"]
    assert main([*words, "--out", str(tmp_path)]) == 0
    words = ["report", str(tmp_path / "results.json"), "--candidate", "linear-adaptive"]
    assert main([*words, "--against", "linear", "--out", str(tmp_path / "report")]) == 0
    assert "miou" in (tmp_path / "report" / "report.html").read_text()


def test_one_image_and_what_fills_it(
    network: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (24, 24), (220, 220, 220)).save(tmp_path / "a.png")
    words = ["transmit", str(tmp_path / "a.png"), "--link", "linear", "--snr", "20", "--json"]
    words += ["--perception", str(network), "--out", str(tmp_path / "b.png")]
    assert main(words) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["before"]["label"] == "bright"
    assert 0.5 < report["before"]["confidence"] <= 1
    assert report["all_before"][0] == report["before"]
    assert len(report["all_before"]) == 3
    assert sum(one["confidence"] for one in report["all_before"]) == pytest.approx(1)
    # The share that a class fills is not how sure the network is.
    assert main([word for word in words if word != "--json"]) == 0
    shown = capsys.readouterr()
    assert "before        bright (" in shown.out


@pytest.mark.parametrize("term", ["features", "task", "distillation"])
def test_a_codec_is_trained_for_it(network: Path, source: Path, tmp_path: Path, term: str) -> None:
    text = CODEC.format(source=source, perception=network, term=term)
    (tmp_path / "recipe.yaml").write_text(text)
    words = ["train", str(tmp_path / "recipe.yaml"), "--out", str(tmp_path / "run")]
    if term == "features":
        words += ["--loss.importance", "{temper: 0.5}"]
    assert main(words) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--data.masks", "false"], "data.masks: true"),
        (["--perception.classes", "[]"], "classes"),
        (["--perception.network", "resnet"], "a map of numbers"),
        (["--perception.task", "classification"], "takes no arguments"),
        (["--perception.task_options", "{ignored: [x]}"], "0 to 255"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(
    source: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    (tmp_path / "recipe.yaml").write_text(RECIPE.format(source=source))
    out = ["--out", str(tmp_path / "run")]
    assert main(["train", str(tmp_path / "recipe.yaml"), *out, *words]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_sources_with_masks_are_joined(source: Path, tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(RECIPE.format(source=f"[{source}, {source}]"))
    words = ["train", str(tmp_path / "recipe.yaml"), "--out", str(tmp_path / "run")]
    assert main([*words, "--optimiser.steps", "2"]) == 0


def test_masks_of_unknown_classes_are_refused_before_the_training(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "recipe.yaml").write_text(RECIPE.format(source=source))
    words = ["train", str(tmp_path / "recipe.yaml"), "--out", str(tmp_path / "run")]
    options = "--perception.task_options"
    assert main([*words, options, "{}"]) == 2
    assert "class 3, and the network knows 3 classes" in capsys.readouterr().err
    assert main([*words, options, "{ignored: [0, 1, 2, 3]}"]) == 2
    assert "no pixel of the masks counts" in capsys.readouterr().err


def test_the_label_alone_is_no_link_for_it(
    network: Path, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["evaluate", "--data", str(source), "--links", "label", "--ratio", "1/24"]
    assert main([*words, "--snr", "0", "--perception", str(network), "--out", str(tmp_path)]) == 2
    assert "one class an image: pixels does segmentation" in capsys.readouterr().err


def test_masks_move_with_their_images_and_are_never_greyed_out() -> None:
    random = torch.Generator().manual_seed(0)
    mask = torch.randint(5, (6, 1, 20, 20), generator=random).float()
    images = mask.expand(-1, 3, -1, -1) / 5
    both = torch.cat([images, mask], dim=1)
    varied = augment(both, 1, 2, Share(), mirror=True, shift=3, erase=0)
    assert torch.equal(varied[:, 0], varied[:, 3] / 5)
    assert not torch.equal(varied, both)
    erased = augment(both, 1, 2, Share(), mirror=True, shift=3, erase=6)
    assert torch.equal(erased[:, 3], varied[:, 3])
    assert (erased[:, :3] != varied[:, :3]).any()
