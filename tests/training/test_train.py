"""Training end to end: the same weights however a run was stopped, resumed or shared out."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch

from semjscc.checkpoint import MODEL, load_weights, read_metadata
from semjscc.cli import main
from semjscc.errors import Stopped, UserError
from semjscc.perception.identity import network_print
from semjscc.perception.store import open_perception
from semjscc.runtime.folder_lock import alone_in
from semjscc.training.recipe import Recipe, load_recipe
from semjscc.training.runs.run import RESUME, Schedule
from semjscc.training.runs.state import Ear
from semjscc.training.train import train
from small_training import (
    CODEC,
    PERCEPTION,
    QUIET,
    assert_same_weights,
    at_step,
    recipe_file,
    two_classes,
    weights_of,
)

LABELLED = ["--loss.importance", "{target: label}"]
LEARNED = ["--loss.importance", "{target: label, learned: product}"]
PATIENCE = 300
"""Seconds that a command may take on a busy machine; all are over in a few on an idle one."""


def wait_for(file: Path) -> None:
    """Until another process has made a file."""
    deadline = time.monotonic() + PATIENCE
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.01)


def command(recipe: Path, out: Path, *words: str) -> list[str]:
    start = [sys.executable, "-m", "semjscc", "train", str(recipe), "--out", str(out)]
    return [*start, "--json", *words]


def test_training_moves_every_weight_and_says_what_it_came_to(
    codec_recipe: Path, tmp_path: Path
) -> None:
    recipe = load_recipe(codec_recipe)
    model, facts = train(recipe, tmp_path / "run", QUIET)
    torch.manual_seed(recipe.seed)
    from semjscc.codecs.adaptive import Adaptive

    fresh = Adaptive(ratios=("1/24", "1/12"), width=8).state_dict()
    trained, metadata = load_weights(model)
    assert all(not torch.equal(fresh[name], trained[name]) for name in fresh)
    assert metadata["recipe"] == recipe.to_dict()
    assert metadata["facts"] == json.loads(json.dumps(facts))
    assert set(facts["val_psnr_db"]) == {"1/24", "1/12"}


def test_killed_and_resumed_run_ends_in_the_same_weights(
    codec_recipe: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, run = load_recipe(codec_recipe), tmp_path / "run"
    left: list[Path] = []
    put = Path.replace

    def copy_first(file: Path, target: Path) -> Path:
        # A kill leaves the files as they are: here when a state is written and not yet in place.
        if target.name == RESUME:
            left.append(Path(shutil.copytree(run, tmp_path / str(len(left)))))
        return put(file, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", copy_first)
        train(recipe, run, Schedule(save_seconds=0, progress=False))
    assert len(left) == 8
    assert all(len(list(folder.glob(f".{RESUME}*"))) == 1 for folder in left)
    assert not (left[0] / RESUME).exists()
    assert torch.load(left[5] / RESUME, weights_only=True)["global_step"] == 5
    for folder in (left[0], left[5]):
        assert_same_weights(whole, train(recipe, folder, QUIET)[0])


@pytest.fixture
def own_ctrl_c() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("own_ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_command_says_what_is_kept(
    codec_recipe: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    number: signal.Signals,
) -> None:
    run = tmp_path / "run"
    at_step(monkeypatch, 2, number)
    assert main(command(codec_recipe, run)[3:]) == 128 + number
    assert torch.load(run / RESUME, weights_only=True)["global_step"] == 3
    said = f"3 of 8 steps are kept in {run}; the same command goes on from there"
    assert capsys.readouterr() == ("", f"semjscc: stopped; {said}\n")
    assert not (run / "model.safetensors").exists()


@pytest.mark.usefixtures("own_ctrl_c")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_training_keeps_every_step(
    codec_recipe: Path,
    whole: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
) -> None:
    recipe, run = load_recipe(codec_recipe), tmp_path / "run"
    handlers = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    for step in (0, 4):  # the second run hears as well as the first
        with monkeypatch.context() as patch:
            at_step(patch, step, number)
            with pytest.raises(Stopped, match=f"{step + 1} of 8 steps are kept in {run}") as stop:
                train(recipe, run, QUIET)
        assert stop.value.number == number
        assert torch.load(run / RESUME, weights_only=True)["global_step"] == step + 1
        assert handlers == [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    resumed, _ = train(recipe, run, QUIET)
    assert_same_weights(whole, resumed)


@pytest.mark.usefixtures("own_ctrl_c")
def test_second_ctrl_c_leaves_at_once(
    codec_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_step(monkeypatch, 3, signal.SIGINT, signal.SIGINT)
    with pytest.raises(KeyboardInterrupt) as stop:
        train(load_recipe(codec_recipe), tmp_path / "run", QUIET)
    assert not isinstance(stop.value, Stopped)
    assert not (tmp_path / "run" / RESUME).exists()


@pytest.mark.usefixtures("own_ctrl_c")
@pytest.mark.parametrize("before", [signal.SIG_IGN, signal.default_int_handler])
def test_background_job_stays_deaf_to_ctrl_c(
    codec_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: Any
) -> None:
    signal.signal(signal.SIGINT, before)
    at_step(monkeypatch, 3, signal.SIGINT)
    deaf = before is signal.SIG_IGN
    with nullcontext() if deaf else pytest.raises(Stopped):
        train(load_recipe(codec_recipe), tmp_path / "run", QUIET)
    assert (tmp_path / "run" / "model.safetensors").exists() == deaf


@pytest.mark.usefixtures("own_ctrl_c")
@pytest.mark.parametrize(
    ("number", "expected"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_signal_before_the_first_step_leaves_like_any_command(
    codec_recipe: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    expected: type[BaseException],
) -> None:
    monkeypatch.setattr(Ear, "listen", lambda _: signal.raise_signal(number))
    with pytest.raises(expected) as stop:
        train(load_recipe(codec_recipe), tmp_path / "run", QUIET)
    assert not isinstance(stop.value, Stopped)
    if isinstance(stop.value, SystemExit):
        assert stop.value.code == 128 + number


def test_several_processes_all_leave_when_told_to(codec_recipe: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    more = ["--optimiser.steps", "5000", "--save-seconds", "0", "--processes", "2"]
    words, pipe = command(codec_recipe, run, *more), subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=pipe, start_new_session=True) as process:
        wait_for(run / RESUME)
        os.killpg(process.pid, signal.SIGTERM)
        # Both processes hold the pipes: they end when the last one has.
        printed, complaints = process.communicate(timeout=PATIENCE)
    kept = torch.load(run / RESUME, weights_only=True)["global_step"]
    said = f"{kept} of 5000 steps are kept in {run}; the same command goes on from there"
    assert (printed, complaints.decode()) == (b"", f"semjscc: stopped; {said}\n")
    assert process.returncode == 143


def test_exit_that_is_no_signal_stays_what_it_is(
    codec_recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leave(*_: object) -> None:
        raise SystemExit(7)

    monkeypatch.setattr("semjscc.training.runs.run.KeepState.on_train_batch_end", leave)
    with pytest.raises(SystemExit, match="7"):
        train(load_recipe(codec_recipe), tmp_path / "run", QUIET)


def test_two_processes_end_in_the_weights_of_one(
    codec_recipe: Path, whole: Path, tmp_path: Path
) -> None:
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MASTER_ADDR": "127.0.0.1"}
    words = command(codec_recipe, tmp_path / "both", "--processes", "2")
    subprocess.run(words, check=True, env=environment, timeout=PATIENCE, stdout=subprocess.DEVNULL)
    a, b = weights_of(whole), weights_of(tmp_path / "both" / whole.name)
    for name in a:
        # The batch is summed in another order, so the last bits differ.
        torch.testing.assert_close(a[name], b[name], rtol=1e-3, atol=1e-4)


def test_two_nodes_end_in_the_weights_of_one(
    codec_recipe: Path, whole: Path, tmp_path: Path
) -> None:
    """Two machines as torchrun starts them, both of them this one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    common = {"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "1"}
    common |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    common |= {"LOCAL_RANK": "0", "TORCHELASTIC_USE_AGENT_STORE": "False"}
    words = command(codec_recipe, tmp_path / "both", "--nodes", "2")
    nodes = [
        subprocess.Popen(
            words,
            env={**os.environ, **common, "RANK": rank, "GROUP_RANK": rank},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        for rank in ("0", "1")
    ]
    said = [node.communicate(timeout=PATIENCE)[1] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], said
    a, b = weights_of(whole), weights_of(tmp_path / "both" / whole.name)
    for name in a:
        torch.testing.assert_close(a[name], b[name], rtol=1e-3, atol=1e-4)


needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")


@needs_full
def test_full_disk_keeps_the_last_state(
    codec_recipe: Path, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe, folder = load_recipe(codec_recipe), tmp_path / "run"
    made: list[str] = []
    make = tempfile.mkstemp

    def fill_up(**where: Any) -> tuple[int, str]:
        descriptor, name = make(**where)
        if RESUME in where["prefix"]:
            made.append(name)
        if len(made) == 4:
            Path(name).unlink()
            Path(name).symlink_to("/dev/full")
        return descriptor, name

    monkeypatch.setattr(tempfile, "mkstemp", fill_up)
    with pytest.raises(UserError, match=r"cannot write .*resume\.ckpt: No space left on device"):
        train(recipe, folder, Schedule(save_seconds=0, progress=False))
    assert torch.load(folder / RESUME, weights_only=True)["global_step"] == 3
    assert list(folder.glob(f".{RESUME}*")) == []

    monkeypatch.undo()
    assert_same_weights(whole, train(recipe, folder, QUIET)[0])


@pytest.mark.parametrize("name", ["log", "tensorboard"])
def test_logs_that_cannot_be_written_are_one_line(
    codec_recipe: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).write_text("no folder")
    with pytest.raises(UserError, match=r"cannot train in .*run: ") as caught:
        train(load_recipe(codec_recipe), tmp_path / "run", QUIET)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="no limits to the size of files")
def test_full_disk_while_logging_is_one_line(
    codec_recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import resource

    words = command(codec_recipe, tmp_path / "run", "--optimiser.steps", "40")[3:]
    least, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
    try:
        code = main(words)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (least, most))
    printed, complaints = capsys.readouterr()
    assert (code, printed) == (2, "")
    assert complaints.startswith("semjscc: cannot ")  # what strikes first depends on the time
    assert complaints.endswith(": File too large\n")
    assert complaints.count("\n") == 1


def test_a_codec_says_for_which_network_it_was_trained(finished: Path, perception: Path) -> None:
    described = read_metadata(finished / MODEL)
    found = network_print(open_perception(str(perception)))
    assert described["receiver"] == {"network": str(perception), "print": found}
    assert described["perception"] == "tiny"


def test_run_folder_of_another_recipe_is_refused(codec_recipe: Path, finished: Path) -> None:
    other = load_recipe(codec_recipe, ["--seed", "4"])
    with pytest.raises(UserError, match="another recipe"):
        train(other, finished, QUIET)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "resume.ckpt", "before-decay.ckpt", "inputs.json"]
)
def test_files_that_no_run_made_are_not_written_over(
    codec_recipe: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).write_text("[1]")
    with pytest.raises(UserError, match=rf"{name} .*would be written over.*train --out"):
        train(load_recipe(codec_recipe), tmp_path / "run", QUIET)
    assert (tmp_path / "run" / name).read_text() == "[1]"


