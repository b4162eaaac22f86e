"""Importance against Captum and finite differences, and what every weight promises."""

import itertools
import warnings
from copy import deepcopy
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

from semjscc.errors import UserError
from semjscc.importance.gradient import (
    ImportanceForm,
    form_gradients,
    importance_weights,
    score_gradients,
)
from semjscc.perception.base import INPUT_LAYER, Perception, Preprocess
from semjscc.perception.gradients import NoGradientError
from semjscc.tasks.base import ScoreName

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from captum.attr import LayerGradientXActivation, Saliency

SCORES: tuple[ScoreName, ...] = get_args(ScoreName)
FORMS = [
    ImportanceForm(unit=unit, shape=shape, temper=temper)
    for unit, shape, temper in itertools.product(
        ("element", "channel"), ("absolute", "square-root", "square", "rectified"), (0.3, 1.0)
    )
]
TARGET = torch.tensor([4, 0, 2, 2])


class Smooth(nn.Module):
    """Without a kink anywhere, for finite differences."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stage1 = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.Softplus())
        self.stage2 = nn.Sequential(nn.Conv2d(4, 6, 3, 2, 1), nn.Tanh())
        self.head = nn.Linear(6, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.stage2(self.stage1(images)).square().mean(dim=(2, 3)))


@pytest.fixture(scope="module")
def smooth() -> Perception:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Smooth(5).double()
    return Perception(
        network,
        layers=(INPUT_LAYER, "stage1", "stage2"),
        class_names=[str(index) for index in range(5)],
        preprocess=Preprocess(12, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4)),
    )


@pytest.mark.parametrize("score", SCORES)
@pytest.mark.parametrize("target", [None, TARGET], ids=["predicted", "label"])
def test_gradients_agree_with_finite_differences(
    smooth: Perception, score: ScoreName, target: Tensor | None
) -> None:
    random = torch.Generator().manual_seed(5)
    images = 0.3 + 0.4 * torch.rand(4, 3, 16, 20, dtype=torch.float64, generator=random)
    features, gradients, output = score_gradients(smooth, images, score, target)
    chosen = output.argmax(dim=1) if target is None else target

    def scores(layer: str, change: Tensor) -> Tensor:
        """Each image's score when the features of one layer are changed."""
        if layer == INPUT_LAYER:
            return smooth.task.score(smooth(images + change), score, chosen)
        hook = smooth.network.get_submodule(layer).register_forward_hook(
            lambda _module, _inputs, output: output + change
        )
        result = smooth.task.score(smooth(images), score, chosen)
        hook.remove()
        return result

    step = 1e-5
    with torch.no_grad():
        for layer, gradient in gradients.items():
            assert gradient.dtype == torch.float64
            for _ in range(8):
                direction = torch.randn(gradient.shape, dtype=torch.float64, generator=random)
                up, down = scores(layer, step * direction), scores(layer, -step * direction)
                expected = (gradient * direction).flatten(1).sum(dim=1)
                torch.testing.assert_close((up - down) / (2 * step), expected, atol=1e-9, rtol=1e-5)
            # And at one element alone.
            direction = torch.zeros_like(gradient)
            direction.flatten(1)[:, 7] = 1
            up, down = scores(layer, step * direction), scores(layer, -step * direction)
            torch.testing.assert_close(
                (up - down) / (2 * step), gradient.flatten(1)[:, 7], atol=1e-9, rtol=1e-5
            )
    torch.testing.assert_close(features["stage1"], smooth.features(images)["stage1"])


def captum_output(perception: Perception, score: ScoreName) -> Any:
    """The function whose output Captum differentiates."""

    def output(images: Tensor) -> Tensor:
        logits = perception(images)
        if score == "logit":
            return logits
        log = logits.log_softmax(dim=1)
        return log if score == "log-probability" else -log

    return output


