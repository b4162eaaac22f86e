"""An evaluation over processes, stopped and gone on with: the same numbers to the last digit."""

import json
import resource
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from torch import Tensor

from channel_of_ours import halved
from semjscc.channels import CHANNELS
from semjscc.channels.awgn import awgn
from semjscc.errors import UserError
from semjscc.evaluation.evaluators import Evaluator
from semjscc.evaluation.grid import Point
from semjscc.experiments import evaluation as module
from semjscc.experiments.evaluation import run
from semjscc.experiments.existing_results import EARLIER, RESULTS
from semjscc.links import CodecLink, Link, NoChannel, Received, Situation
from semjscc.results.records import Results, load_results
from semjscc.runtime.folder_lock import alone_in
from small_evaluation import GRID, NAMES, make, measured, no_pictures

__all__ = ["measured", "no_pictures"]


@contextmanager
def few_open_files() -> Iterator[None]:
    """Fewer than there are tensors in codec and network, which are handed over all the same."""
    own, limits = len([*Path("/dev/fd").iterdir()]), resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (own + 60, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_processes_change_no_digit(
    tmp_path: Path, measured: list[Point], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CHANNELS, "halved", halved)
    e = make(grid=replace(GRID, channel="halved"))
    alone = run(e, tmp_path / "alone")
    assert len(measured) == 5
    with few_open_files():
        shared = run(e, tmp_path / "shared", jobs=2)
    assert len(measured) == 5  # the others were measured elsewhere
    assert shared.records == alone.records
    assert load_results(tmp_path / "shared" / RESULTS) == shared


def test_an_error_in_a_process_is_the_users_own(tmp_path: Path) -> None:
    e = make()
    wrong = replace(e, grid=replace(GRID, ratios=(Fraction(1, 3),)))
    with pytest.raises(UserError) as alone:
        run(wrong, tmp_path / "alone")
    with pytest.raises(UserError) as shared:
        run(wrong, tmp_path / "shared", jobs=2)
    assert str(shared.value) == str(alone.value)


def test_a_link_that_cannot_travel_is_refused(tmp_path: Path) -> None:
    class Local(Link):
        """Known in this function alone."""

        name = "local"

        def send(self, images: Tensor, situation: Situation) -> Received:
            return NoChannel().send(images, situation)

    with pytest.raises(UserError, match="--jobs 1"):
        run(replace(make(), links=[Local()]), tmp_path, jobs=2)


def test_a_channel_that_cannot_travel_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CHANNELS, "local", lambda *arguments: awgn(*arguments))
    with pytest.raises(UserError, match=r"channel cannot be sent .* --jobs 1"):
        run(make(grid=replace(GRID, channel="local")), tmp_path, jobs=2)


def test_a_network_that_cannot_travel_is_refused(tmp_path: Path) -> None:
    e = make()
    e.evaluators[0].perception.network.own = lambda image: image
    with pytest.raises(UserError, match=r"network or the channel cannot be sent .* --jobs 1"):
        run(e, tmp_path, jobs=2)


def test_what_was_finished_is_not_measured_again(tmp_path: Path, measured: list[Point]) -> None:
    whole = run(make(), tmp_path / "whole")
    measured.clear()
    saved = module.save_results

    def stop_after_two(results: Results, path: Path) -> None:
        saved(results, path)
        if len(results.records) == 2:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "save_results", stop_after_two)
        with pytest.raises(KeyboardInterrupt):
            run(make(), tmp_path / "killed")
    assert len(load_results(tmp_path / "killed" / RESULTS).records) == 2
    results = run(make(), tmp_path / "killed")
    assert len(measured) == 5
    assert results.records == whole.records
    assert len(results.meta["earlier"]) == 1
    again = run(make(), tmp_path / "killed")
    assert len(measured) == 5
    assert again.records == whole.records
    run(make(), tmp_path / "killed", fresh=True)
    assert len(measured) == 10


def test_whatever_decides_a_point_has_it_measured_anew(
    tmp_path: Path, measured: list[Point]
) -> None:
    e, before = make(), tmp_path / "before"
    run(e, before)
    with torch.no_grad():
        judge = make().evaluators[0].perception
        next(judge.network.parameters()).mul_(1.01)
    brighter = replace(e.data, fingerprint="g")
    others = [
        (make(seed=5), 4),  # other weights: only the link without a channel is still the same
        (replace(e, evaluators=[Evaluator(e.data, judge)]), 5),
        (replace(e, evaluators=[e.evaluators[0]._replace(data=brighter)]), 5),
        (replace(e, evaluators=[e.evaluators[0]._replace(data=e.data.first(7))]), 5),
        (replace(e, grid=replace(GRID, seed=1)), 5),
        (replace(e, grid=replace(GRID, channel="block-rayleigh")), 4),
        (replace(e, grid=replace(GRID, assumed_snr_db=3.0)), 4),
        (replace(e, grid=replace(GRID, draws=1)), 4),
    ]
    for number, (other, count) in enumerate(others):
        after = tmp_path / str(number)
        shutil.copytree(before, after)
        measured.clear()
        run(other, after)
        assert len(measured) == count


