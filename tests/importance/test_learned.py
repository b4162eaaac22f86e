"""Learned importance against a direct computation over the same images."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from semjscc.data.base import ImageSet
from semjscc.importance import learned
from semjscc.importance.fisher import draw_signs
from semjscc.importance.gradient import (
    ImportanceForm,
    form_gradients,
    importance_weights,
    score_gradients,
)
from semjscc.importance.learned import learned_sizes, learned_weights
from semjscc.losses import reference
from semjscc.perception.base import Perception
from semjscc.randomness import generator

COUNT = 70
ALONE = ImportanceForm(learned="alone", temper=1.0)


@pytest.fixture(scope="module")
def data() -> ImageSet:
    random = torch.Generator().manual_seed(2)
    images = torch.randint(0, 256, (COUNT, 3, 16, 16), dtype=torch.uint8, generator=random)
    names = tuple(f"class {index}" for index in range(5))
    return ImageSet("random", "train", images, torch.arange(COUNT) % 5, names, "", "")


def mean_one(size: Tensor) -> Tensor:
    return (size / size.mean()).float()


def test_learned_sizes_are_the_mean_gradient_of_each_channel(
    tiny_perception: Perception, data: ImageSet
) -> None:
    found = learned_sizes(tiny_perception, data, ALONE, seed=0)
    gradients = score_gradients(tiny_perception, data.batch(range(COUNT)), "logit")[1]
    for layer, gradient in gradients.items():
        assert found[layer].shape == (gradient.shape[1],)
        assert found[layer].std() > 0.05
        torch.testing.assert_close(found[layer], mean_one(gradient.abs().mean(dim=(0, 2, 3))))


def test_learned_sizes_look_at_labels_and_channels_where_the_form_says_so(
    tiny_perception: Perception, data: ImageSet
) -> None:
    form = ImportanceForm(learned="alone", target="label", unit="channel", shape="square-root")
    found = learned_sizes(tiny_perception, data, form, seed=0)
    images = data.batch(range(COUNT))
    gradients = score_gradients(tiny_perception, images, "logit", data.labels)[1]
    for layer, gradient in gradients.items():
        expected = gradient.mean(dim=(2, 3)).abs().sqrt().mean(dim=0)
        torch.testing.assert_close(found[layer], mean_one(expected))


def test_learned_fisher_information_is_the_mean_square_over_the_drawn_signs(
    tiny_perception: Perception, data: ImageSet
) -> None:
    form = ImportanceForm(learned="alone", score="fisher", shape="square", at="received")
    found = learned_sizes(tiny_perception, data, form, seed=4)
    order = generator(4, "importance", 0).permutation(COUNT)
    signs = draw_signs(4, "importance", 1, COUNT, 5)
    clean = ImportanceForm(score="fisher")
    gradients = form_gradients(tiny_perception, data.batch(order), clean, signs=signs)[1]
    for layer, gradient in gradients.items():
        expected = mean_one(gradient.double().square().mean(dim=(0, 2, 3)))
        torch.testing.assert_close(found[layer], expected)


def test_learned_sizes_come_from_a_seeded_choice_of_images(
    tiny_perception: Perception, data: ImageSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(learned, "LEARN_FROM", 6)
    found = learned_sizes(tiny_perception, data, ALONE, seed=3)
    chosen = generator(3, "importance", 0).permutation(COUNT)[:6]
    gradients = score_gradients(tiny_perception, data.batch(chosen), "logit")[1]
    again = learned_sizes(tiny_perception, data, ALONE, seed=3)
    other = learned_sizes(tiny_perception, data, ALONE, seed=4)
    for layer, gradient in gradients.items():
        torch.testing.assert_close(found[layer], mean_one(gradient.abs().mean(dim=(0, 2, 3))))
        assert torch.equal(found[layer], again[layer])
    assert not torch.allclose(found["stage1"], other["stage1"])


class Times(nn.Module):
    """Logits are the means of the channels times a number, behind a layer that repeats them."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.same = nn.Identity()
        self.factor = factor

    def forward(self, images: Tensor) -> Tensor:
        return (self.same(images) * self.factor).mean(dim=(2, 3))


