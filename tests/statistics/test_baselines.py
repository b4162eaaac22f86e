"""Which links a candidate is compared with, and why there may be none."""

from dataclasses import replace

import pytest

from records import NO_CHANNEL, RECORD
from semjscc.results.records import Record
from semjscc.statistics.baselines import baselines, why_nothing


def record(link: str, **changes: object) -> Record:
    return replace(RECORD, link=link, **changes)


def test_bounds_and_single_coders_are_no_baselines() -> None:
    links = ["none", "semantic", "semantic#1", "djscc", "separate", "separate@10"]
    links += ["separate-jpeg", "separate-roi", "capacity", "finite", "label"]
    found = baselines([record(link) for link in links], "semantic")
    assert found == ["djscc", "separate", "separate@10", "separate-roi"]


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ([], "the results hold no other link that could be its baseline"),
        ([record("capacity")], "the results hold no other link that could be its baseline"),
        ([record("separate-jpeg")], "name a baseline, such as --against separate-jpeg"),
        (
            [record("linear", ratio="1/6", seed=7), record("djscc", channel="cut@0.5")],
            "djscc, which comes nearest, has another channel (awgn here, cut@0.5 there)",
        ),
        (
            [record("djscc", ratio="1/6", snr_db=7.0)],
            "djscc, which comes nearest, has another SNR (10 here, 7 there), "
            "ratio (1/24 here, 1/6 there)",
        ),
    ],
)
def test_why_nothing_is_compared(others: list[Record], reason: str) -> None:
    said = why_nothing([NO_CHANNEL, record("mine"), *others], "mine")
    assert said == f"mine is compared with nothing: {reason}"
