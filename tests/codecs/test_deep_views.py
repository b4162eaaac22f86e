"""What the networks of `deep` see of plans and of what arrived."""

import math

import pytest
import torch

from semjscc.codecs.deep_views import SEEN, arrived, doubt, expected_errors, heights, shares
from semjscc.linear.overview import from_overview, mean_places, to_overview
from semjscc.linear.planning.description import Known
from semjscc.linear.planning.logs import untold_logs
from semjscc.linear.planning.plans import Plan
from semjscc.linear.planning.selection import Water
from semjscc.linear.spectrum import variances

SIZE = (5, 6)
NOISE = 0.1


@pytest.fixture
def plan() -> Plan:
    return Plan(Known(untold_logs(SIZE)), Water(24, 1), NOISE, 400, 20)


def test_heights_are_octaves_of_variance_above_the_edge(plan: Plan) -> None:
    found = heights(plan)
    assert found.shape == (SEEN, *SIZE)
    edge, floor = 2 * math.log2(NOISE / plan.water.level), plan.water.floor
    octaves = variances()[:SEEN].log2() - edge
    means = mean_places()
    for place in (1, 5, 40, 383):
        if place not in means:
            expected = float(octaves[place]) / 4 if octaves[place] > floor else 0.0
            assert float(found[place, 0, 0]) == pytest.approx(expected, abs=0.03)
    assert not found[means].any()
    assert found.max() > 0.9


def test_without_noise_all_arrives(plan: Plan) -> None:
    made = torch.Generator().manual_seed(1)
    sigma = variances().sqrt()[:, None, None]
    blocks = torch.randn(768, *SIZE, generator=made) * sigma
    sending = plan.sending
    numbers = sending.amplitudes * sending.pack(to_overview(blocks))
    found = arrived(numbers, torch.full_like(numbers, 1e-9), plan)
    places = sending.places[0] | sending.places[1]
    expected = from_overview(torch.where(places, to_overview(blocks), 0))
    torch.testing.assert_close(found.guesses, expected, rtol=1e-3, atol=1e-4)
    values = (expected / sigma)[:SEEN].clamp(-6, 6)
    torch.testing.assert_close(found.values, values, rtol=0.03, atol=2e-3)
    told = torch.ones(SEEN, dtype=torch.bool)
    told[mean_places()] = False
    assert torch.equal(found.shares[told] > 0.999, places[:SEEN][told])


def test_shares_are_those_of_the_linear_estimate(plan: Plan) -> None:
    found, sending = shares(plan, NOISE), plan.sending
    powers = sending.amplitudes.square() * sending.variances
    count = int(sending.places[0].sum())
    expected = (powers / (powers + NOISE))[count:]
    torch.testing.assert_close(found[sending.places[1]], expected)
    # All of the overview counts for each mean, by its energy.
    energies = torch.exp2(plan.known.logs[mean_places()].float() / 16)
    arriving = torch.zeros_like(energies)
    arriving[sending.places[0][mean_places()]] = (powers / (powers + NOISE))[:count]
    mean = (arriving * energies).sum((1, 2)) / energies.sum((1, 2))
    torch.testing.assert_close(found[mean_places()], mean[:, None, None].expand(-1, *SIZE))


def test_the_doubt_is_the_error_that_is_measured(plan: Plan) -> None:
    """Of Gaussian coefficients with the variances of the plan."""
    made = torch.Generator().manual_seed(2)
    sending, errors = plan.sending, []
    sigma = torch.exp2(plan.known.logs.float() / 32)
    for _ in range(60):
        sent = torch.randn(768, *SIZE, generator=made) * sigma
        numbers = sending.amplitudes * sending.pack(sent)
        noise = torch.randn(len(numbers), generator=made) * NOISE**0.5
        found = arrived(numbers + noise, torch.full_like(numbers, NOISE), plan)
        errors.append((found.guesses - from_overview(sent)).square().mean(dim=0))
    measured = torch.stack(errors).mean(dim=0).mean().sqrt()
    doubts = doubt(expected_errors(plan, shares(plan, NOISE)))
    assert float(doubts.square().mean().sqrt()) == pytest.approx(float(measured), rel=0.03)


def test_the_expected_errors_are_what_does_not_arrive_of_the_variances(plan: Plan) -> None:
    arriving = shares(plan, NOISE)
    found = expected_errors(plan, arriving).sqrt()
    expected = variances()[:, None, None].sqrt() * (1 - arriving).sqrt()
    torch.testing.assert_close(found, expected, rtol=0.03, atol=0)


def test_nothing_is_made_of_what_was_erased(plan: Plan) -> None:
    numbers = torch.full((len(plan.sending.amplitudes),), 1e9)
    found = arrived(numbers, torch.full_like(numbers, torch.inf), plan)
    for part in (found.guesses, found.values, found.shares):
        assert not part.any()
