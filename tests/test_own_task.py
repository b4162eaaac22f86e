"""A task of the user's own: the worked example, from its recipe to a codec trained for it."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from semjscc.cli import main

EXAMPLE = Path(__file__).parents[1] / "examples" / "own-task"
OWN = ["--network", "counting:Counter", "--task", "counting:Counting"]
CODEC = """
name: sent
data: {source: scenes, size: 128, limit: 4, boxes: true}
codec:
  options: {width: 8, ratios: [1/24]}
  perception: runs/counter
  network: counting:Counter
  task: counting:Counting
loss: {weight: 0.1, term: task}
optimiser: {steps: 2, batch: 2, precision: 32-true}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The example's folder with a trained counter in it; commands run there."""
    place = tmp_path_factory.mktemp("own-task")
    for file in ("counting.py", "counter.yaml"):
        shutil.copy(EXAMPLE / file, place / file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semjscc.data.COUNTS_OF_SCENES", {"train": 8, "val": 4, "test": 4})
        patch.setattr(sys, "path", [str(place), *sys.path])
        patch.chdir(place)
        assert main(["train", "counter.yaml", "--optimiser.steps", "4"]) == 0
        yield place
        sys.modules.pop("counting", None)


@pytest.mark.usefixtures("undrawn")
def test_it_is_evaluated_by_its_own_metrics(folder: Path) -> None:
    words = ["evaluate", "--data", "scenes", "--size", "128", "--perception", "runs/counter", *OWN]
    words += ["--links", "none,linear-adaptive", "--ratio", "1/48", "--snr", "0", "--out", "out"]
    for metric in ("accuracy", "agreement"):
        assert main([*words, "--metric", metric]) == 0
        records = json.loads((folder / "out" / "results.json").read_text())["records"]
        end = "" if metric == "accuracy" else " agreement"
        assert [one["metric"] for one in records] == [f"exact{end}"] * 2 + [f"near{end}"] * 2
        exact, _, near, _ = records
        assert (exact["evidence"], near["right"]) == (None, None)
        assert exact["value"] <= near["value"] <= 1
    assert exact["value"] == near["value"] == 1


def test_a_codec_is_trained_for_it(folder: Path) -> None:
    (folder / "sent.yaml").write_text(CODEC)
    assert main(["train", "sent.yaml"]) == 0


@pytest.mark.usefixtures("folder")
def test_code_runs_only_where_the_user_names_it(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["evaluate", "--data", "scenes", "--size", "128", "--links", "none", "--out", "x"]
    words += ["--ratio", "1/48", "--snr", "0"]
    for more, said in (
        (["--perception", "runs/counter", *OWN[:2]], "name it with --task"),
        (["--perception", "runs/counter", *OWN[:3], "counting:Nothing"], "name it with --task"),
        (["--perception", "efficientnet-lite0", *OWN[2:]], "leave --task out"),
    ):
        assert main([*words, *more]) == 2
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
    recipe = ["train", "counter.yaml", "--out", "y", "--perception.task"]
    assert main([*recipe, "counting:Counter"]) == 2
    assert "cannot make the task counting:Counter" in capsys.readouterr().err
    assert main([*recipe, "countin"]) == 2
    assert "no task 'countin'" in capsys.readouterr().err
