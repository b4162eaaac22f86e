"""A sender that tunes its symbols: to its network's error, through noise that it does not know."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from semjscc.allocation.tuning import tune, tune_source
from semjscc.channels.units import noise_variance
from semjscc.losses import distillation_error, distortion, reference, semantic_error
from semjscc.perception.base import Perception
from semjscc.randomness import Draws

SNR_DB = 20.0
SIDE = 24
FIRST = 40


def picture() -> Tensor:
    return torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(5))


def symbols_of(image: Tensor) -> Tensor:
    """Numbers of mean power 1 that `drawn` undoes, but for what they leave out."""
    numbers = (image.flatten()[: 2 * _count()] - 0.5) / _deviation(image)
    return torch.view_as_complex(numbers.reshape(-1, 2))


def _count() -> int:
    return 3 * SIDE * SIDE // 4  # half of the numbers


def _deviation(image: Tensor) -> float:
    return float((image.flatten()[: 2 * _count()] - 0.5).square().mean().sqrt()) * 2**0.5


def receiver(image: Tensor) -> Callable[[Tensor], Tensor]:
    """The numbers as pixels; grey where nothing was sent."""

    def drawn(symbols: Tensor) -> Tensor:
        numbers = torch.view_as_real(symbols).flatten() * _deviation(image)
        grey = numbers.new_zeros(image.numel() - len(numbers))
        return torch.cat([numbers, grey]).reshape(image.shape) + 0.5

    return drawn


def through(symbols: Tensor, draw: int) -> Tensor:
    """Noise that no sender knows."""
    noise = Draws(9, [0], draw).complex_normal("noise", len(symbols))[0]
    return symbols + noise * noise_variance(torch.tensor(SNR_DB)).sqrt()


def tuned(perception: Perception, first: int = FIRST) -> Tensor:
    image = picture()
    return tune(perception, image, symbols_of(image), first, SNR_DB, receiver(image))


@pytest.fixture(scope="module")
def found(tiny_perception: Perception) -> Tensor:
    return tuned(tiny_perception)


def test_the_network_sees_more_nearly_what_it_did_through_other_noise(
    tiny_perception: Perception, found: Tensor
) -> None:
    image = picture()
    clean = reference(tiny_perception, image, None)
    errors = {"result": [], "features": []}
    squared = []
    for symbols in (symbols_of(image), found):
        received = torch.cat(
            [receiver(image)(through(symbols, draw)).clamp(0, 1) for draw in range(30)]
        )
        moved = distillation_error(tiny_perception, image, received)
        errors["result"].append(float(moved.mean()))
        squared.append(float(distortion(image, received).mean()))
        features = tiny_perception.features(received)
        errors["features"].append(float(semantic_error(clean, features).mean()))
    for before, after in errors.values():
        assert after < 0.75 * before
    assert squared[1] < 1.1 * squared[0]


def test_bits_stay_and_so_does_the_power(found: Tensor) -> None:
    sent = symbols_of(picture())
    assert torch.equal(found[:FIRST], sent[:FIRST])
    assert (found[FIRST:] != sent[FIRST:]).all()
    powers = [symbols[FIRST:].abs().square().mean() for symbols in (sent, found)]
    torch.testing.assert_close(*powers)
    assert found.dtype == torch.complex64
    assert not found.requires_grad


def test_where_all_symbols_carry_bits_nothing_is_tuned(tiny_perception: Perception) -> None:
    sent = symbols_of(picture())
    assert torch.equal(tuned(tiny_perception, len(sent)), sent)


def test_it_takes_gradients_where_links_send_without(
    tiny_perception: Perception, found: Tensor
) -> None:
    with torch.inference_mode():
        torch.testing.assert_close(tuned(tiny_perception), found)


class MostColour(nn.Module):
    """Which of three colours a picture has most of; sure of it."""

    def forward(self, images: Tensor) -> Tensor:
        return 200 * images.mean(dim=(2, 3))


def test_a_network_that_names_no_layers_has_its_result_kept() -> None:
    layerless = Perception(MostColour(), layers=(), class_names=list("rgb"))
    image, symbols = picture(), tuned(layerless)
    before, after = (
        float(distillation_error(layerless, image, receiver(image)(sent)))
        for sent in (symbols_of(image), symbols)
    )
    assert after < before / 2


def few_levels(image: Tensor) -> Tensor:
    """A coder through which no gradient passes; it makes dark pixels darker."""
    return (image * 3 - 0.2).round().clamp(0, 3) / 3


def test_an_image_is_tuned_through_a_coder_without_a_gradient() -> None:
    judge = Perception(MostColour(), layers=(), class_names=list("rgb"))
    image = picture()
    found = tune_source(judge, image, few_levels)
    assert found.shape == image.shape
    assert 0 <= found.min() <= found.max() <= 1
    before, after = (
        float(distillation_error(judge, image, few_levels(source))) for source in (image, found)
    )
    assert after < before / 2


def test_an_image_that_arrives_as_it_is_stays(tiny_perception: Perception) -> None:
    image = picture()
    assert torch.equal(tune_source(tiny_perception, image, lambda source: source), image)
