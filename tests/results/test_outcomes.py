"""Outcomes in a record: what goes in comes out, and what is not its own is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import RECORD
from semjscc.errors import UserError
from semjscc.results.outcomes import pack, unpack
from semjscc.results.records import Record


def with_outcomes(right: np.ndarray, **changes: object) -> Record:
    images, draws = right.shape
    value = float(right.mean())
    return replace(RECORD, images=images, draws=draws, value=value, right=pack(right), **changes)


@given(st.integers(1, 40), st.integers(1, 5), st.integers(0, 1000))
def test_outcomes_come_back(images: int, draws: int, seed: int) -> None:
    right = np.random.default_rng(seed).random((images, draws)) < 0.7
    found = unpack(with_outcomes(right))
    assert found is not None
    assert np.array_equal(found, right)


def test_ten_thousand_images_take_two_kilobytes() -> None:
    assert len(pack(np.ones((10_000, 1), bool))) < 2000


def test_earlier_results_have_none() -> None:
    assert unpack(RECORD) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"right": "not base64!"}, "damaged"),
        ({"images": 9}, "not those of 9 images x 1"),
        ({"images": 30}, "not those of 30"),
        ({"value": 0.5}, "add up"),
    ],
)
def test_outcomes_of_another_record_are_refused(changes: dict[str, object], message: str) -> None:
    right = (np.arange(12) % 4 > 0)[:, None]
    with pytest.raises(UserError, match=message):
        unpack(replace(with_outcomes(right), **changes))
