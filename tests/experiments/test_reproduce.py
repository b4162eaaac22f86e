"""An experiment from nothing to results, stopped and gone on with."""

import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pytest
from PIL import Image
from pyarrow import parquet

from semjscc.checkpoint import MODEL, WEIGHTS, read_metadata
from semjscc.cli import main
from semjscc.data import load_data
from semjscc.errors import UserError
from semjscc.evaluation.pool import Work, measure_all
from semjscc.experiments.plan import load_plan
from semjscc.experiments.run import _check, _own_link, _places
from semjscc.links import open_link
from semjscc.links.endings import split_endings
from semjscc.perception.base import Perception
from semjscc.report.figures import gallery
from semjscc.training.recipe import CodecRecipe, Recipe

NETWORK = """
name: judge
data: {source: DATA, val_fraction: 0.2}
perception: {network: resnet, options: {width: 4}, layers: [stage1]}
optimiser: {steps: 6, batch: 8, precision: 32-true}
"""
CODEC = """
name: start
data: {source: DATA, val_fraction: 0.2}
codec: {options: {width: 8, ratios: [1/24]}, perception: judge}
loss: {layers: [stage1]}
optimiser: {steps: 3, batch: 8, precision: 32-true}
"""
PLAN = """
name: tiny
trainings:
  - recipe: FOLDER/network.yaml
  - recipe: FOLDER/codec.yaml
  - recipe: FOLDER/codec.yaml
    variants:
      task: {start: start, loss.weight: 0.1, loss.term: task}
      distill: {start: start, loss.weight: 0.1, loss.term: distillation}
      received: {start: start, loss.weight: 0.1, loss.importance.at: received}
evaluations:
  - name: main
    links: [none, plain=start, task, distill, semantic=received]
    data: DATA
    perception: judge
    ratios: [1/24]
    snrs: [5]
    split: val
  - name: agreement
    links: [none, plain=start, semantic=received]
    data: DATA
    perception: judge
    metric: agreement
    ratios: [1/24]
    snrs: [5]
    split: val
quick: {images: 6}
"""


def make_images(data: Path, seed: int) -> None:
    data.mkdir()
    rng = np.random.default_rng(seed)
    labels = [index % 2 for index in range(60)]
    pixels = rng.integers(0, 128, (60, 16, 16, 3)) + 127 * np.array(labels)[:, None, None, None]
    datasets.Dataset.from_dict(
        {"image": [Image.fromarray(image.astype(np.uint8)) for image in pixels], "label": labels},
        features=datasets.Features(
            {"image": datasets.Image(), "label": datasets.ClassLabel(names=["dark", "bright"])}
        ),
    ).to_parquet(str(data / "train.parquet"))


@pytest.fixture(scope="module", autouse=True)
def few_figures(one_kind_of_figure: None) -> Iterator[None]:
    """Reports with one figure, as PNG alone: `report` and its tests make all of every kind."""
    del one_kind_of_figure
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery, "FIGURES", {"accuracy": gallery.FIGURES["accuracy"]})
        yield


@pytest.fixture(scope="module")
def plan_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("plan")
    data = folder / "two-classes"
    make_images(data, seed=0)
    for name, text in {"network": NETWORK, "codec": CODEC, "plan": PLAN}.items():
        words = text.replace("DATA", str(data)).replace("FOLDER", str(folder))
        (folder / f"{name}.yaml").write_text(words)
    return folder / "plan.yaml"


def words(plan_file: Path, folder: Path, *more: str) -> list[str]:
    places = ["--out", str(folder / "out"), "--runs", str(folder / "runs")]
    return ["reproduce", str(plan_file), *places, *more]


@pytest.fixture
def again(done: Path, tmp_path: Path, undrawn: None) -> list[str]:
    """The places of what was done, its results as a copy that may be written to."""
    del undrawn
    shutil.copytree(done / "out", tmp_path / "out")
    return ["--out", str(tmp_path / "out"), "--runs", str(done / "runs")]


