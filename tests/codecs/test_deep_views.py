"""What the networks of `deep` see of plans and of what arrived."""

import math

import pytest
import torch

from semjscc.codecs.deep_views import SEEN, arrived, heights, means_apart
from semjscc.linear.logs import deviations, untold_logs
from semjscc.linear.overview import from_overview, mean_places, to_overview
from semjscc.linear.plans import Plan
from semjscc.linear.selection import Water
from semjscc.linear.spectrum import variances

SIZE = (5, 6)
NOISE = 0.1


@pytest.fixture
def plan() -> Plan:
    return Plan(untold_logs(SIZE), Water(24, 1), NOISE, 400, 20)


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


def test_means_have_the_deviations_of_blocks(plan: Plan) -> None:
    found = means_apart(deviations(plan.logs[:SEEN]))
    assert found[:, 2, 3].tolist() == pytest.approx(variances()[:SEEN].sqrt().tolist(), rel=0.03)


def test_without_noise_all_arrives(plan: Plan) -> None:
    made = torch.Generator().manual_seed(1)
    blocks = torch.randn(768, *SIZE, generator=made) * variances().sqrt()[:, None, None]
    sending = plan.sending
    numbers = sending.amplitudes * sending.pack(to_overview(blocks))
    found = arrived(numbers, torch.full_like(numbers, 1e-9), plan)
    places = sending.places[0] | sending.places[1]
    expected = torch.where(places, to_overview(blocks), 0)
    torch.testing.assert_close(found.guesses, from_overview(expected), rtol=1e-3, atol=1e-4)
    whole = from_overview(expected)[:SEEN] / means_apart(deviations(plan.logs[:SEEN]))
    torch.testing.assert_close(found.values, whole.clamp(-6, 6).float(), rtol=2e-3, atol=2e-3)
    shares, means = found.shares, mean_places()
    told = torch.ones(SEEN, dtype=torch.bool)
    told[means] = False
    assert torch.equal(shares[told] > 0.999, places[:SEEN][told])
    sent = places[means].float().mean(dim=(1, 2), keepdim=True).expand(-1, *SIZE)
    torch.testing.assert_close(shares[means], sent, atol=1e-3, rtol=0)


def test_nothing_is_made_of_what_was_erased(plan: Plan) -> None:
    numbers = torch.full((len(plan.sending.amplitudes),), 1e9)
    found = arrived(numbers, torch.full_like(numbers, torch.inf), plan)
    for part in (found.guesses, found.values, found.shares):
        assert not part.any()
