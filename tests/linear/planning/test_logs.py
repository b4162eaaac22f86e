"""Log-variances, and their histograms, which are made without them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from semjscc.linear.overview import from_overview, mean_places
from semjscc.linear.planning.logs import (
    LEVEL,
    NOTHING,
    OCTAVE,
    Histogram,
    deviations,
    fixed_logs,
    lost_logs,
    overview_gain,
    overview_logs,
    told_histogram,
    told_logs,
    untold_histogram,
    untold_logs,
)
from semjscc.linear.planning.regions import FARTHEST, LAYOUTS, Layout
from semjscc.linear.planning.selection import weighted_logs
from semjscc.linear.planning.weights import over_blocks, squares
from semjscc.linear.spectrum import variances
from semjscc.linear.transform import COEFFICIENTS


def counted(logs: Tensor, weights: Tensor) -> dict[int, float]:
    values, places = logs.flatten().unique(return_inverse=True)
    sums = torch.zeros(len(values), dtype=torch.float64)
    sums.index_add_(0, places.flatten(), weights.double().flatten())
    return dict(zip(values.tolist(), sums.tolist(), strict=True))


def told(histogram: Histogram, values: Tensor) -> dict[int, float]:
    pairs = zip(histogram.logs.tolist(), values.tolist(), histogram.counts.tolist(), strict=True)
    return {log: value for log, value, count in pairs if count}


def test_fixed_logs_are_variances_in_sixteenths_of_an_octave() -> None:
    back = deviations(fixed_logs()).square()
    ratio = back / variances()
    assert float(ratio.max()) < 2 ** (0.51 / OCTAVE)
    assert float(ratio.min()) > 2 ** (-0.51 / OCTAVE)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_strength_raises_its_group_in_its_region_alone(layout: Layout) -> None:
    size = (9, 10)
    strengths = torch.zeros(layout.group_count, *layout.regions(size), dtype=torch.int64)
    plain = told_logs(strengths, layout, size)
    assert torch.equal(plain, untold_logs(size))
    strengths[0, 0, 1] = 2
    raised = told_logs(strengths, layout, size) - plain
    columns = slice(layout.side, min(2 * layout.side, 10))
    assert set(raised[:, : layout.side, columns].unique().tolist()) == {0, 3 * OCTAVE}
    raised[:, : layout.side, columns] = 0
    assert not raised.any()


def test_where_strengths_are_lost_only_the_overview_is_known() -> None:
    logs = lost_logs((2, 3))
    known = logs > NOTHING
    assert known.sum() == 3 * 2 * 3
    assert torch.equal(logs[mean_places()], untold_logs((2, 3))[mean_places()])


@given(st.sampled_from(LAYOUTS), st.integers(1, 11), st.integers(1, 9), st.integers(0, 99))
@settings(max_examples=20)
def test_histograms_count_what_the_logs_hold(
    layout: Layout, rows: int, columns: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    shape = layout.group_count, *layout.regions((rows, columns))
    strengths = torch.randint(-FARTHEST, FARTHEST + 1, shape, generator=generator)
    logs = told_logs(strengths, layout, (rows, columns))
    found = told_histogram(strengths, layout, (rows, columns))
    assert told(found, found.counts) == counted(logs, torch.ones_like(logs))
    energies = counted(logs, deviations(logs).square())
    assert told(found, found.energies) == pytest.approx(energies)

    levels = torch.randint(-6, 7, squares((rows, columns)), generator=generator)
    weights = over_blocks(levels, (rows, columns))
    weighted = weighted_logs(logs, (LEVEL * weights).short())
    found = told_histogram(strengths, layout, (rows, columns), levels)
    assert told(found, found.counts) == counted(weighted, torch.ones_like(logs))
    energies = counted(weighted, deviations(weighted).square())
    assert told(found, found.energies) == pytest.approx(energies)

    coefficients = torch.randn(COEFFICIENTS, rows, columns, generator=generator)
    found, logs = untold_histogram(coefficients), untold_logs((rows, columns))
    assert told(found, found.counts) == counted(logs, torch.ones_like(logs))
    energies = counted(logs, coefficients.double().square())
    assert told(found, found.energies) == pytest.approx(energies)


def test_the_overviews_gain_is_how_strong_it_is() -> None:
    coefficients = torch.zeros(COEFFICIENTS, 3, 4)
    coefficients[mean_places()] = 2.5 * deviations(overview_logs((3, 4))).float()
    assert overview_gain(from_overview(coefficients)) == pytest.approx(2.5)
