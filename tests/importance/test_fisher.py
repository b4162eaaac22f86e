"""The Fisher information of a small network: exactly over all classes, and by random signs."""

import itertools

import pytest
import torch
from torch import Tensor, nn

from semjscc.importance.fisher import draw_signs, fisher_score
from semjscc.importance.gradient import ImportanceForm, form_gradients, score_gradients
from semjscc.losses import fisher_error
from semjscc.perception.base import Perception

CLASSES = 5
LAYERS = ("body", "pool")
EVERY_SIGN = torch.tensor(list(itertools.product([-1.0, 1.0], repeat=CLASSES)))
"""(32, 5): their mean is the expectation itself."""


class Small(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.Softplus())
        self.pool = nn.Sequential(nn.AvgPool2d(3), nn.Tanh(), nn.Flatten())
        self.head = nn.Linear(4, CLASSES)

    def forward(self, images: Tensor) -> Tensor:
        # Large, so that it is sure of some classes and not of others.
        return 6 * self.head(self.pool(self.body(images)))


@pytest.fixture(scope="module")
def perception() -> Perception:
    with torch.random.fork_rng():
        torch.manual_seed(2)
        network = Small().double()
    return Perception(network, layers=LAYERS, class_names=list("abcde"))


@pytest.fixture(scope="module")
def images() -> Tensor:
    random = torch.Generator().manual_seed(5)
    return torch.rand(3, 3, 6, 6, dtype=torch.float64, generator=random)


def exact_fisher(
    perception: Perception, images: Tensor, temperature: float = 1.0
) -> dict[str, Tensor]:
    """Σ_y p_y g_y g_yᵀ by layer, (B, n, n), with a backward pass for each class."""
    p = (perception(images) / temperature).softmax(dim=1)
    form = ImportanceForm(score="log-probability", target="label", temperature=temperature)
    total: dict[str, Tensor] = {}
    for label in range(CLASSES):
        labels = torch.full((len(images),), label)
        for layer, gradient in form_gradients(perception, images, form, labels)[1].items():
            g = gradient.flatten(1)
            outer = p[:, label, None, None] * g[:, :, None] * g[:, None, :]
            total[layer] = total.get(layer, 0) + outer
    return total


def of_every_sign(perception: Perception, image: Tensor, form: ImportanceForm) -> dict[str, Tensor]:
    """The gradients of one image, (1, 3, H, W), for each of the 32 mixes of signs."""
    many = image.expand(len(EVERY_SIGN), -1, -1, -1)
    return form_gradients(perception, many, form, signs=EVERY_SIGN)[1]


@pytest.mark.parametrize("temperature", [1.0, 3.0])
def test_squared_gradients_are_on_average_the_fisher_information(
    perception: Perception, images: Tensor, temperature: float
) -> None:
    exact = exact_fisher(perception, images, temperature)
    form = ImportanceForm(score="fisher", temperature=temperature)
    for index in range(len(images)):
        gradients = of_every_sign(perception, images[index : index + 1], form)
        for layer, gradient in gradients.items():
            g = gradient.flatten(1)
            expected = exact[layer][index]
            assert expected.abs().max() > 1e-4
            close = 1e-6 * expected.abs().max().item()
            torch.testing.assert_close(g.T @ g / len(g), expected, atol=close, rtol=1e-5)


def test_drawn_signs_estimate_the_quadratic_form_within_their_confidence_interval(
    perception: Perception, images: Tensor
) -> None:
    count = 4000
    one = images[:1].expand(count, -1, -1, -1)
    signs = draw_signs(7, "fisher", 3, count, CLASSES)
    gradients = form_gradients(perception, one, ImportanceForm(score="fisher"), signs=signs)[1]
    exact = exact_fisher(perception, images[:1])
    random = torch.Generator().manual_seed(6)
    for layer, gradient in gradients.items():
        change = torch.randn(gradient[0].numel(), dtype=torch.float64, generator=random)
        found = (gradient.flatten(1) @ change).square()
        expected = change @ exact[layer][0] @ change
        assert abs(found.mean() - expected) < 4 * found.std() / count**0.5
        assert found.std() < 2**0.5 * expected * 1.1


def test_a_sure_network_is_estimated_with_less_noise_than_by_a_drawn_class() -> None:
    logits = torch.tensor([[8.0, 0.0, 1.0, 0.0, -1.0]], dtype=torch.float64)
    change = torch.tensor([0.3, -1.0, 0.7, 0.2, 0.5], dtype=torch.float64)
    p = logits.softmax(dim=1)[0]
    moves = (change - p @ change).square()  # of log p_y, for each class that may be drawn
    mean = p @ moves
    many = logits.expand(len(EVERY_SIGN), -1).clone().requires_grad_()
    (gradient,) = torch.autograd.grad(fisher_score(many, logits, EVERY_SIGN).sum(), many)
    squares = (gradient @ change).square()
    torch.testing.assert_close(squares.mean(), mean, rtol=1e-5, atol=0)
    by_class = (p @ moves.square() - mean.square()).sqrt() / mean
    assert by_class > 10
    assert squares.std(correction=0) / mean < 2**0.5


