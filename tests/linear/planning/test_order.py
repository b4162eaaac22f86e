"""The order of a picture's symbols: both ends find the same, and any prefix of it leaves least."""

import math
from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from semjscc.linear.overview import to_overview
from semjscc.linear.planning.description import Known
from semjscc.linear.planning.logs import OCTAVE, lost_logs, overview_gain
from semjscc.linear.planning.order import order_of, overview_numbers, worths
from semjscc.linear.planning.plans import Plan, from_channel, plan_to_send
from semjscc.linear.spectrum import variances

HEIGHTS = st.integers(2, 9)
WIDTHS = st.integers(2, 9)
USES = st.integers(40, 1024)
SNRS_DB = st.sampled_from([-5.0, 3.0, 15.0])


@cache
def planned(height: int, width: int, k: int, snr_db: float, weighs: bool) -> Plan:
    """Of a picture that is strong on its left and weak on its right, where it may matter more."""
    made = torch.Generator().manual_seed(height)
    blocks = torch.randn(768, height, width, generator=made) * variances().sqrt()[:, None, None]
    blocks *= torch.logspace(0.5, -1, width)
    unit = to_overview(blocks) / overview_gain(blocks)
    weights = torch.linspace(0.1, 1, width).expand(height, width) if weighs else None
    return plan_to_send(unit, k, snr_db, 10 ** (-snr_db / 10), weights)[0]


def error_left(plan: Plan, symbols: Tensor) -> float:
    """The weighted squared error that is expected of what is sent, where so many symbols (n,)
    arrive: by the noise that the receiver finds each coefficient to have."""
    variance = torch.full((plan.k,), math.inf)
    variance[symbols] = plan.noise
    _, noise = from_channel(torch.zeros(plan.k, dtype=torch.complex64), variance, plan)
    sending, logs = plan.sending, plan.known.log_weights
    weights = torch.ones_like(sending.places[0], dtype=torch.float64)
    if logs is not None:
        weights = weights * torch.exp2(logs.double() / OCTAVE)
    weights = torch.where(sending.places[0], 1.0, weights)
    spread = sending.variances.double()
    power = sending.amplitudes.double().square() * spread
    return float((sending.pack(weights) * spread / (1 + power / noise.double())).sum())


@given(HEIGHTS, WIDTHS, USES, SNRS_DB, st.booleans())
@settings(max_examples=8)
def test_every_symbol_has_its_place_and_a_lost_block_moves_none_before_its_end(
    height: int, width: int, k: int, snr_db: float, weighs: bool
) -> None:
    plan = planned(height, width, k, snr_db, weighs)
    order = order_of(plan)
    assert torch.equal(order.sort().values, torch.arange(k))
    known = Known(lost_logs((height, width)))
    lost = Plan(known, plan.water, plan.noise, k, plan.uses, whole=False)
    assert overview_numbers(lost) == overview_numbers(plan)
    early = plan.uses + math.ceil(overview_numbers(plan) / 2)
    assert torch.equal(order_of(lost)[:early], order[:early])
    others = worths(plan)[order[early:]]
    assert (others[1:] <= others[:-1] * 2 ** (1.001 / OCTAVE) + 1e-30).all()


@given(HEIGHTS, WIDTHS, USES, SNRS_DB, st.booleans())
@settings(max_examples=8)
def test_worths_add_up_to_the_error_that_all_of_them_take_away(
    height: int, width: int, k: int, snr_db: float, weighs: bool
) -> None:
    plan = planned(height, width, k, snr_db, weighs)
    nothing = error_left(plan, torch.arange(0))
    everything = error_left(plan, torch.arange(k))
    assert float(worths(plan).sum()) == pytest.approx(nothing - everything, rel=1e-4)
    assert not worths(plan)[: plan.uses].any()


@given(st.floats(0, 1), SNRS_DB, st.booleans())
@settings(max_examples=8)
def test_a_prefix_leaves_less_error_than_as_many_in_another_order(
    share: float, snr_db: float, weighs: bool
) -> None:
    plan = planned(8, 9, 1024, snr_db, weighs)
    early = plan.uses + math.ceil(overview_numbers(plan) / 2)
    order = order_of(plan)
    first, others = order[:early], order[early:]
    count = round(share * len(others))
    mixed = others[torch.randperm(len(others), generator=torch.Generator().manual_seed(count))]
    ours, as_they_stood, drawn = (
        error_left(plan, torch.cat([first, one[:count]]))
        for one in (others, others.sort().values, mixed)
    )
    # Each rank is rounded to a sixteenth of an octave.
    taken = (error_left(plan, first) - ours) * 0.05
    assert ours <= min(as_they_stood, drawn) + taken + 1e-9


@given(st.integers(0, 1000), SNRS_DB)
@settings(max_examples=8)
def test_a_lost_symbol_is_worth_what_it_would_add_to_those_that_arrived(
    seed: int, snr_db: float
) -> None:
    plan = planned(8, 9, 1024, snr_db, True)
    drawn = torch.randperm(plan.k, generator=torch.Generator().manual_seed(seed))
    there, (lost, *_) = drawn[:600], drawn[600:].tolist()
    variance = torch.full((plan.k,), math.inf)
    variance[there] = plan.noise
    _, noise = from_channel(torch.zeros(plan.k, dtype=torch.complex64), variance, plan)
    with_it = error_left(plan, torch.cat([there, torch.tensor([lost])]))
    owners = torch.arange(len(noise)).repeat_interleave(plan.sending.times)
    owners = owners[2 * (lost - plan.uses) :][:2].tolist() if lost >= plan.uses else []
    if len(set(owners)) == len(owners):  # two numbers of one coefficient bring less together
        found = float(worths(plan, noise)[lost])
        assert found == pytest.approx(error_left(plan, there) - with_it, rel=1e-3, abs=1e-6)


def test_what_has_arrived_is_worth_less_and_what_arrived_exactly_nothing() -> None:
    plan = planned(8, 9, 1024, 3.0, True)
    count = len(plan.sending.times)
    alone = worths(plan, torch.full((count,), math.inf))
    again = worths(plan, torch.full((count,), plan.noise))
    assert (again <= alone).all()
    assert not worths(plan, torch.zeros(count)).any()