def test_classes_in_another_order_have_the_same_results_once(
    tmp_path: Path, measured: list[Point]
) -> None:
    e = make()
    judge = e.evaluators[0].perception
    turned = replace(e.data, class_names=NAMES[::-1], labels=1 - e.data.labels)
    wrong = replace(e.data, class_names=NAMES[::-1])
    wanted = run(e, tmp_path / "a").records
    other = replace(e, evaluators=[Evaluator(turned, judge)])
    assert [one.right for one in run(other, tmp_path / "b").records] == [r.right for r in wanted]
    measured.clear()
    run(other, tmp_path / "b")
    assert not measured
    # The same numbers for other classes are something else, whatever the fingerprint.
    found = run(replace(e, evaluators=[Evaluator(wrong, judge)]), tmp_path / "a").records
    assert len(measured) == 5
    assert [one.value for one in found] == [1 - one.value for one in wanted]


def test_what_is_said_about_weights_decides_nothing(tmp_path: Path, measured: list[Point]) -> None:
    run(make(), tmp_path)
    measured.clear()
    same = make()
    same.evaluators[0].perception.facts["val_accuracy"] = 0.5
    for link in same.links:
        if isinstance(link, CodecLink):
            link._facts = {"version": "another"}
    run(same, tmp_path)
    assert not measured


def test_several_networks_judge_what_is_sent_once(tmp_path: Path, measured: list[Point]) -> None:
    e, another = make(), make().evaluators[0].perception
    another.name = "other"
    with torch.no_grad():
        for parameter in another.network.head.parameters():
            parameter.neg_()  # now it sees the other class
    other = replace(e, evaluators=[Evaluator(e.data, another)])
    alone = [run(one, tmp_path / name).records for one, name in ((e, "a"), (other, "c"))]
    assert [one.right for one in alone[0]] != [one.right for one in alone[1]]
    measured.clear()
    both = replace(e, evaluators=[*e.evaluators, *other.evaluators])
    results = run(both, tmp_path / "both")
    assert len(measured) == 5
    assert results.records == [*alone[0], *alone[1]]
    assert results.meta["perception"] == "tiny, other"
    measured.clear()
    assert run(both, tmp_path / "a").records == results.records
    assert len(measured) == 5  # for the second network alone


def test_a_larger_grid_takes_over_what_is_there(tmp_path: Path, measured: list[Point]) -> None:
    run(make(), tmp_path)
    measured.clear()
    wider = run(make(grid=replace(GRID, snrs_db=(0.0, 5.0, 10.0))), tmp_path)
    assert [point.snr_db for point in measured] == [5.0, 5.0]
    assert [record.snr_db for record in wider.records] == [None, *([0.0, 5.0, 10.0] * 2)]


def test_points_that_a_smaller_grid_leaves_out_are_kept_aside(tmp_path: Path) -> None:
    whole = run(make(), tmp_path)
    assert not (tmp_path / EARLIER).exists()
    run(make(grid=replace(GRID, snrs_db=(10.0,))), tmp_path)
    assert load_results(tmp_path / EARLIER) == whole
    smaller = load_results(tmp_path / RESULTS)
    run(make(), tmp_path)
    assert load_results(tmp_path / EARLIER) == whole  # nothing was left out
    run(make(grid=replace(GRID, snrs_db=(10.0,))), tmp_path, fresh=True)
    assert load_results(tmp_path / RESULTS).records == smaller.records


def test_points_of_several_earlier_runs_are_all_kept_aside(tmp_path: Path) -> None:
    grids = [
        replace(GRID, ratios=GRID.ratios[:1], snrs_db=(snr_db,), draws=1)
        for snr_db in (0.0, 5.0, 10.0, 0.0, 5.0)
    ]
    seen = [record for grid in grids for record in run(make(grid=grid), tmp_path).records]
    aside = load_results(tmp_path / EARLIER)
    assert set(aside.records) == set(seen)
    assert len(aside.records) == 4  # the link without a channel, and three SNRs, each once
    assert len(aside.meta["sources"]) == 3  # of those runs alone that brought new ones
    run(make(seed=5, grid=grids[0]), tmp_path)  # other weights by the same name
    assert set(load_results(tmp_path / EARLIER).records) == set(seen)
    run(make(grid=grids[0]), tmp_path)
    assert len(load_results(tmp_path / EARLIER).records) == 5


def test_a_folder_takes_one_evaluation_at_a_time(tmp_path: Path, measured: list[Point]) -> None:
    with alone_in(tmp_path), pytest.raises(UserError, match="another command is at work in"):
        run(make(), tmp_path)
    assert measured == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [RESULTS, EARLIER])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not JSON"),
        ('{"my":"precious"}', "holds no results of semjscc"),
        ('{"kind": "semjscc results",, "meta": {}}', "is not JSON"),
        (json.dumps({"kind": "semjscc results"}), "lacks its meta or its records"),
    ],
)
def test_a_file_that_holds_no_results_is_not_written_over(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    run(make(grid=replace(GRID, draws=1)), tmp_path)
    (tmp_path / name).write_text(content)
    with pytest.raises(UserError, match=f"{name} {said}.* move .* away, or take another --out"):
        run(make(), tmp_path)
    assert (tmp_path / name).read_text() == content


def test_results_without_fingerprints_are_measured_anew(
    tmp_path: Path, measured: list[Point]
) -> None:
    results = run(make(), tmp_path)
    old = [replace(record, fingerprint=None) for record in results.records]
    module.save_results(Results({}, old), tmp_path / RESULTS)
    measured.clear()
    assert run(make(), tmp_path).records == results.records
    assert len(measured) == 5
