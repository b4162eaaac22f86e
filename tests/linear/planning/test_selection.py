"""Which coefficients are sent, and how strong."""

from itertools import takewhile

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from torch import Tensor

from semjscc.linear.overview import mean_places
from semjscc.linear.planning.logs import (
    LEVEL,
    NOTHING,
    Histogram,
    deviations,
    lost_logs,
    told_histogram,
    told_logs,
)
from semjscc.linear.planning.regions import LAYOUTS
from semjscc.linear.planning.repetition import LARGEST_POWER, gather, spread
from semjscc.linear.planning.selection import (
    Water,
    plan,
    promised_error,
    settle,
    strongest,
    weighted_logs,
)
from semjscc.linear.transform import COEFFICIENTS

SIZE = (5, 6)
LAYOUT = LAYOUTS[1]


def strengths(seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    shape = LAYOUT.group_count, *LAYOUT.regions(SIZE)
    return torch.randint(-3, 4, shape, generator=generator)


@given(st.lists(st.integers(-300, 300), min_size=1, max_size=60), st.integers(0, 200))
@settings(max_examples=100)
def test_the_strongest_are_those_that_sorting_finds(values: list[int], room: int) -> None:
    # The strong ones take more room, as they do where they deserve more power.
    costs = [max(1, value // 50) for value in values]
    order = sorted(range(len(values)), key=lambda place: -values[place])
    taken = list(takewhile(lambda n: sum(costs[place] for place in order[:n]) <= room,
                           range(1, len(values) + 1)))  # fmt: skip
    logs = torch.tensor(values, dtype=torch.int16)
    found = strongest(logs, torch.tensor(costs), room)
    assert found.nonzero().flatten().tolist() == sorted(order[: len(taken)])


@pytest.mark.parametrize("snr_db", [-3, 10])
@pytest.mark.parametrize("seed", range(3))
def test_no_optimiser_finds_much_less_weighted_error_than_a_plan(seed: int, snr_db: int) -> None:
    noise, random = 10 ** (-snr_db / 10), np.random.default_rng(seed)
    logs = torch.full((COEFFICIENTS, 2, 2), NOTHING, dtype=torch.int16)
    chosen = [place for place in range(20) if place not in mean_places()][:3]
    logs[chosen] = torch.from_numpy(random.integers(-60, 61, (3, 2, 2))).short()
    log_weights = LEVEL * torch.from_numpy(random.integers(-4, 5, (2, 2))).short()
    numbers = 3 * 4
    counted = (logs + log_weights)[chosen].flatten().long()
    rising = torch.arange(int(counted.min()), int(counted.max()) + 1).flip(0)
    counts = (counted == rising[:, None]).sum(dim=1).double()
    water = settle(Histogram(rising, counts, counts), numbers, noise)
    sending = plan(logs, water, noise, numbers, log_weights)
    powers = np.zeros((3, 4))
    spent = (sending.amplitudes.square() * sending.variances).numpy()
    powers[sending.places[1][chosen].flatten(1).numpy()] = spent * numbers / spent.sum()
    weighed = deviations(counted).square().numpy()

    def error(spent: np.ndarray) -> float:
        return float((weighed * noise / (spent + noise)).sum())

    def of_shares(shares: np.ndarray) -> float:
        return error(numbers * shares**2 / (shares**2).sum())

    found = min(
        minimize(of_shares, random.uniform(0.1, 1, numbers), method="BFGS").fun for _ in range(3)
    )
    # The water level is told in quarters of an octave.
    assert error(powers.flatten()) < 1.01 * found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("snr_db", [-5, 10, 25])
@pytest.mark.parametrize("numbers", [40, 400, 4000])
def test_a_plan_fills_the_room_with_power_one(seed: int, snr_db: int, numbers: int) -> None:
    noise, found = 10 ** (-snr_db / 10), strengths(seed)
    water = settle(told_histogram(found, LAYOUT, SIZE), numbers, noise)
    logs = told_logs(found, LAYOUT, SIZE)
    sending = plan(logs, water, noise, numbers)
    count = int(sending.times.sum())
    assert count <= numbers
    power = float((sending.amplitudes.square() * sending.variances).sum()) / numbers
    # The water level is told in quarters of an octave.
    assert 0.8 < power < 1.25
    overview, others = sending.places
    assert not others[mean_places()].any()
    assert overview.sum() == overview[mean_places()].sum()
    # What is left out is weaker than what is sent, or below the water's edge.
    out = logs.clone()
    out[overview | others] = -999
    out[mean_places()] = -999
    weakest = logs[others].min() if others.any() else 999
    assert out.max() <= max(int(weakest), water.floor_log(noise))
    if count < numbers - int(sending.times.max()):
        assert out.max() <= water.floor_log(noise)
    shares = sending.amplitudes.square() * sending.variances / sending.times
    assert float(shares.max()) <= LARGEST_POWER * 1.0001


def test_packing_and_unpacking_leave_what_is_sent_in_its_place() -> None:
    noise, found = 0.1, strengths(0)
    water = settle(told_histogram(found, LAYOUT, SIZE), 500, noise)
    sending = plan(told_logs(found, LAYOUT, SIZE), water, noise, 500)
    coefficients = torch.randn(COEFFICIENTS, *SIZE, generator=torch.Generator().manual_seed(1))
    places = sending.places[0] | sending.places[1]
    back = sending.unpack(sending.pack(coefficients))
    assert torch.equal(back, torch.where(places, coefficients, 0))


@pytest.mark.parametrize("numbers", [30, 300])
def test_without_strengths_the_overview_is_found_where_it_was_sent(numbers: int) -> None:
    noise, found = 0.1, strengths(2)
    water = settle(told_histogram(found, LAYOUT, SIZE), numbers, noise)
    sent = plan(told_logs(found, LAYOUT, SIZE), water, noise, numbers)
    known = plan(lost_logs(SIZE), water, noise, numbers)
    count = len(known.amplitudes)
    assert count > 0
    assert torch.equal(known.places[0], sent.places[0])
    assert not known.places[1].any()
    assert torch.equal(known.amplitudes, sent.amplitudes[:count])
    assert torch.equal(known.variances, sent.variances[:count])
    assert torch.equal(known.times, sent.times[:count])


@pytest.mark.parametrize("snr_db", [0, 20])
def test_the_promised_error_is_that_of_gaussian_sources(snr_db: int) -> None:
    noise, found, numbers = 10 ** (-snr_db / 10), strengths(3), 600
    histogram = told_histogram(found, LAYOUT, SIZE)
    water = settle(histogram, numbers, noise)
    promised = promised_error(histogram, water, numbers, noise)
    logs = told_logs(found, LAYOUT, SIZE)
    sending = plan(logs, water, noise, numbers)
    generator = torch.Generator().manual_seed(5)
    errors = []
    for _ in range(40):
        source = deviations(logs) * torch.randn(*logs.shape, generator=generator)
        sent = spread(sending.amplitudes * sending.pack(source), sending.times)
        scale = (numbers / sent.square().sum()) ** 0.5
        noises = torch.full_like(sent, noise)
        noisy = scale * sent + noises.sqrt() * torch.randn(len(sent), generator=generator)
        noisy, left = gather(noisy, noises, sending.times)
        torch.testing.assert_close(left, torch.full_like(left, noise))
        share = sending.amplitudes * sending.variances
        share = share / (sending.amplitudes.square() * sending.variances + noise)
        guess = sending.unpack(share * noisy / scale)
        errors.append(float((guess - source).square().sum()))
    measured = torch.tensor(errors)
    # Not quite: what of the overview is sent before stronger others costs a little.
    assert float(measured.mean()) == pytest.approx(
        promised, rel=0.03, abs=4 * float(measured.std()) / 40**0.5
    )


def test_weights_make_the_weighted_error_least() -> None:
    """Against a numerical search for the powers that make Σ w·σ²N/(q + N) least."""
    noise, numbers, logs = 0.1, 400, told_logs(strengths(4), LAYOUT, SIZE)
    weights = torch.zeros(SIZE, dtype=torch.int16)
    weights[:, 3:] = 3 * 16  # 2³
    weighted = weighted_logs(logs, weights)
    counts = torch.bincount(weighted.flatten().long() + 2000, minlength=4000).double().flip(0)
    octaves = torch.arange(1999, -2001, -1)
    energies = counts * deviations(octaves).square()
    water = settle(Histogram(octaves, counts, energies), numbers, noise)
    sending = plan(logs, water, noise, numbers, weights)
    places = sending.places[0] | sending.places[1]
    order = torch.cat([sending.places[0].nonzero(), sending.places[1].nonzero()])
    factors = torch.exp2(weights[order[:, 1], order[:, 2]].double() / 16)
    factors[: int(sending.places[0].sum())] = 1  # the overview
    spread_out = sending.variances.double()
    powers = sending.amplitudes.double().square() * spread_out
    total = powers.sum()

    def error(shares: Tensor) -> Tensor:
        return (factors * spread_out * noise / (shares + noise)).sum()

    found = powers.sqrt().clone().requires_grad_()
    optimiser = torch.optim.LBFGS([found], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = error(found.square() * total / found.square().sum())
        value.backward()
        return value

    optimiser.step(loss)
    best = loss().item()
    assert float(error(powers)) == pytest.approx(best, rel=2e-3)
    assert places[:, :, 3:].sum() > 1.5 * places[:, :, :3].sum()


def test_the_water_rises_with_the_noise_and_its_numbers_fit_their_fields() -> None:
    histogram = told_histogram(strengths(1), LAYOUT, SIZE)
    levels = [settle(histogram, 300, noise).step for noise in (0.001, 0.1, 10.0)]
    assert levels == sorted(set(levels))
    for noise in (1e-4, 1.0, 1e3):
        for numbers in (1, 60_000):
            water = settle(histogram, numbers, noise)
            assert 0 <= water.step < 64
            assert 0 <= water.floor < 16
    assert Water(32, 0).level == 1.0
    # Where σ = N/w: variance N², here 2^-20.
    assert Water(32, 0).floor_log(2**-10) == -20 * 16
    assert Water(32, 3).floor_log(2**-10) == -17 * 16
