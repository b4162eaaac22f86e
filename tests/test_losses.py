"""The semantic loss against small examples that can be worked out by hand."""

import math
from copy import deepcopy
from typing import Any

import numpy as np
import pytest
import torch
from scipy.special import rel_entr, softmax
from torch import Tensor

from semjscc.importance.gradient import ImportanceForm, importance_weights, score_gradients
from semjscc.losses import (
    Reference,
    distillation_error,
    distortion,
    reference,
    semantic_error,
    task_error,
)
from semjscc.perception.base import Perception, Preprocess

FORM = ImportanceForm(temper=1.0)


def noisy(images: Tensor) -> Tensor:
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(8))
    return (images + 0.1 * noise).clamp(0, 1)


def test_distortion_is_the_mean_squared_error_of_each_image() -> None:
    clean = torch.zeros(2, 3, 2, 2)
    received = torch.zeros(2, 3, 2, 2)
    received[0, 0, 0, 0] = 0.6
    received[1] = 0.5
    torch.testing.assert_close(distortion(clean, received), torch.tensor([0.03, 0.25]))


def test_uniform_error_of_a_small_example_is_relative() -> None:
    clean = Reference({"a": torch.tensor([[3.0, 4.0], [0.0, 2.0]])}, None)
    received = {"a": torch.tensor([[3.0, 5.0], [1.0, 0.0]])}
    torch.testing.assert_close(semantic_error(clean, received), torch.tensor([1 / 25, 5 / 4]))


def test_importance_of_a_small_example_weighs_each_squared_error() -> None:
    features = {"a": torch.tensor([[3.0, 4.0]])}
    received = {"a": torch.tensor([[5.0, 5.0]])}
    for weights, expected in [([0.0, 2.0], 2 / 25), ([2.0, 0.0], 8 / 25), ([1.0, 1.0], 5 / 25)]:
        clean = Reference(features, {"a": torch.tensor([weights])})
        torch.testing.assert_close(semantic_error(clean, received), torch.tensor([expected]))


def test_layers_count_alike_whatever_their_size() -> None:
    features = {"a": torch.full((1, 2), 2.0), "b": torch.full((1, 8, 5, 5), 100.0)}
    received = {"a": torch.full((1, 2), 3.0), "b": torch.full((1, 8, 5, 5), 110.0)}
    # Relative errors 1/4 and 1/100.
    error = semantic_error(Reference(features, None), received)
    torch.testing.assert_close(error, torch.tensor([(0.25 + 0.01) / 2]))


@pytest.mark.parametrize("scale", [1e-2, 1.0, 1e4])
def test_error_does_not_depend_on_the_scale_of_the_features(scale: float) -> None:
    random = torch.Generator().manual_seed(0)
    clean = torch.randn(3, 4, 5, 5, generator=random)
    received = clean + torch.randn(clean.shape, generator=random)
    weights = {"a": torch.rand(clean.shape, generator=random)}
    scaled = semantic_error(Reference({"a": clean * scale}, weights), {"a": received * scale})
    torch.testing.assert_close(
        scaled, semantic_error(Reference({"a": clean}, weights), {"a": received})
    )


def test_error_of_features_that_are_all_zero_is_finite() -> None:
    clean = Reference({"a": torch.zeros(2, 3)}, None)
    assert torch.equal(semantic_error(clean, {"a": torch.zeros(2, 3)}), torch.zeros(2))
    assert torch.isfinite(semantic_error(clean, {"a": torch.ones(2, 3)})).all()


def test_half_precision_features_are_compared_in_float32() -> None:
    clean = Reference({"a": torch.full((1, 4096), 8.0, dtype=torch.bfloat16)}, None)
    error = semantic_error(clean, {"a": torch.full((1, 4096), 9.0, dtype=torch.bfloat16)})
    assert error.dtype == torch.float32
    torch.testing.assert_close(error, torch.tensor([1 / 64]))


