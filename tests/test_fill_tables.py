"""The tool that fills tables, on results of two networks, two metrics and several SNRs."""

import runpy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from records import NO_CHANNEL, RECORD
from semjscc.results.records import Record, Results, save_results

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def fill() -> Callable[[str], str]:
    return runpy.run_path(str(ROOT / "tools" / "fill_tables.py"))["fill"]


def point(link: str, ratio: str, snr_db: float, value: float, psnr_db: float) -> Record:
    return replace(RECORD, link=link, ratio=ratio, snr_db=snr_db, value=value, psnr_db=psnr_db)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """One network's map50 and map, and what another says of the same points, all of them 0."""
    snrs = (0.0, 10.0, 20.0)
    found = [
        replace(NO_CHANNEL, value=0.9),
        *(point("a", "1/48", *one) for one in zip(snrs, (0.2, 0.4, 1), (20, 30, 40), strict=True)),
        *(point("a", "1/24", *one) for one in zip(snrs, (0.3, 0.6, 1), (24, 34, 44), strict=True)),
        *(point("b", ratio, snr, 0.5, 30) for ratio in ("1/48", "1/24") for snr in snrs[:2]),
    ]
    named = [replace(one, metric="map50", perception="one", evidence="kept") for one in found]
    stricter = [replace(one, metric="map", value=one.value / 2) for one in named]
    other = [replace(one, perception="two", value=0.0) for one in named]
    save_results(Results({}, [*named, *stricter, *other]), tmp_path / "results.json")
    return tmp_path / "results.json"


def test_means_are_over_the_snrs_that_all_links_have(
    path: Path, fill: Callable[[str], str]
) -> None:
    text = fill(f"<!-- means {path}@one none,a,b -->\n<!-- end -->")
    assert text.splitlines()[1:6] == [
        "| link | R = 1/48 | R = 1/24 |",
        "| --- | --- | --- |",
        "| none (no channel) | 90.0 | 90.0 |",
        "| a | 30.0, 25.0 dB | 45.0, 29.0 dB |",
        "| b | 50.0, 30.0 dB | 50.0, 30.0 dB |",
    ]
    assert "judged by one" in text
    assert "map50 in % and PSNR, averaged over 0, 10 dB." in text


def test_the_first_metric_is_meant_where_none_is_named(
    path: Path, fill: Callable[[str], str]
) -> None:
    assert fill(f"<!-- value {path}@one a 1/24 10 --><!-- end -->").count("60.0 %") == 1
    assert fill(f"<!-- value {path}@one#map a 1/24 10 --><!-- end -->").count("30.0 %") == 1
    table = fill(f"<!-- table {path}@one a -->\n<!-- end -->")
    assert "map50 in % with 95 % bootstrap intervals" in table
    assert "| 20.0 (" in table


@pytest.mark.parametrize("name", ["@three", "@one#miou"])
def test_what_is_not_there_is_named(path: Path, fill: Callable[[str], str], name: str) -> None:
    with pytest.raises(SystemExit, match=r"three|miou"):
        fill(f"<!-- value {path}{name} a 1/24 10 --><!-- end -->")
