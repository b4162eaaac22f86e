"""Both ends make the same of a picture, and its symbols have power 1."""

import pytest
import torch
from torch import Tensor

from semjscc.linear.overview import to_overview
from semjscc.linear.planning.announcement import NO_BLOCK
from semjscc.linear.planning.logs import lost_logs, overview_gain, untold_logs
from semjscc.linear.planning.plans import (
    Plan,
    from_channel,
    plan_received,
    plan_to_send,
    to_channel,
)
from semjscc.linear.spectrum import variances

SIZE = (8, 9)
K = 1024


def unit(seed: int = 0) -> Tensor:
    """A picture that is strong on its left and weak on its right."""
    made = torch.Generator().manual_seed(seed)
    blocks = torch.randn(768, *SIZE, generator=made) * variances().sqrt()[:, None, None]
    blocks *= torch.logspace(0.5, -1, SIZE[1])
    return to_overview(blocks) / overview_gain(blocks)


LEFT = (torch.arange(SIZE[1]) < 4).float().expand(SIZE)
"""Weights with which the left half alone matters."""


@pytest.mark.parametrize("weights", [None, LEFT])
@pytest.mark.parametrize("snr_db", [-5.0, 3.0, 15.0])
def test_both_ends_make_the_same_plan(snr_db: float, weights: Tensor | None) -> None:
    noise = 10 ** (-snr_db / 10)
    plan, announced, block = plan_to_send(unit(), K, snr_db, noise, weights)
    assert plan.uses == len(block) == announced.block.uses(K)
    numbers = plan.sending.amplitudes * plan.sending.pack(unit())
    symbols, scale = to_channel(numbers, plan, block)
    assert symbols.shape == (K,)
    assert float(symbols.abs().square().mean()) == pytest.approx(1, abs=1e-4)
    known = plan_received(symbols, torch.full((K,), noise), announced, SIZE, noise)
    assert known.whole
    assert torch.equal(known.known.logs, plan.known.logs)
    told = plan.known.log_weights is not None
    assert told == (weights is not None and announced.block != NO_BLOCK)
    if told:
        assert torch.equal(known.known.log_weights, plan.known.log_weights)  # pyright: ignore[reportArgumentType]
    assert known.water == plan.water
    found, left = from_channel(symbols, torch.full((K,), noise), known)
    back = found * scale
    assert (left <= noise * 1.0001).all()
    torch.testing.assert_close(back, numbers, rtol=1e-4, atol=1e-5)


def test_what_matters_is_sent_and_the_rest_is_not() -> None:
    flat = unit() / torch.logspace(0.5, -1, SIZE[1])
    plain, _, _ = plan_to_send(flat, K // 4, 10.0, 0.1)
    plan, _, _ = plan_to_send(flat, K // 4, 10.0, 0.1, LEFT)
    left = [one.sending.places[1][..., :4].sum() for one in (plain, plan)]
    right = [one.sending.places[1][..., 4:].sum() for one in (plain, plan)]
    assert left[1] > 1.1 * left[0]
    assert right[1] < 0.2 * right[0]


@pytest.mark.parametrize("weights", [None, LEFT])
def test_a_blind_sender_takes_all_regions_to_be_as_strong(weights: Tensor | None) -> None:
    plan, announced, block = plan_to_send(unit(), K, 10.0, 0.1, weights, blind=True)
    assert torch.equal(plan.known.logs, untold_logs(SIZE))
    symbols, _ = to_channel(plan.sending.amplitudes * plan.sending.pack(unit()), plan, block)
    known = plan_received(symbols, torch.full((K,), 0.1), announced, SIZE, 0.1)
    assert torch.equal(known.sending.amplitudes, plan.sending.amplitudes)
    depths = plan.sending.places[1].sum(dim=0)
    if weights is None:
        assert announced.block == NO_BLOCK
        # The last coefficient may find room in some of the blocks only.
        assert int(depths.max() - depths.min()) <= 1
    else:
        assert depths[:, :4].min() > 2 * depths[:, 4:].max()


def test_a_lost_block_leaves_the_overview() -> None:
    plan, announced, block = plan_to_send(unit(), K, 10.0, 0.1)
    assert announced.block != NO_BLOCK
    symbols, _ = to_channel(plan.sending.amplitudes * plan.sending.pack(unit()), plan, block)
    symbols[: plan.uses] = symbols[: plan.uses].flip(0)
    known = plan_received(symbols, torch.full((K,), 0.1), announced, SIZE, 0.1)
    assert not known.whole
    assert torch.equal(known.known.logs, lost_logs(SIZE))
    overview, others = known.sending.places
    assert torch.equal(overview, plan.sending.places[0])
    assert not others.any()


def test_a_place_left_empty_takes_no_power() -> None:
    made, _, _ = plan_to_send(unit(), K, 10.0, 0.1)
    plan = Plan(made.known, made.water, 0.1, K, 100)
    symbols, scale = to_channel(plan.sending.pack(unit()), plan)
    assert not symbols[:100].any()
    assert float(symbols[100:].abs().square().mean()) == pytest.approx(1, abs=1e-4)
    filled = plan.sending.pack(unit()).square().sum() / (2 * (K - 100))
    assert float(scale) == pytest.approx(float(filled) ** 0.5, rel=1e-4)