def test_mistake_leaves_no_run_in_the_way_of_the_right_recipe(
    codec_recipe: Path, tmp_path: Path
) -> None:
    for words in (["--data.val_fraction", "0"], ["--codec.perception", "nowhere"]):
        with pytest.raises(UserError):
            train(load_recipe(codec_recipe, words), tmp_path / "run", QUIET)
        assert not (tmp_path / "run").exists()
    with pytest.raises(UserError, match="3 processes"):
        train(load_recipe(codec_recipe), tmp_path / "run", Schedule(processes=3, progress=False))
    assert train(load_recipe(codec_recipe), tmp_path / "run", QUIET)[0].is_file()


def test_a_damaged_state_is_neither_unpickled_nor_read_where_the_run_is_done(
    codec_recipe: Path, finished: Path
) -> None:
    recipe = load_recipe(codec_recipe)
    model, state = finished / MODEL, finished / RESUME
    cut = state.read_bytes()[:1000]
    torch.save({"state_dict": {}, "evil": Path("pickled")}, state)
    written = model.stat().st_mtime_ns
    assert train(recipe, finished, QUIET) == (model, read_metadata(model)["facts"])
    assert model.stat().st_mtime_ns == written
    model.unlink()
    for content in (state.read_bytes(), cut, b"", b"no state at all"):
        state.write_bytes(content)
        with pytest.raises(UserError, match="resumed: it is damaged; move it away to") as caught:
            train(recipe, finished, QUIET)
        assert len(str(caught.value)) < 100 + len(str(state))


