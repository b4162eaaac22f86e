"""What is told of regions, and what the receiver concludes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.linear.overview import mean_places
from semjscc.linear.planning.description import (
    Regions,
    blind_regions,
    describe,
    understand,
    understood,
)
from semjscc.linear.planning.logs import LEVEL, told_logs, untold_logs
from semjscc.linear.planning.regions import LAYOUTS, Layout
from semjscc.linear.planning.selection import Water, settle, weighted_logs
from semjscc.linear.planning.weights import FARTHEST_LEVEL, over_blocks, squares

SIZE, NOISE = (7, 10), 0.1


def regions(layout: Layout, *, weighted: bool) -> Regions:
    generator = torch.Generator().manual_seed(layout.side)
    shape = layout.group_count, *layout.regions(SIZE)
    found = torch.randint(-5, 6, shape, generator=generator)
    most = FARTHEST_LEVEL
    levels = torch.randint(-most, most + 1, squares(SIZE), generator=generator)
    return Regions(layout, found, levels if weighted else None)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_that_may_be_sent_is_understood(layout: Layout, weighted: bool) -> None:
    told = regions(layout, weighted=weighted)
    water = settle(told.histogram(SIZE), 800, NOISE)
    payload = describe(told, water, NOISE, SIZE)
    known = understand(payload + bytes(5), water, NOISE, SIZE)
    assert known is not None
    logs = told_logs(told.strengths, layout, SIZE)
    if told.levels is None:
        assert known.log_weights is None
    else:
        assert known.log_weights is not None
        assert torch.equal(known.log_weights.long(), LEVEL * over_blocks(told.levels, SIZE))
    floor = water.floor_log(NOISE)
    above = weighted_logs(logs, known.log_weights) > floor
    assert torch.equal(weighted_logs(known.logs, known.log_weights) > floor, above)
    assert torch.equal(known.logs[above], logs[above])
    again = understood(told, water, NOISE, SIZE)
    assert torch.equal(again.logs, known.logs)
    assert (again.log_weights is None) == (known.log_weights is None)


def test_a_blind_sender_tells_levels_alone() -> None:
    levels = regions(LAYOUTS[0], weighted=True).levels
    assert levels is not None
    told = blind_regions(levels, SIZE)
    water = settle(told.histogram(SIZE), 800, NOISE)
    payload = describe(told, water, NOISE, SIZE)
    assert len(payload) < len(describe(regions(LAYOUTS[-1], weighted=True), water, NOISE, SIZE))
    for known in (
        understand(payload + bytes(5), water, NOISE, SIZE),
        understood(told, water, NOISE, SIZE),
    ):
        assert known is not None
        assert torch.equal(known.logs, untold_logs(SIZE))
        assert known.log_weights is not None
        assert torch.equal(known.log_weights.long(), LEVEL * over_blocks(levels, SIZE))


def test_the_overview_has_no_weight() -> None:
    layout = LAYOUTS[2]
    told = regions(layout, weighted=True)
    known = understood(told, Water(30, 2), NOISE, SIZE)
    changed = weighted_logs(known.logs, known.log_weights) - known.logs
    assert not changed[mean_places()].any()
    changed[mean_places()] = known.log_weights  # pyright: ignore[reportArgumentType]
    assert torch.equal(changed, changed[:1].expand_as(changed))


@given(st.binary(max_size=60), st.integers(0, 63), st.integers(0, 15))
@settings(max_examples=60)
def test_a_strangers_bytes_are_refused_or_mean_something(
    payload: bytes, step: int, floor: int
) -> None:
    known = understand(payload, Water(step, floor), NOISE, SIZE)
    if not payload or payload[0] > 2 * len(LAYOUTS):
        assert known is None
    elif known is not None:
        assert known.logs.shape == (768, *SIZE)
        assert (known.log_weights is not None) == (payload[0] >= len(LAYOUTS))