@pytest.fixture(scope="module")
def done(plan_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, asked = tmp_path_factory.mktemp("reproduced"), []

    def here(
        work: Work, wanted: Mapping[int, Sequence[int]], jobs: int, *more: Any
    ) -> Iterator[Any]:
        asked.append(jobs)
        return measure_all(work, wanted, 1, *more)

    # Processes have a test of their own, and take seconds to begin.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semjscc.experiments.evaluation.measure_all", here)
        assert main(words(plan_file, folder, "--jobs", "2")) == 0
    assert asked == [2, 2]
    return folder


def test_every_training_and_every_link_has_its_result(done: Path, plan_file: Path) -> None:
    trained = {path.parent.relative_to(done / "runs") for path in (done / "runs").rglob(MODEL)}
    alone, variants = ["judge", "start"], ["tiny/task", "tiny/distill", "tiny/received"]
    assert trained == {Path(name) for name in alone + variants}
    results = json.loads((done / "out" / "main" / "results.json").read_text())
    links = [record["link"] for record in results["records"]]
    assert links == ["none", "plain", "task", "distill", "semantic"]
    assert {record["perception"] for record in results["records"]} == {"judge"}
    assert (done / "out" / "main" / "report.html").is_file()
    agreement = json.loads((done / "out" / "agreement" / "results.json").read_text())
    clean, _, _ = agreement["records"]
    sent = [evaluation.sendings() for evaluation in load_plan(plan_file).evaluations]
    assert sent == [len(results["records"]), len(agreement["records"])]
    assert (clean["link"], clean["metric"], clean["value"]) == ("none", "agreement", 1.0)


def test_one_report_is_over_all_evaluations(
    done: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = done / "out"
    files = [str(out / name / "results.json") for name in ("main", "agreement")]
    assert main(["report", *files, "--out", str(tmp_path), "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    content = json.loads((out / "comparisons.json").read_text())
    assert content == printed
    assert content["candidate"] == "semantic"
    assert [one["over"] for one in content["comparisons"]].count("plain") == 2
    written = {path.name for path in out.iterdir() if path.is_file()}
    assert written == {path.name for path in tmp_path.iterdir()}
    assert (out / "report.html").read_text() == (tmp_path / "report.html").read_text()


@pytest.mark.usefixtures("undrawn")
def test_results_that_are_not_of_one_kind_keep_reports_of_their_own(
    done: Path, plan_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = plan_file.read_text().replace("[none, plain=start, sem", "[none, plain=task, sem")
    other = tmp_path / "other.yaml"
    other.write_text(text)
    places = ["--out", str(tmp_path / "out"), "--runs", str(done / "runs")]
    assert main(["reproduce", str(other), *places]) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("no report over all evaluations: the results mean different weights by")
    assert not (tmp_path / "out" / "report.html").exists()
    assert (tmp_path / "out" / "agreement" / "report.html").is_file()


@pytest.mark.usefixtures("undrawn")
def test_a_single_evaluation_has_one_report(done: Path, plan_file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(plan_file.read_text().partition("  - name: agreement")[0])
    places = ["--out", str(tmp_path / "out"), "--runs", str(done / "runs")]
    assert main(["reproduce", str(other), *places]) == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["main"]


def test_losses_start_from_the_common_weights_and_end_apart(done: Path) -> None:
    runs = done / "runs" / "tiny"
    made = {name: read_metadata(runs / name / MODEL) for name in ("task", "distill", "received")}
    assert len({facts["origins"]["start"] for facts in made.values()}) == 1
    assert len({facts["origins"]["perception"] for facts in made.values()}) == 1
    assert len({(runs / name / MODEL).read_bytes() for name in made}) == 3


def test_called_again_nothing_is_trained_twice(
    done: Path, again: list[str], plan_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in (done / "runs").rglob(MODEL)}
    assert main(["reproduce", str(plan_file), *again, "--json"]) == 0
    printed = capsys.readouterr()
    assert printed.err.count("done already") == 5
    assert "no report" not in printed.err
    assert "left for" not in printed.err  # what was not carried out says nothing of the pace
    assert len(json.loads(printed.out)["main"]["records"]) == 5
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_run_from_other_weights_is_refused(
    done: Path, plan_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    start = done / "runs" / "start" / MODEL
    original = start.read_bytes()
    try:
        start.write_bytes((done / "runs" / "tiny" / "task" / MODEL).read_bytes())
        assert main(words(plan_file, done)) == 2
    finally:
        start.write_bytes(original)
    printed = capsys.readouterr().err.splitlines()[-1]
    assert "trained from other weights than there are now (start)" in printed
    assert "--runs" in printed


def test_run_from_other_images_is_refused(
    done: Path, plan_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = plan_file.parent / "two-classes" / "train.parquet"
    original = data.read_bytes()
    try:
        parquet.write_table(parquet.read_table(data).slice(10), data)
        assert main(words(plan_file, done)) == 2
    finally:
        data.write_bytes(original)
    printed = capsys.readouterr().err
    assert "judge was trained from other images than there are now" in printed
    assert "done already" not in printed


def test_a_path_of_another_plan_is_not_taken_for_a_run_of_this_one(
    again: list[str], plan_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = plan_file.with_name("other.yaml")
    text = plan_file.read_text().replace("plain=start", "plain=runs/elsewhere/task")
    other.write_text(text)
    assert main(["reproduce", str(other), *again]) == 2
    assert "no link 'plain=runs/elsewhere/task'" in capsys.readouterr().err
    other.write_text(text.replace("runs/elsewhere/task", "runs/tiny/task"))
    assert main(["reproduce", str(other), *again]) == 0


@pytest.mark.parametrize(
    ("word", "opened"),
    [
        ("signs-semantic", "signs-semantic=runs/own"),
        ("tuned=signs-semantic", "tuned=runs/own"),
        ("tuned=signs-semantic+semantic", "tuned=runs/own+semantic"),
        ("mine+importance-energy@0.5", "mine+importance-energy@0.5=runs/a+b+importance-energy@0.5"),
        ("a+b+energy", "a+b+energy=runs/c+energy"),
        ("mine+repeat@0.1", "mine+repeat@0.1=runs/a+b+repeat@0.1"),
        ("mine+repeat@1/10", "mine+repeat@0.1=runs/a+b+repeat@0.1"),
        ("mine+semantic@.50", "mine+semantic@0.5=runs/a+b+semantic@0.5"),
        ("x=mine+energy+progressive", "x=runs/a+b+energy+progressive"),
        ("signs-djscc+energy", None),
        ("mine+semantic+energy", None),
        ("x=separate+semantic", None),
        ("none", None),
    ],
)
def test_a_run_of_the_plan_is_meant_with_any_policy_behind_it(
    word: str, opened: str | None
) -> None:
    trained = {"signs-semantic": "runs/own", "mine": "runs/a+b", "a+b": "runs/c"}
    places = {name: Path(folder) for name, folder in trained.items()}
    made = {place: Recipe("any", codec=CodecRecipe()) for place in places.values()}
    own = _own_link(word, places, made)
    assert (own and own.word) == opened
    if own is not None:
        assert split_endings(own.word)[1].text == own.endings


@pytest.mark.parametrize(
    ("links", "twice"),
    [
        ("[none, hybrid+energy, hybrid+energy:network", "hybrid+energy"),
        ("[task+semantic, task+semantic@1.0", "task+semantic"),
    ],
)
def test_a_link_in_two_spellings_is_refused(
    links: str, twice: str, plan_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = plan_file.read_text().replace("[none, plain=start", links)
    other = plan_file.with_name("twice.yaml")
    other.write_text(text)
    assert main(["reproduce", str(other)]) == 2
    assert f"has two links called {twice}\n" in capsys.readouterr().err


def test_weights_that_ship_are_not_taken_for_those_of_a_run(
    tmp_path: Path, tiny_perception: Perception
) -> None:
    shutil.copy(WEIGHTS / "signs-djscc.safetensors", tmp_path / MODEL)
    for word in ("signs-semantic+energy", "tuned=signs-semantic+energy"):
        made = {tmp_path: Recipe("any", codec=CodecRecipe())}
        own = _own_link(word, {"signs-semantic": tmp_path}, made)
        assert own is not None
        link = open_link(own.word, "", tiny_perception)
        assert link.name == word.partition("=")[0]
        assert link.facts()["recipe"]["name"] == "signs-djscc"


def test_a_policy_needs_no_weights_but_the_network_of_the_evaluation(
    plan_file: Path, tmp_path: Path
) -> None:
    text = plan_file.read_text().replace("[none, plain=start, task", "[hybrid+semantic, task")
    (tmp_path / "plan.yaml").write_text(text)
    plan = load_plan(tmp_path / "plan.yaml")
    trained = _places(plan, tmp_path)
    made = {trained[recipe.name]: recipe for recipe in plan.recipes()}
    _check(plan, made, trained, tmp_path)  # the plan trains the network
    first = replace(plan.evaluations[0], perception="signs-a")
    other = replace(plan, evaluations=(first,))
    _check(other, made, trained, tmp_path)


def test_labels_of_a_network_that_tells_none_are_refused_before_it_is_trained(
    plan_file: Path, tmp_path: Path
) -> None:
    plan = load_plan(plan_file)
    first = replace(plan.evaluations[0], links=("label",))
    plan, trained = replace(plan, evaluations=(first,)), _places(plan, tmp_path)
    made = {trained[recipe.name]: recipe for recipe in plan.recipes()}
    _check(plan, made, trained, tmp_path)
    judge = made[trained["judge"]]
    assert judge.perception is not None
    mapper = replace(judge, perception=replace(judge.perception, task="segmentation"))
    with pytest.raises(UserError, match="sends one class an image: judge does segmentation"):
        _check(plan, made | {trained["judge"]: mapper}, trained, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("links: [none, plain=start", "links: [none, x=start+energi", "did you mean 'energy'"),
        ("links: [none, plain=start", "links: [none, x=start+energy+semantic", "no link 'x=start"),
        ("links: [none, plain=start", "links: [none, x=start+", "behind its plus"),
        ("links: [none, plain=start", "links: [none, x=judge", "the training judge is of no codec"),
        (
            "links: [none, plain=start",
            "links: [none, x=start+importance-energy",
            "link x: the codec 'adaptive' spends alike on all regions",
        ),
        ("links: [none, plain=start", "links: [hybrid+semantc", "did you mean 'semantic'"),
        (
            "links: [none, plain=start, task",
            "links: [none, semantic-balanced",
            "for cifar10-jpeg and photo: weights: cifar10-jpeg\n",
        ),
        ("links: [none, plain=start, task", "links: [none, tusk", "no link 'tusk'"),
        ("perception: judge\n    ratios", "perception: judges\n    ratios", "judges"),
        ("data: DATA", "data: nowhere.parquet", "nowhere.parquet"),
        ("distill: {start: start", "distill: {start: strat", "training distill: no checkpoint at"),
        ("perception: judge\n    ratios", "perception: start\n    ratios", "is of no perception"),
    ],
)
def test_what_is_not_there_is_said_before_anything_is_trained(
    plan_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    message: str,
) -> None:
    data = str(plan_file.parent / "two-classes")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(plan_file.read_text().replace(old.replace("DATA", data), new))
    assert main(words(wrong, tmp_path)) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("undrawn")
def test_small_version_keeps_out_of_the_way_and_says_how_far_it_is(
    plan_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["reproduce", str(plan_file), "--quick", "--json"]) == 0
    said = capsys.readouterr().err
    clock = r"\d+:\d\d:\d\d"
    assert re.search(rf"^training 1 of 5: judge \({clock} gone\)$", said, re.MULTILINE)
    assert len(re.findall(rf" \({clock} gone, about {clock} left for trainings\)\n", said)) == 4
    assert re.search(rf"^evaluation 1 of 2: main \({clock} gone\)$", said, re.MULTILINE)
    assert len(re.findall(rf" \({clock} gone, about {clock} left for evaluations\)\n", said)) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "runs"]
    assert [path.name for path in (tmp_path / "runs").iterdir()] == ["tiny-quick"]
    assert (tmp_path / "out" / "tiny-quick" / "report.html").is_file()
    model = tmp_path / "runs" / "tiny-quick" / "judge" / MODEL
    assert read_metadata(model)["recipe"]["optimiser"]["steps"] == 4
    assert read_metadata(model)["facts"]["val_images"] == 6


@pytest.mark.usefixtures("undrawn")
def test_one_line_puts_a_whole_plan_on_other_images(plan_file: Path, tmp_path: Path) -> None:
    other, file = tmp_path / "other", tmp_path / "elsewhere.yaml"
    make_images(other, seed=1)
    text = re.sub(r"    data: .*\n", "", plan_file.read_text())
    file.write_text(text.replace("name: tiny", f"name: tiny\ndata: {other}"))
    assert main(words(file, tmp_path, "--quick")) == 0
    models = [read_metadata(path) for path in (tmp_path / "runs").rglob(MODEL)]
    assert [facts["recipe"]["data"]["source"] for facts in models] == [str(other)] * 5
    trained = {facts["data"]["fingerprint"] for facts in models}
    assert trained == {load_data(str(other), "train", val_fraction=0.2).fingerprint}
    for name in ("main", "agreement"):
        meta = json.loads((tmp_path / "out" / name / "results.json").read_text())["meta"]
        assert meta["data"]["name"] == "other"