def test_a_file_without_a_training_state_is_no_state(codec_recipe: Path, finished: Path) -> None:
    recipe = load_recipe(codec_recipe)
    (finished / MODEL).unlink()
    for state in ({"state_dict": {}}, torch.zeros(3)):
        torch.save(state, finished / RESUME)
        with pytest.raises(UserError, match="cannot be resumed: it holds no state"):
            train(recipe, finished, QUIET)


def test_a_folder_holds_one_training_at_a_time(codec_recipe: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    with alone_in(run):
        with pytest.raises(UserError, match=r"another command is at work in .*/run: wait"):
            train(load_recipe(codec_recipe), run, QUIET)
        assert list(run.iterdir()) == []


def test_class_names_must_match_where_the_loss_looks_at_labels(
    codec_recipe: Path, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = two_classes(tmp_path / "other", ["cat", "dog"])
    recipe = load_recipe(codec_recipe, ["--data.source", str(other), "--loss.term", "task"])
    said = "other has the classes 'cat', 'dog', which tiny does not know, and lacks the classes"
    with pytest.raises(UserError, match=said):
        train(recipe, tmp_path / "run", QUIET)


@pytest.mark.parametrize("words", [["--loss.term", "task"], LABELLED, LEARNED])
def test_classes_in_another_order_train_the_same_codec(
    codec_recipe: Path, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "other").mkdir()
    # The same images, of which each network at the receiver is told its own numbers.
    other = two_classes(tmp_path / "other", ["bright", "dark"], turned=True)
    words = [*words, "--optimiser.steps", "3"]
    same, facts = train(load_recipe(codec_recipe, words), tmp_path / "same", QUIET)
    recipe = load_recipe(codec_recipe, [*words, "--data.source", str(other)])
    model, found = train(recipe, tmp_path / "run", QUIET)
    assert_same_weights(model, same)
    assert "val_accuracy" in found
    assert found == facts


def test_a_network_is_trained_for_more_classes_than_there_are_labels(
    source: Path, tmp_path: Path
) -> None:
    recipe = load_recipe(
        recipe_file(tmp_path, source, PERCEPTION),
        ["--perception.classes", "[grey, bright, dark]", "--optimiser.steps", "1"],
    )
    model, _ = train(recipe, tmp_path / "run", QUIET)
    weights, metadata = load_weights(model)
    assert metadata["class_names"] == ["grey", "bright", "dark"]
    assert len(weights["head.bias"]) == 3


def test_recipe_round_trip(codec_recipe: Path, tmp_path: Path) -> None:
    from semjscc.training.recipe import save_recipe

    recipe = load_recipe(codec_recipe)
    save_recipe(recipe, tmp_path / "copy.yaml")
    assert load_recipe(tmp_path / "copy.yaml") == recipe


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--optimiser.steps", "many"], "optimiser.steps is a w"),
        (["--optimiser.stepz", "3"], "stepz"),
        (["--loss.importance.temper", "2"], "temper lies between 0 and 1"),
    ],
)
def test_recipe_mistakes_are_one_line(codec_recipe: Path, words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message) as caught:
        load_recipe(codec_recipe, words)
    assert "\n" not in str(caught.value)


