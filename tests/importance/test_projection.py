"""The squared projection of the error on the gradient, by hand and by what it promises."""

from typing import Any

import pytest
import torch
from torch import Tensor

from semjscc.importance.gradient import ImportanceForm, score_gradients
from semjscc.importance.projection import projection
from semjscc.losses import Reference, reference, semantic_error
from semjscc.perception.base import Perception


def form(temper: float = 1.0, scope: Any = "image") -> ImportanceForm:
    return ImportanceForm(unit="projection", temper=temper, scope=scope)


def gradients_of(*shape: int, scale: float = 1.0) -> dict[str, Tensor]:
    return {"x": torch.randn(shape, generator=torch.Generator().manual_seed(1)) * scale}


def test_projection_of_a_small_example() -> None:
    gradient = {"x": torch.tensor([[3.0, -4.0]])}
    features, received = {"x": torch.tensor([[1.0, 2.0]])}, {"x": torch.tensor([[2.0, 4.0]])}
    # δ = (1, 2): Σδ² = 5, (g·δ)² = 25, mean g² = 12.5, Σf² = 5.
    for temper, expected in [(0.0, 5 / 5), (1.0, 2 / 5), (0.25, (0.75 * 5 + 0.25 * 2) / 5)]:
        clean = Reference(features, *projection(gradient, form(temper)))
        torch.testing.assert_close(semantic_error(clean, received), torch.tensor([expected]))


def test_errors_that_cancel_in_the_score_cost_nothing() -> None:
    gradient = {"x": torch.tensor([[3.0, -4.0]])}
    clean = Reference({"x": torch.tensor([[1.0, 2.0]])}, *projection(gradient, form()))
    error = semantic_error(clean, {"x": torch.tensor([[5.0, 5.0]])})
    assert torch.equal(error, torch.zeros(1))


@pytest.mark.parametrize("temper", [0.3, 1.0])
@pytest.mark.parametrize("scale", [1e-38, 1e-30, 1.0, 1e30])
def test_mean_over_white_errors_is_that_of_the_uniform_loss(temper: float, scale: float) -> None:
    """The mean of a quadratic form over white errors is that over all unit errors."""
    weights, directions = projection(gradients_of(1, 4, 3, 2, scale=scale), form(temper))
    count = 4 * 3 * 2
    features = {"x": torch.ones(count, 4, 3, 2)}
    received = {"x": features["x"] + torch.eye(count).view(count, 4, 3, 2)}
    clean = Reference(features, weights, directions)
    found, uniform = (
        semantic_error(clean, received),
        semantic_error(Reference(features, None), received),
    )
    tolerance = 1e-5 if scale > 1e-37 else 1e-2  # subnormal numbers have few digits
    torch.testing.assert_close(found.mean(), uniform.mean(), rtol=tolerance, atol=0)
    assert found.std() > 0.1 * uniform.mean()


def test_drawn_white_errors_cost_what_they_cost_in_the_uniform_loss(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    clean = reference(tiny_perception, tiny_images[:1], form())
    assert clean.weights is not None
    assert clean.directions is not None
    count, random = 4000, torch.Generator().manual_seed(4)
    for layer, feature in clean.features.items():
        features = {layer: feature.expand(count, *feature.shape[1:])}
        noise = torch.randn(count, *feature.shape[1:], generator=random)
        one = Reference(features, {layer: clean.weights[layer]}, {layer: clean.directions[layer]})
        found = semantic_error(one, {layer: feature + noise})
        uniform = semantic_error(Reference(features, None), {layer: feature + noise})
        assert abs(found.mean() - uniform.mean()) < 4 * found.std() / count**0.5


def test_temper_0_is_the_uniform_loss(tiny_perception: Perception, tiny_images: Tensor) -> None:
    received = tiny_perception.features(1 - tiny_images)
    plain = semantic_error(reference(tiny_perception, tiny_images, None), received)
    mixed = semantic_error(reference(tiny_perception, tiny_images, form(0.0)), received)
    assert torch.equal(mixed, plain)
    projected = semantic_error(reference(tiny_perception, tiny_images, form(0.5)), received)
    assert not torch.allclose(projected, plain, rtol=0.01)


@pytest.mark.parametrize("scope", ["image", "batch"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_image_of_which_nothing_is_known_is_uniform_and_others_keep_theirs(
    scope: Any, value: float
) -> None:
    gradients = gradients_of(3, 4, 5)
    others = {"x": gradients["x"][[0, 2]]}
    gradients["x"][1, 2, 3] = value
    weights, directions = projection(gradients, form(0.7, scope))
    assert (weights["x"][1] == 1).all()
    assert (directions["x"][1] == 0).all()
    expected = projection(others, form(0.7, scope))
    torch.testing.assert_close(weights["x"][[0, 2]], expected[0]["x"])
    torch.testing.assert_close(directions["x"][[0, 2]], expected[1]["x"])


@pytest.mark.parametrize("scope", ["image", "batch"])
def test_zero_gradients_are_uniform(scope: Any) -> None:
    weights, directions = projection({"x": torch.zeros(2, 3, 4)}, form(1.0, scope))
    assert torch.equal(weights["x"], torch.ones(2, 3, 4))
    assert torch.equal(directions["x"], torch.zeros(2, 3, 4))


def test_images_share_the_batch_by_the_size_of_their_gradients() -> None:
    gradient = {"x": torch.tensor([[1.0, -1.0], [0.0, 2.0]])}
    # Mean square over the batch: (1 + 1 + 0 + 4) / 4.
    directions = projection(gradient, form(1.0, "batch"))[1]["x"]
    torch.testing.assert_close(directions, gradient["x"] / 1.5**0.5)


def test_batch_gives_what_each_image_gives_alone_and_nothing_is_left_to_differentiate(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    images = tiny_images.clone().requires_grad_()
    together = projection(score_gradients(tiny_perception, images, "logit")[1], form(0.6))
    for index in range(len(images)):
        one = slice(index, index + 1)
        alone = projection(score_gradients(tiny_perception, images[one], "logit")[1], form(0.6))
        for many, single in zip(together, alone, strict=True):
            for layer, values in single.items():
                assert not many[layer].requires_grad
                torch.testing.assert_close(many[layer][one], values, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("options", [{"shape": "square"}, {"learned": "product"}])
def test_projection_takes_the_gradient_as_it_is(options: Any) -> None:
    with pytest.raises(ValueError, match="as it is"):
        ImportanceForm(unit="projection", **options)
