"""An importance of the user's own: scaled to mean 1 like ours, and checked."""

import sys
from collections.abc import Callable
from types import ModuleType

import pytest
import torch
from torch import Tensor

from semjscc.errors import UserError
from semjscc.importance.gradient import ImportanceForm, importance_weights, score_gradients
from semjscc.importance.own import own_sizes
from semjscc.losses import reference
from semjscc.perception.base import Perception

OWN = "users_importance:size"
Become = Callable[[Callable[[Tensor, Tensor], object]], None]


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> Become:
    """Makes a function what `OWN` names."""
    module = ModuleType("users_importance")
    monkeypatch.setitem(sys.modules, "users_importance", module)
    return lambda function: monkeypatch.setattr(module, "size", function, raising=False)


def test_the_size_of_the_gradient_is_what_ours_gives(
    become: Become, tiny_perception: Perception, tiny_images: Tensor
) -> None:
    become(lambda gradient, _: gradient.abs())
    for scope in ("image", "batch"):
        own = reference(tiny_perception, tiny_images, ImportanceForm(function=OWN, scope=scope))
        ours = reference(tiny_perception, tiny_images, ImportanceForm(scope=scope))
        assert own.weights is not None
        assert ours.weights is not None
        assert all(own.weights[layer].equal(w) for layer, w in ours.weights.items())


def test_sizes_of_channels_are_spread_over_space(
    become: Become, tiny_perception: Perception, tiny_images: Tensor
) -> None:
    become(lambda gradient, _: gradient.abs().mean(dim=(2, 3), keepdim=True))
    weights = reference(tiny_perception, tiny_images, ImportanceForm(function=OWN)).weights
    assert weights is not None
    for one in weights.values():
        assert one.ndim == 4
        assert one.equal(one[..., :1, :1].expand(one.shape))
        torch.testing.assert_close(one.flatten(1).mean(dim=1), torch.ones(len(one)))


def test_where_nothing_is_known_weights_are_uniform(
    become: Become, tiny_perception: Perception, tiny_images: Tensor
) -> None:
    features, gradients, _ = score_gradients(tiny_perception, tiny_images, "logit")
    for nothing in (0.0, torch.nan):
        become(lambda _, features, nothing=nothing: torch.full_like(features, nothing))
        sizes = own_sizes(OWN, gradients, features)
        weights = importance_weights(sizes, ImportanceForm(function=OWN))
        assert all((one == 1).all() for one in weights.values())


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda *_: 1.0, "makes a float: it must be a tensor"),
        (lambda gradient, _: gradient[:, :, :1, :2], r"makes sizes of shape \(4, 8, 1, 2\)"),
        (lambda gradient, _: -gradient.abs(), "makes sizes below 0"),
        (lambda gradient: gradient, r"must be a function of \(gradient, features\)"),
    ],
)
def test_what_is_no_importance_is_one_line(
    become: Become,
    tiny_perception: Perception,
    tiny_images: Tensor,
    function: Callable[..., object],
    message: str,
) -> None:
    become(function)
    with pytest.raises(UserError, match=f"the importance {OWN}.*{message}"):
        reference(tiny_perception, tiny_images, ImportanceForm(function=OWN))


def test_a_function_stands_in_place_of_unit_shape_and_learned() -> None:
    for more in ({"unit": "channel"}, {"shape": "square"}, {"learned": "alone"}):
        with pytest.raises(ValueError, match="in place of unit, shape and learned"):
            ImportanceForm(function=OWN, **more)  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match=r"function is written as my\.module:name, not 'size'"):
        ImportanceForm(function="size")