@pytest.mark.parametrize("layer", LAYERS)
def test_half_the_quadratic_form_tends_to_the_divergence_of_the_results(
    perception: Perception, images: Tensor, layer: str
) -> None:
    fisher = exact_fisher(perception, images)[layer]
    shape = perception.features(images)[layer].shape
    random = torch.Generator().manual_seed(8)
    direction = torch.randn(shape, dtype=torch.float64, generator=random)
    clean = perception(images).log_softmax(dim=1)
    distances = []
    for scale in (0.1, 0.01, 0.001):
        change = scale * direction
        hook = perception.network.get_submodule(layer).register_forward_hook(
            lambda _module, _inputs, output, change=change: output + change
        )
        moved = perception(images).log_softmax(dim=1)
        hook.remove()
        divergence = (clean.exp() * (clean - moved)).sum(dim=1)
        d = change.flatten(1)
        half = torch.einsum("bi,bij,bj->b", d, fisher, d) / 2
        distances.append((half / divergence - 1).abs().max())
    assert distances[0] > 5 * distances[1] > 25 * distances[2]
    assert distances[2] < 2e-3


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_fisher_error_is_on_average_the_distillation_error_of_a_small_change(
    perception: Perception, images: Tensor, temperature: float
) -> None:
    random = torch.Generator().manual_seed(9)
    noise = torch.randn(images[:1].shape, dtype=torch.float64, generator=random)
    received = images[:1] + 1e-3 * noise
    clean = (perception(images[:1]) / temperature).log_softmax(dim=1)
    moved = (perception(received) / temperature).log_softmax(dim=1)
    divergence = temperature**2 * (clean.exp() * (clean - moved)).sum()
    many = [place.expand(len(EVERY_SIGN), -1, -1, -1) for place in (images[:1], received)]
    found = fisher_error(perception, many[0], many[1], EVERY_SIGN, temperature)
    assert found.dtype == torch.float32
    assert found.mean().item() == pytest.approx(divergence.item(), rel=0.02)


def test_fisher_error_reaches_the_received_image_only(
    perception: Perception, images: Tensor
) -> None:
    clean = images.clone().requires_grad_()
    received = (images + 0.05).requires_grad_()
    signs = draw_signs(0, "fisher", 0, len(images), CLASSES)
    fisher_error(perception, clean, received, signs).sum().backward()
    assert clean.grad is None
    assert received.grad is not None
    assert (received.grad.flatten(1).abs().sum(dim=1) > 0).all()
    assert all(weights.grad is None for weights in perception.parameters())


def test_fisher_error_of_a_batch_is_that_of_each_image_alone(
    perception: Perception, images: Tensor
) -> None:
    received = images + 0.05
    signs = draw_signs(0, "fisher", 0, len(images), CLASSES)
    together = fisher_error(perception, images, received, signs)
    for index in range(len(images)):
        one = slice(index, index + 1)
        alone = fisher_error(perception, images[one], received[one], signs[one])
        torch.testing.assert_close(together[one], alone)


def test_probabilities_stay_those_of_the_clean_image_where_the_gradient_is_elsewhere(
    perception: Perception, images: Tensor
) -> None:
    received = images + 0.2 * torch.rand(
        images.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1)
    )
    signs = draw_signs(0, "fisher", 0, len(images), CLASSES)
    form = ImportanceForm(score="fisher", at="received")
    _, found = form_gradients(perception, images, form, received=received, signs=signs)
    root = perception(images).softmax(dim=1).sqrt()
    expected = dict.fromkeys(LAYERS, torch.zeros(()))
    for label in range(CLASSES):
        labels = torch.full((len(images),), label)
        by_class = score_gradients(perception, received, "log-probability", labels)[1]
        for layer, gradient in by_class.items():
            share = (signs * root)[:, label].view(-1, *[1] * (gradient.ndim - 1))
            expected[layer] = expected[layer] + share * gradient
    for layer in LAYERS:
        torch.testing.assert_close(found[layer], expected[layer], atol=1e-6, rtol=1e-4)


def test_fisher_without_signs_is_refused(perception: Perception, images: Tensor) -> None:
    with pytest.raises(ValueError, match="random signs"):
        form_gradients(perception, images, ImportanceForm(score="fisher"))


def test_score_of_a_network_beyond_doubt_is_finite() -> None:
    logits = torch.tensor([[1e4, 0.0, -1e4]]).requires_grad_()
    score = fisher_score(logits, logits, torch.tensor([[1.0, -1.0, 1.0]]))
    (gradient,) = torch.autograd.grad(score.sum(), logits)
    assert torch.isfinite(score).all()
    assert torch.isfinite(gradient).all()


def test_signs_are_fair_and_follow_from_what_they_are_for() -> None:
    signs = draw_signs(1, "fisher", 2, 5000, 4)
    assert signs.dtype == torch.float32
    assert set(signs.unique().tolist()) == {-1.0, 1.0}
    assert signs.mean(dim=0).abs().max() < 4 / 5000**0.5
    assert torch.equal(signs, draw_signs(1, "fisher", 2, 5000, 4))
    for other in [(2, "fisher", 2), (1, "importance", 2), (1, "fisher", 3)]:
        assert not torch.equal(signs, draw_signs(*other, 5000, 4))