@pytest.mark.parametrize("factor", [0.0, float("nan")])
@pytest.mark.parametrize("shape", ["absolute", "square"])
def test_layer_of_which_nothing_is_known_is_uniform(
    data: ImageSet, factor: float, shape: Any
) -> None:
    perception = Perception(Times(factor), layers=["same"], class_names=list("abc"))
    form = ImportanceForm(learned="alone", shape=shape)
    assert torch.equal(learned_sizes(perception, data, form, seed=0)["same"], torch.ones(3))


def test_squares_of_very_small_gradients_do_not_vanish(data: ImageSet) -> None:
    perception = Perception(Times(1e-28), layers=["same"], class_names=list("abc"))
    form = ImportanceForm(learned="alone", shape="square", target="label")
    part = ImageSet("", "train", data.images, torch.zeros(COUNT, dtype=torch.int64), (), "", "")
    found = learned_sizes(perception, part, form, seed=0)["same"]
    torch.testing.assert_close(found, torch.tensor([3.0, 0.0, 0.0]))


def test_learned_weights_of_a_small_example() -> None:
    features = {"maps": torch.zeros(2, 2, 3, 3), "vector": torch.zeros(2, 2)}
    sizes = {"maps": torch.tensor([0.5, 1.5]), "vector": torch.tensor([2.0, 0.0])}
    weights = learned_weights(features, sizes, ImportanceForm(learned="alone", temper=0.5))
    expected = torch.tensor([0.75, 1.25]).view(1, 2, 1, 1).expand(2, 2, 3, 3)
    torch.testing.assert_close(weights["maps"], expected)
    torch.testing.assert_close(weights["vector"], torch.tensor([[1.5, 0.5], [1.5, 0.5]]))


@pytest.mark.parametrize("scope", ["image", "batch"])
def test_product_multiplies_the_image_s_gradient(scope: Any) -> None:
    gradients = {"x": torch.randn(3, 4, 5, 5, generator=torch.Generator().manual_seed(0))}
    sizes = {"x": torch.tensor([0.0, 0.5, 1.5, 2.0])}
    form = ImportanceForm(learned="product", temper=1.0, scope=scope)
    weights = importance_weights(gradients, form, sizes)["x"]
    product = gradients["x"].abs() * sizes["x"].view(4, 1, 1)
    dims = (1, 2, 3) if scope == "image" else (0, 1, 2, 3)
    torch.testing.assert_close(weights, product / product.mean(dim=dims, keepdim=True))


def test_reference_takes_what_was_learned(
    tiny_perception: Perception, tiny_images: Tensor, data: ImageSet
) -> None:
    sizes = learned_sizes(tiny_perception, data, ALONE, seed=0)
    alone = reference(tiny_perception, tiny_images, ALONE, learned=sizes)
    product_form = ImportanceForm(learned="product", temper=1.0)
    product = reference(tiny_perception, tiny_images, product_form, learned=sizes)
    gradients = score_gradients(tiny_perception, tiny_images, "logit")[1]
    expected = importance_weights(gradients, product_form, sizes)
    assert alone.weights is not None
    assert product.weights is not None
    for layer, feature in tiny_perception.features(tiny_images).items():
        size = sizes[layer].view(1, -1, 1, 1).expand(feature.shape)
        torch.testing.assert_close(alone.weights[layer], size)
        torch.testing.assert_close(alone.features[layer], feature)
        assert torch.equal(product.weights[layer], expected[layer])
        assert not product.weights[layer].requires_grad
        assert not alone.weights[layer].requires_grad


def test_reference_without_what_was_learned_is_refused(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    with pytest.raises(ValueError, match="learned sizes"):
        reference(tiny_perception, tiny_images, ALONE)
