"""The gain map: numbers, marks and colours where they belong."""

from dataclasses import replace

import numpy as np
import pytest

from records import RECORD
from semjscc.report.figures.heatmap import gain_figure, signed
from semjscc.statistics.comparison import Comparison, Verdict
from semjscc.statistics.seeds import Spread


def cell(
    ratio: str, snr_db: float, points: float, verdict: Verdict | None, delivered: float = 1.0
) -> Comparison:
    ours = replace(RECORD, ratio=ratio, snr_db=snr_db)
    theirs = replace(ours, link="separate", delivered=delivered)
    return Comparison(ours, theirs, points, None, None, None, None, verdict, Spread((points,)))


def test_cells_hold_gain_mark_and_star() -> None:
    found = [
        cell("1/24", 10.0, 12.34, "better"),
        cell("1/24", 0.0, 40.0, "better", delivered=0.5),
        cell("1/6", 0.0, -3.21, "worse"),
        cell("1/6", 10.0, -0.01, "open"),
    ]
    axes = gain_figure({"separate": found, "absent": []}).axes[0]
    texts = {text.get_position(): text.get_text() for text in axes.texts}
    assert texts == {
        (1, 0): "+12.3\n▲",
        (0, 0): "+40.0*\n▲",
        (0, 1): "−3.2\n▼",
        (1, 1): "0.0\n○",
    }
    assert [label.get_text() for label in axes.get_yticklabels()] == ["1/24", "1/6"]
    (image,) = axes.images
    assert np.array_equal(image.get_array(), [[40.0, 12.34], [-3.21, -0.01]])
    assert image.get_clim() == (-40, 40)


def test_links_that_are_equal_everywhere_have_a_map() -> None:
    figure = gain_figure({"djscc": [cell("1/6", 0.0, 0.0, "open")]})
    assert figure.axes[0].texts[0].get_text() == "0.0\n○"


def test_without_a_test_there_is_no_mark_and_without_points_no_map() -> None:
    axes = gain_figure({"djscc": [cell("1/6", 0.0, 1.0, None)]}).axes[0]
    assert [text.get_text() for text in axes.texts] == ["+1.0"]
    assert axes.images[0].get_clim() == (-5, 5)
    assert [text.get_text() for text in gain_figure({}).axes[0].texts] == ["nothing was measured"]


@pytest.mark.parametrize(
    ("number", "text"), [(3.14, "+3.1"), (-0.04, "0.0"), (0.0, "0.0"), (-12, "−12.0")]
)
def test_signs_are_true_and_nothing_has_none(number: float, text: str) -> None:
    assert signed(number, 1) == text
