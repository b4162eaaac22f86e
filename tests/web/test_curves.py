"""The accuracy curves that an installed package brings along."""

import re
from fractions import Fraction
from pathlib import Path

import pytest
import torch

from semjscc.web import updates
from semjscc.web.models import OWN
from semjscc.web.pictures import PUBLISHED, accuracy_curve
from semjscc.web.result_html import curve_html
from semjscc.web.updates import AS_IT_IS, AS_TRAINED
from semjscc.web.uploads.reading import Picture

RESULTS = Path(__file__).parents[2] / "results"

NARROW = Fraction(1, 48)


@pytest.mark.parametrize("file", sorted(PUBLISHED.glob("*.json")), ids=lambda file: file.name)
def test_the_copies_are_the_published_results(file: Path) -> None:
    published = RESULTS / file.name
    assert file.read_bytes() == published.read_bytes(), f"cp {published} {file}"


def test_the_marker_stands_where_the_axis_says() -> None:
    curve = accuracy_curve("signs", Fraction(1, 48), "signs-a")
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
    assert accuracy_curve("cifar10-jpeg", Fraction(1, 7), "cifar10-jpeg-a") is None
    assert accuracy_curve("cifar10-jpeg", Fraction(1, 24), "efficientnet-lite0") is None
    assert "no results" in curve_html(None, 3)


def test_photographs_have_a_curve_of_photographs() -> None:
    curve = accuracy_curve("photo", NARROW, "efficientnet-lite0")
    assert curve is not None
    assert "images of imagenet-photos, judged by efficientnet-lite0" in curve_html(curve, 3)


def test_in_a_drop_the_line_stays_with_the_slider() -> None:
    """And a second one falls, on curves that are said not to be of such senders."""
    curve = accuracy_curve("signs", NARROW, "signs-a")
    steady, dropped = curve_html(curve, 5), curve_html(curve, 5, -5)
    line = re.compile(r'class="marker"[^>]*left:([\d.]+)%')
    assert line.findall(dropped) == line.findall(steady)
    assert "fallen" not in steady
    (place,) = re.findall(r'class="fallen"[^>]*left:([\d.]+)%', dropped)
    assert curve is not None
    assert float(place) == pytest.approx(curve.left, abs=1e-3)
    assert "senders who know the SNR" in dropped


@pytest.mark.parametrize(
    ("size", "channel", "judge"),
    [(AS_IT_IS, "awgn", OWN), (AS_TRAINED, "block-rayleigh", OWN), (AS_TRAINED, "awgn", "other")],
)
def test_no_curve_contradicts_the_pictures_above(
    size: str, channel: str, judge: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is of images, a network and a channel as theirs are."""
    monkeypatch.setattr(updates, "judges", lambda: [OWN, "other"])
    picture = Picture(torch.zeros(3, 80, 60, dtype=torch.uint8))
    wish = (picture, "signs", OWN, AS_TRAINED, "1/48", "awgn", 5)
    assert "<img" in updates._curve(updates.ask(*wish))
    wish = (picture, "signs", judge, size, "1/48", channel, 5)
    assert "<img" not in updates._curve(updates.ask(*wish))
