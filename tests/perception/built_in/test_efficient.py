"""Networks on the features of EfficientNet-Lite0."""

from pathlib import Path

import pytest
import torch

from semjscc.errors import UserError
from semjscc.perception.built_in.efficient import (
    EfficientDetector,
    EfficientFeatures,
    EfficientUNet,
)
from semjscc.perception.built_in.imagenet import PREPROCESS, load_imagenet
from semjscc.perception.built_in.networks import build_network
from semjscc.training.recipe import load_recipe
from semjscc.training.train import train
from small_training import QUIET, recipe_file, two_classes

NAMES = ("efficientnet-unet", "efficientnet-detector")
LENT = {"stage1": "_blocks.2", "stage2": "_blocks.4", "stage3": "_blocks.10"}


@pytest.mark.parametrize(("height", "width"), [(32, 48), (45, 61)])
def test_results_are_of_the_size_of_the_images(height: int, width: int) -> None:
    images = torch.rand(1, 3, height, width)
    network = EfficientUNet(classes=5, width=4).eval()
    assert network(images).shape == (1, 5, height, width)
    places = -(-height // 4) * -(-width // 4)
    found = EfficientDetector(classes=5, width=4).eval()(images)
    assert found.shape == (1, places, 9)
    assert torch.isfinite(found).all()


@pytest.mark.parametrize("name", NAMES)
def test_features_are_those_of_the_trained_network(name: str) -> None:
    network = build_network(name, 3, {"width": 4}).eval()
    assert isinstance(network, EfficientFeatures)
    imagenet = load_imagenet()
    network.begin_with(imagenet.network)
    images = torch.rand(1, 3, 64, 64)  # a side for which the paddings are those of 224
    seen: dict[str, torch.Tensor] = {}
    for one, names in ((network, LENT), (imagenet.network, LENT.values())):
        for layer in names:
            one.get_submodule(layer).register_forward_hook(
                lambda _m, _i, output, layer=layer: seen.update({layer: output})
            )
    with torch.no_grad():
        network(images)
        mean, std = (torch.tensor(v)[:, None, None] for v in (PREPROCESS.mean, PREPROCESS.std))
        imagenet.network.extract_features((images - mean) / std)  # pyright: ignore[reportCallIssue]
    for ours, theirs in LENT.items():
        assert torch.allclose(seen[ours], seen[theirs], atol=1e-5), ours


def test_only_networks_that_are_built_on_it_begin_with_its_features(
    tmp_path: Path,
) -> None:
    source = two_classes(tmp_path, ["dark", "bright"])
    part = "perception: {network: resnet, options: {width: 4}}\nstart: efficientnet-lite0"
    recipe = load_recipe(recipe_file(tmp_path, source, part))
    with pytest.raises(UserError, match="lends its features to efficientnet-unet"):
        train(recipe, tmp_path / "run", QUIET)