@pytest.mark.parametrize("layer", ["stage1", "stage2", "stage3"])
@pytest.mark.parametrize("score", SCORES)
def test_layer_gradients_agree_with_captum(
    tiny_perception: Perception, tiny_images: Tensor, layer: str, score: ScoreName
) -> None:
    _, gradients, _ = score_gradients(tiny_perception, tiny_images, score, TARGET)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = LayerGradientXActivation(
            captum_output(tiny_perception, score),
            tiny_perception.network.get_submodule(layer),
            multiply_by_inputs=False,
        ).attribute(tiny_images.clone().requires_grad_(), target=TARGET)
    assert isinstance(theirs, Tensor)
    assert theirs.abs().max() > 0
    torch.testing.assert_close(gradients[layer], theirs.detach())


@pytest.mark.parametrize("score", SCORES)
def test_pixel_gradients_agree_with_captum(
    tiny_perception: Perception, tiny_images: Tensor, score: ScoreName
) -> None:
    perception = Perception(
        tiny_perception.network,
        layers=[INPUT_LAYER],
        class_names=tiny_perception.class_names,
    )
    _, gradients, _ = score_gradients(perception, tiny_images, score, TARGET)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = Saliency(captum_output(perception, score)).attribute(
            tiny_images.clone().requires_grad_(), target=TARGET, abs=False
        )
    assert theirs.abs().max() > 0
    torch.testing.assert_close(gradients[INPUT_LAYER], theirs.detach())


