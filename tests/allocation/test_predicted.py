"""A small network that has learned where a vision model looks."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

from semjscc.allocation.policy import Policy
from semjscc.allocation.predicted import (
    INPUTS,
    WEIGHTS,
    Predictor,
    block_energies,
    block_prediction,
    importance_of,
    predictor,
)
from semjscc.allocation.sender import ByPrediction
from semjscc.checkpoint import read_metadata
from semjscc.codecs.deep import Deep
from semjscc.data.drawn.backdrops import backdrop
from semjscc.linear.planning.regions import LAYOUTS, groups
from semjscc.links import SymbolLink, open_link
from semjscc.links.joint_coding.linear_adaptive import AdaptiveLinearLink
from semjscc.results.fingerprint import link_fingerprint


def noise(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1))


def photograph(side: int) -> Tensor:
    """(1, 3, side, side), of one of scikit-image's photographs."""
    pixels = backdrop(np.random.default_rng(3), "test", side)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255


@settings(max_examples=12, deadline=None)
@given(height=st.integers(16, 70), width=st.integers(16, 70), count=st.integers(1, 2))
def test_every_block_of_any_image_matters_one_in_the_mean(
    height: int, width: int, count: int
) -> None:
    found = block_prediction(noise(count, 3, height, width), predictor())
    assert found.shape == (count, -(-height // 16), -(-width // 16))
    assert (found > 0).all()
    torch.testing.assert_close(found.mean(dim=(1, 2)), torch.ones(count))


def test_energies_are_those_of_the_cosine_transform() -> None:
    # A wave of amplitude a along one axis is one coefficient of luma, of energy 3 · 128 · a²: three
    # colours, each with a wave of squared norm 16 · 8 in a block.
    wave = torch.cos(torch.pi * (2 * torch.arange(16) + 1) * 5 / 32)
    images = 0.5 + 0.2 * wave.expand(1, 3, 16, 16)
    found = block_energies(images)[0, :-3, 0, 0]
    energies = torch.exp2(4 * (found - 2))
    band = int(energies.argmax())
    members = int((groups(LAYOUTS[-1]) == band).sum())
    assert float(energies[band]) == pytest.approx(3 * 128 * 0.2**2 / members, rel=1e-4)
    assert float(energies.sum() - energies[band]) < 1e-4


def test_beyond_an_edge_there_is_nothing_in_a_batch_as_alone() -> None:
    model = Predictor()
    energies = torch.randn(1, INPUTS, 5, 7)
    inside = F.pad(torch.ones(1, 1, 5, 7), (0, 4, 0, 2))
    together = model(F.pad(energies, (0, 4, 0, 2), value=9.0), inside)
    torch.testing.assert_close(together[:, :5, :7], model(energies), rtol=1e-4, atol=1e-5)


def test_shares_come_from_logits_whatever_their_scale() -> None:
    logits = torch.randn(2, 3, 4)
    torch.testing.assert_close(importance_of(logits), importance_of(logits + 5))
    ratio = importance_of(logits)[0, 0, 1] / importance_of(logits)[0, 2, 3]
    torch.testing.assert_close(ratio.log(), logits[0, 0, 1] - logits[0, 2, 3])


def test_it_costs_less_than_a_tenth_of_an_encoder() -> None:
    def products(model: nn.Module, *inputs: Tensor) -> int:
        """Multiplications of a network's convolutions and linear layers."""
        total = 0

        def count(layer: nn.Module, _: object, out: Tensor) -> None:
            nonlocal total
            assert isinstance(layer, nn.Conv2d | nn.Linear)
            total += out.numel() * layer.weight[0].numel()

        hooks = [
            layer.register_forward_hook(count)
            for layer in model.modules()
            if isinstance(layer, nn.Conv2d | nn.Linear)
        ]
        with torch.no_grad():
            model(*inputs)
        for hook in hooks:
            hook.remove()
        return total

    class Encoding(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.codec = Deep()

        def forward(self, images: Tensor) -> Tensor:
            return self.codec.encode(images, torch.tensor([10.0]), Fraction(1, 48)).symbols

    images = noise(1, 3, 128, 128)
    own = products(predictor(), block_energies(images))
    assert 0 < own < 0.1 * products(Encoding(), images)


def test_it_tells_more_than_contrast_does() -> None:
    facts = read_metadata(WEIGHTS)["facts"]
    found = facts["val_divergence"]
    assert found["predicted"] < 0.75 * min(found["saliency"], found["uniform"])
    assert facts["val_images"] >= 80
    # An object before a plain sky: where it stands, and not where its image ends.
    image = torch.full((1, 3, 256, 256), 0.6)
    image[..., 64:192, 64:192] = photograph(128)
    seen = block_prediction(image, predictor())[0]
    assert seen[4:12, 4:12].mean() > 2 * seen[:2].mean()


def test_a_link_takes_it_by_name_and_results_know_its_weights() -> None:
    link = open_link("linear-adaptive+importance-energy@0.5:predicted", "")
    assert isinstance(link, SymbolLink)
    assert link.facts() == {"name": link.name, "importance": "predicted"}
    images = photograph(192)
    sent = link.transmit(images, Fraction(1, 24), 10.0)
    plain = open_link("linear-adaptive", "")
    assert isinstance(plain, SymbolLink)
    assert not torch.equal(sent.symbols, plain.transmit(images, Fraction(1, 24), 10.0).symbols)
    policy = Policy("importance-energy", 0.5)
    prints = {
        link_fingerprint(AdaptiveLinearLink(link.name, ByPrediction(policy, predictor=model)))
        for model in (predictor(), Predictor())
    }
    assert None not in prints
    assert len(prints) == 2
    assert link_fingerprint(link) in prints


@pytest.mark.parametrize("link", ["hybrid", "separate-jpeg", "semantic"])
def test_every_link_that_weighs_takes_it(link: str) -> None:
    opened = open_link(f"{link}+importance-energy:predicted", "photo")
    assert opened.facts()["importance"] == "predicted"
