"""Every link computes where the receiver's network lies, to the same result as on the CPU."""

from fractions import Fraction

import pytest
import torch

from semjscc.data import ImageSet, load_data
from semjscc.evaluation.evaluators import evaluators_of
from semjscc.evaluation.grid import Grid, points
from semjscc.evaluation.measurement import measure
from semjscc.links import open_link
from semjscc.perception.store import open_perception
from semjscc.results.records import Record
from stand_in_device import SECOND, SecondDevice

LINKS = (
    *("none", "label", "capacity", "linear", "semantic+semantic", "separate+importance-energy"),
    "hybrid+importance-energy:predicted",
    "linear-adaptive+importance-energy+progressive+repeat@0.1",
)
"""Each way of making symbols and of weighing, with what they have in common once."""


@pytest.fixture(scope="module")
def signs() -> ImageSet:
    return load_data("signs", "test", limit=2, size=32)


def _records(
    link: str, data: ImageSet, device: torch.device, *, apart: bool = False
) -> list[Record]:
    perception = open_perception("signs-a", device=device)
    grid = Grid(ratios=(Fraction(1, 48),), snrs_db=(5.0,))
    (point,) = points([open_link(link, "signs", None if apart else perception)], grid)
    return measure(point, evaluators_of(data, perception), grid)


@pytest.mark.parametrize("name", LINKS)
def test_what_arrives_is_the_same(name: str, signs: ImageSet) -> None:
    here = _records(name, signs, torch.device("cpu"))
    with SecondDevice():
        there = _records(name, signs, SECOND)
    assert there == here


def test_a_link_may_lie_elsewhere_than_the_network_that_judges(signs: ImageSet) -> None:
    here = _records("semantic", signs, torch.device("cpu"))
    with SecondDevice():
        there = _records("semantic", signs, SECOND, apart=True)
    assert there == here