def test_recipe_must_train_one_thing(source: Path, tmp_path: Path) -> None:
    recipe = Recipe(**vars(load_recipe(recipe_file(tmp_path, source, ""))))
    with pytest.raises(UserError, match="trains one thing"):
        train(recipe, tmp_path / "run", QUIET)


def test_shipped_recipes_can_be_read() -> None:
    files = sorted((Path(__file__).parents[2] / "recipes").glob("*.yaml"))
    assert files
    for file in files:
        assert load_recipe(file).name == file.stem


@pytest.mark.parametrize("fraction", ["0.0001"])
@pytest.mark.parametrize("part", ["perception", "codec"])
def test_data_without_val_is_refused_before_the_training(
    perception: Path, source: Path, tmp_path: Path, fraction: str, part: str
) -> None:
    text = PERCEPTION if part == "perception" else CODEC.format(perception=perception)
    file = recipe_file(tmp_path, source, text)
    recipe = load_recipe(file, ["--data.val_fraction", fraction])
    said = r"for the split 'val': none of its \d+ training images fell .* raise data\.val_fraction"
    with pytest.raises(UserError, match=said):
        train(recipe, tmp_path / "run", QUIET)
    assert not (tmp_path / "run" / RESUME).exists()


def test_batch_must_divide_among_the_processes(codec_recipe: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="batch of 8 cannot be shared by 3"):
        train(load_recipe(codec_recipe), tmp_path / "run", Schedule(processes=3, progress=False))


