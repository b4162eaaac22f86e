"""Which records stand together, and which files may be put together."""

import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from records import NO_CHANNEL, RECORD
from semjscc.errors import UserError
from semjscc.results.records import Results
from semjscc.statistics.settings import link_facts, merge, most_images, settings


def test_the_link_without_a_channel_belongs_to_every_channel_of_its_judge() -> None:
    faded, other = replace(RECORD, channel="rayleigh"), replace(RECORD, perception="c")
    found = settings([NO_CHANNEL, RECORD, faded, other])
    assert list(found.values()) == [[NO_CHANNEL, RECORD], [NO_CHANNEL, faded], [other]]
    first, second, third = found
    assert first.describe([second]) == "awgn"
    assert third.describe([first]) == "judged by c"
    assert first.describe() == "signs, val, judged by resnet, awgn"
    assert list(settings([NO_CHANNEL]).values()) == [[NO_CHANNEL]]


def test_noise_of_several_seeds_is_told_apart() -> None:
    again, clean = replace(RECORD, seed=1), replace(NO_CHANNEL, seed=1)
    found = settings([NO_CHANNEL, RECORD, clean, again])
    assert list(found.values()) == [[NO_CHANNEL, RECORD], [clean, again]]
    one, other = found
    assert (one.describe([other]), other.describe([one])) == ("noise of seed 0", "noise of seed 1")
    assert list(settings([NO_CHANNEL, again]).values()) == [[NO_CHANNEL, again]]


def test_two_metrics_of_one_network_are_told_apart() -> None:
    found = settings([replace(RECORD, metric=metric) for metric in ("map50", "map")])
    one, other = found
    assert (one.describe([other]), other.describe([one])) == ("map50", "map")
    assert one.describe() == "signs, val, judged by resnet, map50, awgn"


def test_a_belief_that_is_wrong_by_the_same_is_one_setting() -> None:
    wrong = [replace(RECORD, snr_db=snr, assumed_snr_db=snr + 5) for snr in (0.0, 5.0)]
    found = settings([RECORD, *wrong])
    assert [setting.belief for setting in found] == ["", "5 dB too high"]
    assert list(found.values()) == [[RECORD], wrong]
    low = [replace(RECORD, assumed_snr_db=7.5)]
    assert next(iter(settings(low))).belief == "2.5 dB too low"


def test_a_fixed_belief_takes_the_point_where_it_is_true() -> None:
    wrong = [replace(RECORD, snr_db=snr, assumed_snr_db=10.0) for snr in (0.0, 5.0)]
    other = replace(RECORD, link="djscc")
    found = settings([RECORD, other, *wrong])
    assert list(found.values()) == [[RECORD, other], [*wrong, RECORD]]
    assert [setting.belief for setting in found] == ["", "to be 10 dB"]


def test_a_fixed_belief_of_two_snrs_is_no_constant_error() -> None:
    wrong = replace(RECORD, snr_db=0.0, assumed_snr_db=5.0)
    true = replace(RECORD, snr_db=5.0)
    found = settings([true, wrong])  # as one evaluation with a fixed belief measures them
    assert [setting.belief for setting in found] == ["to be 5 dB"]
    assert list(found.values()) == [[wrong, true]]


def test_a_constant_error_and_a_fixed_belief_stay_apart() -> None:
    error = [replace(RECORD, snr_db=snr, assumed_snr_db=snr + 3) for snr in (0.0, 5.0)]
    fixed = replace(RECORD, snr_db=0.0, assumed_snr_db=5.0)
    true = replace(RECORD, snr_db=5.0)
    found = settings([*error, true, fixed])
    assert {one.belief: members for one, members in found.items()} == {
        "3 dB too high": error,
        "to be 5 dB": [fixed, true],
    }
    # With the truth at both, errors of the same size stay what they are.
    grid = [replace(RECORD, snr_db=snr) for snr in (0.0, 3.0, 5.0, 8.0)]
    assert [one.belief for one in settings([*grid, *error])] == ["", "3 dB too high"]


def test_the_record_of_most_images_is_shown() -> None:
    few, elsewhere = replace(RECORD, images=500), replace(RECORD, snr_db=0.0, images=500)
    assert most_images([few, elsewhere, RECORD]) == [RECORD, elsewhere]


def results(fingerprint: str = "f", weights: str = "w", data: str = "signs") -> Results:
    meta = {
        "data": {"name": data, "split": "val", "images": 1000, "fingerprint": fingerprint},
        "links": [{"name": "semantic", "weights": weights}],
    }
    return Results(meta, [replace(RECORD, data=data)])


def test_files_are_put_together_once_each() -> None:
    one = results()
    assert merge([one]) == one
    both = merge([one, results(), results(data="cifar", fingerprint="g", weights="x")])
    assert [record.data for record in both.records] == ["signs", "cifar"]
    facts = link_facts(both.meta)
    assert facts["signs", "semantic"]["weights"] == "w"
    assert facts["cifar", "semantic"]["weights"] == "x"
    assert merge([both, one]).records == both.records


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (results(fingerprint="g"), "images by signs, val"),
        (results(weights="x"), "weights by signs"),
    ],
)
def test_one_name_for_two_things_is_refused(other: Results, message: str) -> None:
    with pytest.raises(UserError, match=message):
        merge([results(), other])


def test_records_that_contradict_one_another_are_refused() -> None:
    other = replace(RECORD, value=0.5)
    for files in ([Results({}, [RECORD, other])], [Results({}, [RECORD]), Results({}, [other])]):
        with pytest.raises(UserError, match=r"'semantic' at one .*\(R = 1/24, 10 dB, signs, resn"):
            merge(files)
    elsewhere = [
        replace(other, **change)
        for change in ({"seed": 1}, {"images": 500}, {"draws": 2}, {"assumed_snr_db": 3.0})
    ]
    assert merge([Results({}, [RECORD, *elsewhere])]).records == [RECORD, *elsewhere]


def test_a_point_that_two_versions_measured_counts_once() -> None:
    old = replace(RECORD, fingerprint=None, right=None, exact=None)
    new = replace(RECORD, fingerprint="f", right="r")
    assert merge([Results({}, [new, old])]).records == [new]


def test_merged_files_stand_by_network_link_ratio_and_snr() -> None:
    tool = runpy.run_path(str(Path(__file__).parents[2] / "tools" / "merge_results.py"))
    places = [("b", "1/6", 10.0), ("a", "1/24", 10.0), ("b", "1/24", 0.0), ("a", "1/24", -5.0)]
    records = [
        replace(RECORD, link=link, ratio=ratio, snr_db=snr_db) for link, ratio, snr_db in places
    ]
    ordered = tool["in_order"](Results({}, records)).records
    assert [(one.link, one.ratio, one.snr_db) for one in ordered] == [
        *(("b", "1/24", 0.0), ("b", "1/6", 10.0)),
        *(("a", "1/24", -5.0), ("a", "1/24", 10.0)),
    ]
