"""EfficientNet-Lite0 behind the ordinary perception contract."""

from pathlib import Path

import pytest
import skimage
import torch
from PIL import Image

from semjscc.cli import main
from semjscc.importance.maps import importance_map
from semjscc.perception.base import predict
from semjscc.perception.built_in import imagenet
from semjscc.results.records import load_results

pytestmark = pytest.mark.skipif(
    imagenet.missing() is not None, reason=imagenet.missing() or "installed"
)


@pytest.mark.parametrize(
    ("photograph", "words"),
    [("chelsea", ("cat", "Mau")), ("coffee", ("espresso", "cup")), ("rocket", ("missile", "proj"))],
)
def test_it_knows_photographs(photograph: str, words: tuple[str, ...]) -> None:
    perception = imagenet.load_imagenet()
    pixels = torch.from_numpy(getattr(skimage.data, photograph)().copy())
    seen = int(predict(perception, pixels.permute(2, 0, 1)[None] / 255)[0])
    assert any(word in perception.class_names[seen] for word in words)


def test_preprocessing_is_the_one_it_was_trained_with() -> None:
    size = imagenet.SIDE
    levels = torch.tensor([0.0, 127 / 255, 1.0])[:, None, None].expand(1, 3, size, size)
    expected = torch.tensor([-127 / 128, 0.0, 1.0])
    assert torch.allclose(imagenet.PREPROCESS(levels)[0, :, 0, 0], expected, atol=1e-6)


def test_features_and_importance() -> None:
    perception = imagenet.load_imagenet()
    images = torch.rand(1, 3, 250, 300, generator=torch.Generator().manual_seed(0))
    features = perception.features(images)
    sides = [features[layer].shape[-1] for layer in imagenet.LAYERS]
    assert sides == [56, 28, 14, 7]
    heat = importance_map(perception, images)
    assert heat.shape == (1, 250, 300)
    assert float(heat.max()) == pytest.approx(1)


@pytest.mark.usefixtures("undrawn")
def test_evaluate_takes_photographs_without_labels(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.fromarray(skimage.data.chelsea()[:200, :200]).save(folder / "cat.png")
    words = ["--links", "none", "--data", str(folder), "--ratio", "1/24", "--snr", "5"]
    words += ["--perception", imagenet.NAME, "--metric", "agreement", "--out", str(tmp_path)]
    assert main(["evaluate", *words]) == 0
    (record,) = load_results(tmp_path / "results.json").records
    assert (record.metric, record.value, record.perception) == ("agreement", 1.0, imagenet.NAME)