def test_uniform_importance_equals_the_unweighted_loss(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    received = tiny_perception.features(noisy(tiny_images))
    plain = semantic_error(reference(tiny_perception, tiny_images, None), received)
    uniform = reference(tiny_perception, tiny_images, ImportanceForm(temper=0.0))
    weighted = reference(tiny_perception, tiny_images, FORM)
    assert plain.shape == (4,)
    assert plain.min() > 0
    torch.testing.assert_close(semantic_error(uniform, received), plain)
    assert not torch.allclose(semantic_error(weighted, received), plain, rtol=0.01)


@pytest.mark.parametrize("form", [None, FORM])
def test_identical_images_have_no_semantic_error(
    tiny_perception: Perception, tiny_images: Tensor, form: ImportanceForm | None
) -> None:
    clean = reference(tiny_perception, tiny_images, form)
    error = semantic_error(clean, tiny_perception.features(tiny_images))
    torch.testing.assert_close(error, torch.zeros(4), atol=1e-10, rtol=0)


def test_reference_without_a_form_has_features_and_no_weights(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    clean = reference(tiny_perception, tiny_images, None)
    assert clean.weights is None
    expected = tiny_perception.features(tiny_images)
    assert clean.features.keys() == expected.keys()
    for layer, feature in clean.features.items():
        assert torch.equal(feature, expected[layer])
        assert not feature.requires_grad


def test_reference_looks_at_labels_only_where_the_form_says_so(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    labels = (tiny_perception(tiny_images).argmax(dim=1) + 1) % 5
    predicted = reference(tiny_perception, tiny_images, FORM, labels).weights
    labelled = reference(tiny_perception, tiny_images, ImportanceForm(target="label"), labels)
    expected = importance_weights(
        score_gradients(tiny_perception, tiny_images, "logit", labels)[1],
        ImportanceForm(target="label"),
    )
    unaware = reference(tiny_perception, tiny_images, FORM).weights
    assert predicted is not None
    assert unaware is not None
    assert labelled.weights is not None
    for layer in tiny_perception.layers:
        assert torch.equal(predicted[layer], unaware[layer])
        assert torch.equal(labelled.weights[layer], expected[layer])
        assert not torch.allclose(labelled.weights[layer], predicted[layer])


@pytest.mark.parametrize("form", [None, FORM])
def test_gradient_flows_to_the_received_image_only(
    tiny_perception: Perception, tiny_images: Tensor, form: ImportanceForm | None
) -> None:
    images = tiny_images.clone().requires_grad_()
    received = noisy(tiny_images).requires_grad_()
    before = deepcopy(tiny_perception.state_dict())
    clean = reference(tiny_perception, images, form)
    semantic_error(clean, tiny_perception.features(received)).sum().backward()
    assert images.grad is None
    assert received.grad is not None
    assert torch.isfinite(received.grad).all()
    assert (received.grad.flatten(1).abs().sum(dim=1) > 0).all()
    assert all(weights.grad is None for weights in tiny_perception.parameters())
    after = tiny_perception.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_following_the_gradient_lowers_the_error(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    clean = reference(tiny_perception, tiny_images, FORM)
    received = noisy(tiny_images).requires_grad_()
    error = semantic_error(clean, tiny_perception.features(received)).mean()
    (slope,) = torch.autograd.grad(error, received)
    moved = received.detach() - 0.01 * slope / slope.abs().max()
    assert semantic_error(clean, tiny_perception.features(moved)).mean() < error


@pytest.mark.parametrize("at", ["received", "midpoint"])
def test_importance_away_from_the_clean_image_is_the_gradient_there(
    tiny_perception: Perception, tiny_images: Tensor, at: Any
) -> None:
    form, received = ImportanceForm(at=at, temper=1.0), noisy(tiny_images)
    place = received if at == "received" else (tiny_images + received) / 2
    predicted = tiny_perception(tiny_images).argmax(dim=1)
    expected = importance_weights(
        score_gradients(tiny_perception, place, "logit", predicted)[1], form
    )
    found = reference(tiny_perception, tiny_images, form, received=received)
    assert found.weights is not None
    for layer, feature in tiny_perception.features(tiny_images).items():
        torch.testing.assert_close(found.weights[layer], expected[layer])
        torch.testing.assert_close(found.features[layer], feature)
        assert not found.weights[layer].requires_grad


def test_importance_away_from_the_clean_image_needs_the_received_one(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    with pytest.raises(ValueError, match="needs the received one"):
        reference(tiny_perception, tiny_images, ImportanceForm(at="received"))


def test_pixel_gradients_weigh_the_squared_error_of_the_image(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    pixels = Perception(
        tiny_perception.network, layers=["input"], class_names=tiny_perception.class_names
    )
    received = noisy(tiny_images)
    watched = tiny_images.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(pixels(watched).amax(dim=1).sum(), watched)
    size = gradient.abs() / gradient.abs().mean(dim=(1, 2, 3), keepdim=True)
    squared = (size * (received - tiny_images).square()).sum(dim=(1, 2, 3))
    expected = squared / tiny_images.square().sum(dim=(1, 2, 3))
    clean = reference(pixels, tiny_images, FORM)
    torch.testing.assert_close(semantic_error(clean, pixels.features(received)), expected)


class Linear(torch.nn.Module):
    """Logits that are the channel means, so that results can be worked out by hand."""

    def forward(self, images: Tensor) -> Tensor:
        return images.mean(dim=(2, 3))


def by_hand() -> Perception:
    plain = Preprocess(None, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    return Perception(Linear(), layers=["input"], class_names=list("abc"), preprocess=plain)


def test_task_error_is_the_cross_entropy_of_each_image() -> None:
    images = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])[..., None, None].expand(2, 3, 2, 2)
    found = task_error(by_hand(), images, torch.tensor([1, 2]))
    torch.testing.assert_close(found, torch.tensor([math.log(math.e + 2), math.log(3)]))


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_distillation_error_is_the_divergence_of_the_results(temperature: float) -> None:
    clean, moved = np.array([1.0, 0.0, 0.5]), np.array([0.2, 0.9, 0.1])
    p, q = softmax(clean / temperature), softmax(moved / temperature)
    expected = temperature**2 * rel_entr(p, q).sum()
    images, received = (
        torch.tensor(values, dtype=torch.float32).view(1, 3, 1, 1).expand(1, 3, 2, 2)
        for values in (clean, moved)
    )
    found = distillation_error(by_hand(), images, received, temperature)
    torch.testing.assert_close(found, torch.tensor([expected], dtype=torch.float32))


def test_distillation_error_at_a_high_temperature_is_the_squared_move_of_the_logits() -> None:
    """At a high temperature T² · KL tends to half the mean squared move of the centred logits."""
    images = torch.rand(4, 3, 2, 2, generator=torch.Generator().manual_seed(3))
    received = images + torch.randn(4, 3, 1, 1, generator=torch.Generator().manual_seed(4))
    move = (received - images).mean(dim=(2, 3))
    centred = move - move.mean(dim=1, keepdim=True)
    found = distillation_error(by_hand(), images, received, temperature=30.0)
    torch.testing.assert_close(found, centred.square().mean(dim=1) / 2, rtol=0.05, atol=1e-4)


@pytest.mark.parametrize("term", ["task", "distillation"])
def test_output_terms_reach_the_received_image_only(
    tiny_perception: Perception, tiny_images: Tensor, term: str
) -> None:
    received = noisy(tiny_images).requires_grad_()
    labels = torch.tensor([0, 1, 2, 3])
    error = (
        task_error(tiny_perception, received, labels)
        if term == "task"
        else distillation_error(tiny_perception, tiny_images, received)
    )
    assert error.shape == (4,)
    error.sum().backward()
    assert received.grad is not None
    assert (received.grad.flatten(1).abs().sum(dim=1) > 0).all()
    assert all(weights.grad is None for weights in tiny_perception.parameters())