def test_run_can_start_from_trained_weights(
    codec_recipe: Path, whole: Path, tmp_path: Path
) -> None:
    words = ["--start", str(whole), "--optimiser.steps", "1", "--optimiser.rate", "0.0"]
    second, _ = train(load_recipe(codec_recipe, words), tmp_path / "second", QUIET)
    assert_same_weights(whole, second)


@pytest.mark.parametrize(
    ("names", "rows"),
    [(["dark", "bright"], [0, 1]), (["bright", "dark"], [1, 0]), (["a", "b"], None)],
)
def test_a_classifier_of_other_classes_lends_its_features(
    perception: Path, tmp_path: Path, names: list[str], rows: list[int] | None
) -> None:
    recipe = recipe_file(tmp_path, two_classes(tmp_path, names), PERCEPTION)
    words = ["--start", str(perception), "--optimiser.steps", "1", "--optimiser.rate", "0.0"]
    model, _ = train(load_recipe(recipe, words), tmp_path / "run", QUIET)
    before, after = weights_of(perception), weights_of(model)
    filters = [name for name, weight in before.items() if weight.ndim == 4]
    assert filters
    assert all(torch.equal(before[name], after[name]) for name in filters)
    # A head that knows the classes keeps what it knows of each, wherever it stands now.
    for name in ("head.weight", "head.bias"):
        kept = [torch.equal(before[name][r], after[name]) for r in ([0, 1], [1, 0])]
        assert kept == [rows == [0, 1], rows == [1, 0]]


def test_classifier_learns_from_mixed_images(source: Path, tmp_path: Path) -> None:
    recipe = recipe_file(tmp_path, source, PERCEPTION)
    words = ["--optimiser.augment_paste", "1.0", "--optimiser.steps", "40"]
    mixed, facts = train(load_recipe(recipe, words), tmp_path / "mixed", QUIET)
    whole, _ = train(load_recipe(recipe, words[2:]), tmp_path / "whole", QUIET)
    assert facts["val_accuracy"] == 1.0
    assert not torch.equal(weights_of(mixed)["head.weight"], weights_of(whole)["head.weight"])


OWN_NETWORK = """
from torch import nn

class Mine(nn.Module):
    def __init__(self, classes, width):
        super().__init__()
        self.body = nn.Conv2d(3, width, 3, 2, 1)
        self.head = nn.Linear(width, classes)

    def forward(self, images):
        return self.head(self.body(images).relu().mean(dim=(2, 3)))
"""
OWN_PERCEPTION = "perception: {network: 'own_net:Mine', options: {width: 4}, layers: [body]}"


def test_only_a_head_can_begin_anew(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_fc.py").write_text(OWN_NETWORK.replace("head", "fc"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    part = OWN_PERCEPTION.replace("own_net", "own_fc")
    own, _ = train(load_recipe(recipe_file(tmp_path, source, part)), Path("own"), QUIET)
    other = two_classes(tmp_path, ["a", "b"])
    recipe = load_recipe(recipe_file(tmp_path, other, part), ["--start", str(own)])
    with pytest.raises(UserError, match="last layer must be called 'head'"):
        train(recipe, Path("lent"), QUIET)


@pytest.mark.usefixtures("undrawn")
def test_network_of_the_users_own_from_training_to_evaluation(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_net.py").write_text(OWN_NETWORK)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    own, _ = train(load_recipe(recipe_file(tmp_path, source, OWN_PERCEPTION)), Path("own"), QUIET)

    part = CODEC.format(perception=own).replace("[stage1]", "[body]")
    recipe = load_recipe(recipe_file(tmp_path, source, part))
    with pytest.raises(UserError, match="own_net:Mine, which is code of its own"):
        train(recipe, Path("refused"), QUIET)
    recipe = load_recipe(tmp_path / "recipe.yaml", ["--codec.network", "own_net:Mine"])
    codec, _ = train(recipe, Path("codec"), QUIET)

    words = ["evaluate", "--links", f"none,{codec}", "--data", str(source / "train.parquet")]
    words += ["--ratio", "1/24", "--snr", "5", "--perception", str(own), "--out", "out"]
    assert main(words) == 2
    assert main([*words, "--network", "own_net:Mine"]) == 0
    assert json.loads(Path("out/results.json").read_text())["records"][1]["images"] == 60
