"""MobileNetV2: its numbers, its names, and the preprocessing of torchvision's weights."""

from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

from semjscc.cli import main
from semjscc.errors import UserError
from semjscc.perception.built_in import imagenet
from semjscc.perception.built_in.mobilenet import LAYERS, PREPROCESS, MobileNetV2
from semjscc.perception.store import open_perception, weights_file
from semjscc.results.records import load_results

needs_names = pytest.mark.skipif(
    imagenet.missing() is not None, reason=imagenet.missing() or "installed"
)


@pytest.fixture(scope="module")
def weights() -> dict[str, Tensor]:
    """Fixed random weights, with statistics that are no one's default."""
    rng = torch.Generator().manual_seed(5)
    with torch.device("meta"):
        shapes = {name: tensor.shape for name, tensor in MobileNetV2().state_dict().items()}
    found = {}
    for name, shape in shapes.items():
        kind = name.rpartition(".")[2]
        if kind == "num_batches_tracked":
            continue
        draws = torch.randn(shape, generator=rng)
        if kind == "running_var" or (kind == "weight" and len(shape) == 1):
            found[name] = 0.5 + draws.abs()
        elif kind == "weight":
            found[name] = draws * (2 / max(1, draws[0].numel())) ** 0.5
        else:
            found[name] = 0.1 * draws
    return found


@pytest.fixture(scope="module")
def file(weights: dict[str, Tensor], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "mobilenet.safetensors"
    save_file({name: tensor.half() for name, tensor in weights.items()}, path)
    return path


def by_the_table(weights: dict[str, Tensor], x: Tensor) -> Tensor:
    """The network once more, from table 2 of the paper and the names in torchvision's files."""

    def filtered(
        place: str, norm: str, x: Tensor, *, stride: int = 1, each: bool = False
    ) -> Tensor:
        kernel = weights[f"{place}.weight"]
        groups = x.shape[1] if each else 1
        x = F.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2, groups=groups)
        names = ("running_mean", "running_var", "weight", "bias")
        return F.batch_norm(x, *(weights[f"{norm}.{name}"] for name in names))

    def bent(place: str, x: Tensor, **more: int) -> Tensor:
        return filtered(f"{place}.0", f"{place}.1", x, **more).clamp(0, 6)  # pyright: ignore[reportArgumentType]

    x = bent("features.0", x, stride=2)
    strides = [1, 2, 1, 2, 1, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1]
    for number, stride in enumerate(strides, 1):
        place = f"features.{number}.conv"
        inner, last = (x, 0) if number == 1 else (bent(f"{place}.0", x), 1)
        inner = bent(f"{place}.{last}", inner, stride=stride, each=True)
        outer = filtered(f"{place}.{last + 1}", f"{place}.{last + 2}", inner)
        x = x + outer if x.shape == outer.shape else outer
    x = bent("features.18", x).mean(dim=(2, 3))
    return F.linear(x, weights["classifier.1.weight"], weights["classifier.1.bias"])


def test_it_has_the_published_number_of_weights() -> None:
    with torch.device("meta"):
        network = MobileNetV2()
    assert sum(weights.numel() for weights in network.parameters()) == 3_504_872
    names = [name for name in network.state_dict() if "num_batches" not in name]
    assert len(names) == 262  # as in torchvision's file


@needs_names
@pytest.mark.parametrize("size", [(64, 64), (50, 97)])
def test_it_is_the_network_of_the_paper(
    weights: dict[str, Tensor], file: Path, size: tuple[int, int]
) -> None:
    # In float32 the order of sums shows in the fourth digit, and it differs from run to run.
    network = deepcopy(open_perception(f"mobilenet-v2={file}").network).double()
    images = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0)).double()
    kept = {name: tensor.half().double() for name, tensor in weights.items()}
    expected = by_the_table(kept, images)
    assert expected.std() > 0.01
    torch.testing.assert_close(network(images), expected, rtol=1e-9, atol=1e-9)


@needs_names
def test_features_lie_at_a_quarter_to_a_32nd(file: Path) -> None:
    perception = open_perception(f"mobilenet-v2={file}")
    assert len(perception.class_names) == 1000
    assert perception.name == "mobilenet-v2"
    images = torch.rand(1, 3, 80, 100, generator=torch.Generator().manual_seed(0))
    features = perception.features(images)
    assert [features[layer].shape[1:] for layer in LAYERS] == [
        (24, 56, 56),
        (32, 28, 28),
        (96, 14, 14),
        (320, 7, 7),
    ]
    assert open_perception(f"mobilenet-v2={file}", layers=["features.3"]).layers == ("features.3",)


@pytest.mark.parametrize("size", [(288, 384), (500, 300), (256, 256), (40, 77)])
def test_preprocessing_is_that_of_torchvision(size: tuple[int, int]) -> None:
    """Resized and cropped by Pillow, as torchvision does with images it is given by it."""
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    short = min(size)
    height, width = (int(256 * side / short) for side in size)
    resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    top, left = round((height - 224) / 2), round((width - 224) / 2)
    cut = np.array(resized)[top : top + 224, left : left + 224]
    mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    expected = torch.from_numpy((cut / 255 - mean) / std).permute(2, 0, 1).float()
    found = PREPROCESS(torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255)[0]
    difference = (found - expected).abs() * 0.225 * 255
    assert difference.max() < 2.1  # levels of 255: Pillow rounds between rows and columns
    assert difference.mean() < 0.5


def test_preprocessing_has_gradients_everywhere_in_the_centre() -> None:
    images = torch.rand(1, 3, 256, 256, generator=torch.Generator().manual_seed(0))
    images.requires_grad_()
    found = PREPROCESS(images)
    assert torch.equal(found, PREPROCESS(images.detach()))
    found.sum().backward()
    assert images.grad is not None
    expected = torch.zeros(256, 256)
    expected[16:-16, 16:-16] = 1 / 0.229
    torch.testing.assert_close(images.grad[0, 0], expected)
    assert PREPROCESS.seen(256, 300) == (224, 224)


@needs_names
@pytest.mark.usefixtures("undrawn")
def test_evaluate_takes_it(file: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    Image.new("RGB", (60, 40), (200, 30, 90)).save(tmp_path / "photos" / "red.png")
    words = ["--links", "none", "--data", str(tmp_path / "photos"), "--metric", "agreement"]
    words += ["--perception", f"mobilenet-v2={file}", "--ratio", "1/24", "--snr", "5"]
    assert main(["evaluate", *words, "--out", str(tmp_path / "out")]) == 0
    (record,) = load_results(tmp_path / "out" / "results.json").records
    assert (record.value, record.perception) == (1.0, "mobilenet-v2")


@needs_names
def test_what_is_not_its_weights_is_one_line(file: Path, tmp_path: Path) -> None:
    other, text = tmp_path / "other.safetensors", tmp_path / "text.safetensors"
    save_file({"features.0.0.weight": torch.zeros(3)}, other)
    text.write_text("no weights")
    for path, message in [
        (tmp_path / "nowhere", "no weights at"),
        (text, "not a readable safetensors file"),
        (other, "do not fit their network"),
    ]:
        with pytest.raises(UserError, match=message) as caught:
            open_perception(f"mobilenet-v2={path}")
        assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="needs the path of its weights: mobilenet-v2=weights"):
        open_perception("mobilenet-v2")
    with pytest.raises(UserError, match="no layer 'stage1'"):
        open_perception(f"mobilenet-v2={file}", layers=["stage1"])
    assert weights_file(f"mobilenet-v2={file}") == file