def test_gradients_of_predicted_class_are_those_of_that_label(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    _, predicted, output = score_gradients(tiny_perception, tiny_images, "logit")
    chosen = output.argmax(dim=1)
    _, labelled, _ = score_gradients(tiny_perception, tiny_images, "logit", chosen)
    _, others, _ = score_gradients(tiny_perception, tiny_images, "logit", (chosen + 1) % 5)
    for layer in tiny_perception.layers:
        assert torch.equal(predicted[layer], labelled[layer])
        assert not torch.allclose(predicted[layer], others[layer])


def test_loss_turns_the_sign_of_the_log_probability(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    _, loss, _ = score_gradients(tiny_perception, tiny_images, "loss", TARGET)
    _, log, _ = score_gradients(tiny_perception, tiny_images, "log-probability", TARGET)
    for layer in tiny_perception.layers:
        assert torch.equal(loss[layer], -log[layer])


def test_features_gradients_and_output_are_detached_and_images_untouched(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    images = tiny_images.clone().requires_grad_()
    with torch.no_grad():  # where a training has switched gradients off
        features, gradients, output = score_gradients(tiny_perception, images, "logit")
    weights = importance_weights(gradients, ImportanceForm())
    for tensors in (features, gradients, weights):
        assert tensors.keys() == set(tiny_perception.layers)
        assert not any(tensor.requires_grad for tensor in tensors.values())
    assert not output.requires_grad
    assert images.grad is None


def test_batch_gives_what_each_image_gives_alone(
    tiny_perception: Perception, tiny_images: Tensor
) -> None:
    together = score_gradients(tiny_perception, tiny_images, "logit")[1]
    for index in range(len(tiny_images)):
        one = slice(index, index + 1)
        alone = score_gradients(tiny_perception, tiny_images[one], "logit")[1]
        for form in FORMS:
            many = importance_weights(together, form)
            single = importance_weights(alone, form)
            for layer, weights in single.items():
                torch.testing.assert_close(many[layer][one], weights, atol=1e-5, rtol=1e-3)


# Weights


def gradients_of(*shapes: tuple[int, ...], scale: float = 1.0) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(1)
    return {str(shape): torch.randn(shape, generator=random) * scale for shape in shapes}


SHAPES = ((3, 4, 5, 6), (3, 7), (3, 2, 9), (3, 1, 1, 1))


def assert_promised(weights: dict[str, Tensor], gradients: dict[str, Tensor]) -> None:
    """Weights ≥ 0, of the gradients' shapes, mean 1 for each image and layer."""
    assert weights.keys() == gradients.keys()
    for layer, weight in weights.items():
        assert weight.shape == gradients[layer].shape
        assert weight.dtype == torch.float32
        assert weight.min() >= 0
        mean = weight.double().flatten(1).mean(dim=1)
        torch.testing.assert_close(mean, torch.ones_like(mean), atol=1e-5, rtol=0)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("scale", [1e-38, 1e-30, 1e-12, 1.0, 1e30])
def test_weights_are_positive_of_mean_one_and_independent_of_the_scale(
    form: ImportanceForm, scale: float
) -> None:
    gradients = gradients_of(*SHAPES, scale=scale)
    weights = importance_weights(gradients, form)
    assert_promised(weights, gradients)
    unscaled = importance_weights(gradients_of(*SHAPES), form)
    # Some of the smallest are subnormal, with few digits.
    tolerance = 1e-5 if scale > 1e-37 else 1e-3
    for layer, weight in weights.items():
        torch.testing.assert_close(weight, unscaled[layer], atol=tolerance, rtol=tolerance)
    assert weights[str(SHAPES[0])].std() > 0.05


@pytest.mark.parametrize("value", [1e-42, 1.0, 2e38])
def test_mean_of_many_neither_vanishes_nor_overflows(value: float) -> None:
    gradient = torch.zeros(1, 4096)
    gradient[0, 5:7] = value
    weights = importance_weights({"x": gradient}, ImportanceForm(temper=1.0))["x"]
    torch.testing.assert_close(weights, 2048 * (gradient > 0).float())


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("scale", [1.0, 1e-30])
def test_weights_of_a_real_network_keep_their_promise(
    tiny_perception: Perception, tiny_images: Tensor, form: ImportanceForm, scale: float
) -> None:
    _, gradients, _ = score_gradients(tiny_perception, tiny_images, "logit")
    scaled = {layer: gradient * scale for layer, gradient in gradients.items()}
    assert_promised(importance_weights(scaled, form), scaled)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("value", [0.0, float("nan"), float("inf")])
def test_image_of_which_nothing_is_known_gets_uniform_weights_and_others_keep_theirs(
    form: ImportanceForm, value: float
) -> None:
    gradients = gradients_of(*SHAPES)
    undisturbed = importance_weights(gradients, form)
    for gradient in gradients.values():
        gradient[1] = value
    weights = importance_weights(gradients, form)
    assert_promised(weights, gradients)
    for layer, weight in weights.items():
        assert (weight[1] == 1).all()
        assert torch.equal(weight[[0, 2]], undisturbed[layer][[0, 2]])


def test_one_gradient_that_is_not_finite_makes_its_image_uniform() -> None:
    gradients = gradients_of((2, 3, 4, 4))
    gradients["(2, 3, 4, 4)"][0, 1, 2, 3] = float("nan")
    weights = importance_weights(gradients, ImportanceForm())["(2, 3, 4, 4)"]
    assert (weights[0] == 1).all()
    assert weights[1].std() > 0.1


def test_absolute_gradients_of_a_small_example() -> None:
    gradient = {"x": torch.tensor([[1.0, -3.0, 0.0, 4.0]])}
    weights = importance_weights(gradient, ImportanceForm(shape="absolute", temper=1.0))["x"]
    torch.testing.assert_close(weights, torch.tensor([[0.5, 1.5, 0.0, 2.0]]))


def test_rectified_gradients_of_a_small_example() -> None:
    gradient = {"x": torch.tensor([[1.0, -3.0, 0.0, 3.0]])}
    weights = importance_weights(gradient, ImportanceForm(shape="rectified", temper=1.0))["x"]
    torch.testing.assert_close(weights, torch.tensor([[1.0, 0.0, 0.0, 3.0]]))


def test_square_roots_of_a_small_example() -> None:
    gradient = {"x": torch.tensor([[1.0, -9.0, 0.0, 16.0]])}
    weights = importance_weights(gradient, ImportanceForm(shape="square-root", temper=1.0))["x"]
    torch.testing.assert_close(weights, torch.tensor([[0.5, 1.5, 0.0, 2.0]]))


def test_squares_of_a_small_example() -> None:
    gradient = {"x": torch.tensor([[1.0, -3.0, 0.0, 4.0]])}
    weights = importance_weights(gradient, ImportanceForm(shape="square", temper=1.0))["x"]
    torch.testing.assert_close(weights, torch.tensor([[1.0, 9.0, 0.0, 16.0]]) / 6.5)


def test_channels_of_a_small_example_take_the_mean_before_the_absolute_value() -> None:
    # Means over space: 1, -3, and 0 from opposite signs.
    gradient = {"x": torch.tensor([[[[1.0, 1.0]], [[-6.0, 0.0]], [[5.0, -5.0]]]])}
    form = ImportanceForm(unit="channel", shape="absolute", temper=1.0)
    expected = torch.tensor([0.75, 2.25, 0.0]).view(1, 3, 1, 1).expand(1, 3, 1, 2)
    torch.testing.assert_close(importance_weights(gradient, form)["x"], expected)


def test_only_negative_gradients_leave_nothing_to_rectify() -> None:
    gradient = {"x": torch.tensor([[-1.0, -2.0]])}
    weights = importance_weights(gradient, ImportanceForm(shape="rectified", temper=1.0))["x"]
    assert torch.equal(weights, torch.ones(1, 2))


@pytest.mark.parametrize("shape", ["absolute", "square-root", "square", "rectified"])
def test_channel_weights_are_constant_over_space_and_differ_between_channels(shape: Any) -> None:
    gradients = gradients_of((3, 6, 5, 4))
    form = ImportanceForm(unit="channel", shape=shape, temper=1.0)
    weights = importance_weights(gradients, form)["(3, 6, 5, 4)"]
    assert (weights == weights[..., :1, :1]).all()
    assert weights[..., 0, 0].std(dim=1).min() > 0.1


def test_temper_mixes_the_gradient_with_uniform_weights() -> None:
    gradients = gradients_of((3, 4, 5, 6))

    def weights(temper: float) -> Tensor:
        return importance_weights(gradients, ImportanceForm(temper=temper))["(3, 4, 5, 6)"]

    size = gradients["(3, 4, 5, 6)"].abs()
    alone = size / size.mean(dim=(1, 2, 3), keepdim=True)
    assert torch.equal(weights(0.0), torch.ones(3, 4, 5, 6))
    torch.testing.assert_close(weights(1.0), alone)
    torch.testing.assert_close(weights(0.25), 0.75 + 0.25 * alone)


@pytest.mark.parametrize("shape", ["absolute", "square-root", "square", "rectified"])
@pytest.mark.parametrize("unit", ["element", "channel"])
@pytest.mark.parametrize("scale", [1e-38, 1.0, 1e30])
def test_weights_over_a_batch_have_mean_one_over_the_batch(
    unit: Any, shape: Any, scale: float
) -> None:
    gradients = gradients_of((3, 4, 5, 6), scale=scale)
    gradients["(3, 4, 5, 6)"][2] *= 0.1
    form = ImportanceForm(unit=unit, shape=shape, temper=1.0, scope="batch")
    weights = importance_weights(gradients, form)["(3, 4, 5, 6)"]
    assert weights.shape == (3, 4, 5, 6)
    assert weights.min() >= 0
    torch.testing.assert_close(weights.mean(), torch.tensor(1.0), atol=1e-3, rtol=0)
    assert weights[2].mean() < 0.5 * weights[:2].mean()


def test_images_share_the_batch_by_the_size_of_their_gradients() -> None:
    gradient = {"x": torch.tensor([[1.0, -3.0], [8.0, 0.0]])}
    weights = importance_weights(gradient, ImportanceForm(temper=1.0, scope="batch"))["x"]
    torch.testing.assert_close(weights, torch.tensor([[1 / 3, 1.0], [8 / 3, 0.0]]))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_image_of_which_nothing_is_known_counts_one_in_the_batch(value: float) -> None:
    gradient = {"x": torch.tensor([[1.0, 3.0], [value, 5.0], [2.0, 2.0]])}
    weights = importance_weights(gradient, ImportanceForm(temper=1.0, scope="batch"))["x"]
    torch.testing.assert_close(weights, torch.tensor([[0.5, 1.5], [1.0, 1.0], [1.0, 1.0]]))


def test_batch_without_any_gradient_weighs_uniformly() -> None:
    weights = importance_weights({"x": torch.zeros(2, 3)}, ImportanceForm(scope="batch"))["x"]
    assert torch.equal(weights, torch.ones(2, 3))


@pytest.mark.parametrize("temper", [-0.1, 1.1, float("nan")])
def test_temper_outside_0_to_1_is_refused(temper: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        ImportanceForm(temper=temper)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan"), float("inf")])
def test_temperature_that_is_not_positive_is_refused(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature is positive"):
        ImportanceForm(temperature=temperature)


def test_temperature_divides_the_logits(tiny_perception: Perception, tiny_images: Tensor) -> None:
    form = ImportanceForm(score="log-probability", target="label", temperature=4.0)
    _, found = form_gradients(tiny_perception, tiny_images, form, TARGET)
    softer = deepcopy(tiny_perception)
    softer.network.head.weight /= 4  # pyright: ignore[reportOperatorIssue, reportArgumentType]
    softer.network.head.bias /= 4  # pyright: ignore[reportOperatorIssue, reportArgumentType]
    _, expected, _ = score_gradients(softer, tiny_images, "log-probability", TARGET)
    for layer, gradient in found.items():
        torch.testing.assert_close(gradient, expected[layer])


class WithSideBranch(nn.Module):
    """A network with a layer beside the way to the result, and one that never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.main = nn.Conv2d(3, 4, 3)
        self.side = nn.Conv2d(3, 4, 3)
        self.idle = nn.Conv2d(3, 4, 3)

    def forward(self, images: Tensor) -> Tensor:
        self.side(images)
        return self.main(images).mean(dim=(2, 3))


def test_layer_beside_the_way_to_the_result_weighs_uniformly(tiny_images: Tensor) -> None:
    layers = ("main", "side")
    perception = Perception(WithSideBranch(), layers=layers, class_names=list("abcd"))
    _, gradients, _ = score_gradients(perception, tiny_images, "logit")
    weights = importance_weights(gradients, ImportanceForm(temper=1.0))
    assert torch.equal(weights["side"], torch.ones_like(weights["side"]))


def test_layer_that_never_runs_is_refused(tiny_images: Tensor) -> None:
    perception = Perception(WithSideBranch(), layers=("idle",), class_names=list("abcd"))
    with pytest.raises(UserError, match="layer 'idle' takes no part"):
        perception.features(tiny_images)


class Still(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pool = nn.AvgPool2d(4)

    def forward(self, images: Tensor) -> Tensor:
        return self.pool(images).detach().mean(dim=(2, 3))


@pytest.mark.parametrize("layer", ["pool", INPUT_LAYER])
def test_a_network_without_gradients_has_no_importance(layer: str, tiny_images: Tensor) -> None:
    still = Perception(Still(), layers=[layer], class_names=["r", "g", "b"], name="still")
    with pytest.raises(
        NoGradientError, match="no gradient passes through still: its forward must do"
    ):
        score_gradients(still, tiny_images, "logit")
    with pytest.raises(NoGradientError):
        form_gradients(still, tiny_images, ImportanceForm(at="received"), received=tiny_images)
