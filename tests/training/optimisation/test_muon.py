"""Muon against its definition, and that it learns and can be resumed."""

import io

import torch
from torch import nn

from semjscc.training.optimisation.muon import LEAST_SIDE, Muon, is_matrix, orthogonal


def test_singular_values_end_near_one() -> None:
    torch.manual_seed(0)
    matrices = torch.randn(3, 60, 90)
    values = torch.linalg.svdvals(orthogonal(matrices))
    assert values.min() > 0.5
    assert values.max() < 1.3


def test_directions_stay() -> None:
    torch.manual_seed(0)
    left = torch.linalg.qr(torch.randn(50, 50)).Q
    right = torch.linalg.qr(torch.randn(70, 50)).Q
    matrix = left @ torch.diag(torch.linspace(0.1, 1, 50)) @ right.T
    turned = left.T @ orthogonal(matrix[None])[0] @ right
    off = turned - torch.diag(turned.diagonal())
    assert off.abs().max() < 1e-4


def test_tall_matrices_are_turned_like_wide_ones() -> None:
    torch.manual_seed(0)
    matrix = torch.randn(1, 80, 50)
    torch.testing.assert_close(orthogonal(matrix), orthogonal(matrix.mT).mT)


def test_what_counts_as_a_matrix() -> None:
    assert is_matrix(torch.zeros(LEAST_SIDE, LEAST_SIDE))
    assert is_matrix(torch.zeros(64, 48, 3, 3))
    assert not is_matrix(torch.zeros(64, 1, 7, 7))  # depthwise
    assert not is_matrix(torch.zeros(64, 32))
    assert not is_matrix(torch.zeros(64))


def test_one_step_is_what_the_definition_says() -> None:
    torch.manual_seed(0)
    weight, bias = nn.Parameter(torch.randn(48, 64)), nn.Parameter(torch.randn(64))
    before = weight.detach().clone()
    optimiser = Muon([{"params": [weight, bias], "weight_decay": 0.1}], 0.01)
    gradient = torch.randn(48, 64)
    weight.grad, bias.grad = gradient.clone(), torch.ones(64)
    kept = bias.detach().clone()
    optimiser.step()
    # The first momentum is 0.05 g, so that the direction is a multiple of g.
    moved = 0.01 * 0.2 * 64**0.5 * orthogonal(gradient[None])[0]
    torch.testing.assert_close(weight.detach(), before * (1 - 0.01 * 0.1) - moved)
    # AdamW's first step is the rate times the sign.
    torch.testing.assert_close(bias.detach(), kept * (1 - 0.01 * 0.1) - 0.01)


def test_a_saved_state_goes_on_alike() -> None:
    torch.manual_seed(0)
    start, inputs = torch.randn(48, 48), torch.randn(100, 48)

    def run(steps: int, saved: bytes | None, weight: nn.Parameter) -> bytes:
        optimiser = Muon([{"params": [weight], "weight_decay": 0.0}], 0.2)
        if saved is not None:
            optimiser.load_state_dict(torch.load(io.BytesIO(saved), weights_only=True))
        for _ in range(steps):
            optimiser.zero_grad()
            (inputs @ weight - inputs).square().mean().backward()
            optimiser.step()
        file = io.BytesIO()
        torch.save(optimiser.state_dict(), file)
        return file.getvalue()

    whole, parts = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    run(20, None, whole)
    run(12, run(8, None, parts), parts)
    torch.testing.assert_close(whole, parts)
    assert (inputs @ whole - inputs).square().mean() < (inputs @ start - inputs).square().mean() / 4
