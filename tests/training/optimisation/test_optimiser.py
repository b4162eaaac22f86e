"""The learning rate at every step."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semjscc.training.optimisation.optimiser import OptimiserRecipe, rate_factor


def rates(**recipe: object) -> list[float]:
    chosen = OptimiserRecipe(**recipe)  # pyright: ignore[reportArgumentType]
    return [rate_factor(chosen, step) for step in range(chosen.steps)]


def test_default_rises_and_falls_as_a_cosine() -> None:
    expected = [(step + 1) / 10 for step in range(10)]
    expected += [math.cos(math.pi * step / 90 / 2) ** 2 for step in range(90)]
    assert rates(steps=100) == pytest.approx(expected, abs=1e-12)


def test_constant_rate_stays_once_it_has_risen() -> None:
    assert rates(steps=10, schedule="constant", warmup=0.3) == [1 / 3, 2 / 3, *[1.0] * 8]
    assert rates(steps=4, schedule="constant", warmup=0.0) == [1.0] * 4


def test_constant_rate_falls_at_the_end_on_a_straight_line() -> None:
    found = rates(steps=20, schedule="constant", warmup_steps=2, decay=0.2)
    assert found == pytest.approx([0.5, *[1.0] * 15, 0.8, 0.6, 0.4, 0.2])


def test_steps_of_warm_up_count_instead_of_the_share() -> None:
    assert rates(steps=5, warmup=0.8, warmup_steps=2, schedule="constant")[:3] == [0.5, 1.0, 1.0]
    assert rates(steps=5, warmup=0.8, warmup_steps=0)[0] == 1.0


@given(
    steps=st.integers(1, 300),
    decay=st.floats(0, 1),
    warmup_steps=st.integers(0, 300),
)
def test_the_decay_begins_where_it_says(steps: int, decay: float, warmup_steps: int) -> None:
    chosen = OptimiserRecipe(
        steps=steps, schedule="constant", decay=decay, warmup_steps=warmup_steps
    )
    factors = [rate_factor(chosen, step) for step in range(steps)]
    assert all(0 < factor <= 1 for factor in factors)
    after = factors[min(warmup_steps, steps) :]
    assert after == sorted(after, reverse=True)
    first = steps if chosen.decay_from is None else chosen.decay_from
    for step in range(max(1, warmup_steps), steps):  # the first step always counts as rising
        assert (factors[step] < 1) == (step >= first)
