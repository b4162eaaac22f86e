"""The accuracy curves that an installed package brings along."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from semjscc.web.pictures import PUBLISHED, accuracy_curve
from semjscc.web.result_html import curve_html

RESULTS = Path(__file__).parents[2] / "results"


@pytest.mark.parametrize("file", sorted(PUBLISHED.glob("*.json")), ids=lambda file: file.name)
def test_the_copies_are_the_published_results(file: Path) -> None:
    published = RESULTS / file.name
    assert file.read_bytes() == published.read_bytes(), f"cp {published} {file}"


def test_the_marker_stands_where_the_axis_says() -> None:
    curve = accuracy_curve("signs", Fraction(1, 48))
    assert curve is not None
    assert 0 < curve.left < curve.right < 100
    assert 0 <= curve.top < curve.bottom < 100
    assert 'alt="accuracy' in curve_html(curve, 0)
    places = []
    for snr_db in (-5, 7.5, 20):
        found = re.search(r"style=\"left:([\d.]+)%", curve_html(curve, snr_db))
        assert found
        places.append(float(found[1]))
    expected = [curve.left, (curve.left + curve.right) / 2, curve.right]
    assert places == pytest.approx(expected, abs=1e-3)


def test_where_nothing_is_published_the_page_says_so() -> None:
    assert accuracy_curve("cifar10-jpeg", Fraction(1, 7)) is None
    assert "No results" in curve_html(None, 3)
