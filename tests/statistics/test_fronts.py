"""The accuracy–PSNR front: who belongs to it, and how far one lies above another."""

from dataclasses import replace

import numpy as np
import pytest

from front_records import FORM, LINKS, RECORDS, facts, points
from semjscc.report.figures.front_figure import front_figure
from semjscc.results.outcomes import pack
from semjscc.results.records import Results
from semjscc.statistics.fronts import (
    fronts,
    has_front,
    loss_of,
)

RESULTS = Results({"data": {"name": "signs"}, "links": LINKS}, RECORDS)


def test_losses_are_named_by_what_the_checkpoint_says() -> None:
    kinds = [loss.kind for link in LINKS if (loss := loss_of(link))]
    assert kinds == ["djscc", "semantic", "semantic", "feature", "task-loss", "distill"]
    # A checkpoint from before there were other terms.
    old = loss_of(facts("semantic", weight=0.1, importance=FORM))
    assert old is not None
    assert (old.kind, old.weight) == ("semantic", 0.1)
    for strange in ({}, {"recipe": None}, {"recipe": {"loss": {"weight": "x"}}}):
        assert loss_of(strange) is None


def test_a_front_begins_with_the_plain_codec_and_goes_by_weight() -> None:
    (curves,) = fronts(RESULTS).values()
    assert set(curves) == {"djscc", "semantic", "feature", "task-loss", "distill"}
    assert [(p.link, p.weight) for p in curves["semantic"]] == [
        *(("plain", 0.0), ("semantic-0.1", 0.1), ("semantic-0.2", 0.2)),
    ]
    # Means over both SNRs.
    assert [p.psnr_db for p in curves["semantic"]] == [26, 25, 24]
    assert [p.accuracy for p in curves["semantic"]] == pytest.approx([40, 70, 80])


def test_forms_of_importance_are_fronts_of_their_own() -> None:
    other = facts("channel-0.1", weight=0.1, term="features", importance={"unit": "channel"})
    meta = {"data": {"name": "signs"}, "links": [*LINKS, other]}
    (curves,) = fronts(Results(meta, [*RECORDS, *points("channel-0.1", 25, 0.65)])).values()
    others = {"djscc", "feature", "task-loss", "distill"}
    assert set(curves) == {"semantic", "channel", *others}
    assert [p.weight for p in curves["semantic"]] == [0, 0.1, 0.2]
    assert [p.link for p in curves["channel"]] == ["plain", "channel-0.1"]


def test_a_link_that_lacks_an_snr_is_left_out() -> None:
    records = [r for r in RECORDS if not (r.link == "task" and r.snr_db == 10)]
    (curves,) = fronts(Results(RESULTS.meta, records)).values()
    assert "task-loss" not in curves


def test_a_link_counts_at_the_snrs_of_the_others_alone() -> None:
    moved = [replace(r, snr_db=15.0) if (r.link, r.snr_db) == ("kl", 10) else r for r in RECORDS]
    (curves,) = fronts(Results(RESULTS.meta, moved)).values()
    assert set(curves) == {"djscc", "semantic", "feature", "task-loss"}
    more = [*RECORDS, replace(points("kl", 25, 0.9)[0], snr_db=20.0)]
    (curves,) = fronts(Results(RESULTS.meta, more)).values()
    assert curves["distill"][-1].accuracy == pytest.approx(55)


def test_points_keep_the_outcomes_of_each_image() -> None:
    right = np.array([[True, False], [True, True], [False, False]])
    records = [
        replace(record, images=3, draws=2, value=0.5, right=pack(right if first else ~right))
        for first, record in enumerate(points("kl", 25, 0))
    ]
    (curves,) = fronts(Results(RESULTS.meta, records)).values()
    (point,) = curves["distill"]
    assert point.outcomes is not None
    assert point.outcomes.tolist() == [50, 50, 50]
    lacking = [replace(records[0], right=None), records[1]]
    (curves,) = fronts(Results(RESULTS.meta, lacking)).values()
    assert curves["distill"][0].outcomes is None


def test_the_figure_shows_each_front_with_its_weights() -> None:
    figure = front_figure(RESULTS)
    (axes,) = figure.axes
    assert axes.get_title() == "R = 1/24"
    lines = {str(found.get_label()): list(found.get_xdata()) for found in axes.lines}
    assert lines["semantic"] == [26, 25, 24]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend[:2] == ["djscc", "semantic, weight 0.1 to 0.2"]
    assert has_front(RESULTS)
    assert not has_front(Results({}, RECORDS))
    assert [text.get_text() for text in front_figure(Results({}, [])).axes[0].texts] == [
        "nothing was measured"
    ]
