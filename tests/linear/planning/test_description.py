"""What is told of strengths, and what the receiver concludes."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.linear.planning.description import describe, understand
from semjscc.linear.planning.logs import told_histogram, told_logs
from semjscc.linear.planning.regions import LAYOUTS, Layout
from semjscc.linear.planning.selection import Water, settle

SIZE, NOISE = (7, 10), 0.1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_that_may_be_sent_is_understood(layout: Layout) -> None:
    generator = torch.Generator().manual_seed(layout.side)
    shape = layout.group_count, *layout.regions(SIZE)
    found = torch.randint(-5, 6, shape, generator=generator)
    water = settle(told_histogram(found, layout, SIZE), 800, NOISE)
    payload = describe(found, layout, water, NOISE)
    logs = understand(payload + bytes(5), water, NOISE, SIZE)
    assert logs is not None
    true, floor = told_logs(found, layout, SIZE), water.floor_log(NOISE)
    assert torch.equal(logs > floor, true > floor)
    assert torch.equal(logs[logs > floor], true[true > floor])


@given(st.binary(max_size=60), st.integers(0, 63), st.integers(0, 15))
@settings(max_examples=60, deadline=None)
def test_a_strangers_bytes_are_refused_or_mean_something(
    payload: bytes, step: int, floor: int
) -> None:
    logs = understand(payload, Water(step, floor), NOISE, SIZE)
    if not payload or payload[0] >= len(LAYOUTS):
        assert logs is None
    elif logs is not None:
        assert logs.shape == (768, *SIZE)
