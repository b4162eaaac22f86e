"""What is known of a training's other machines before and after they are met."""

import os
from pathlib import Path

import pytest
import torch

from semjscc.errors import UserError
from semjscc.training.runs.nodes import check_launcher, is_first, tells_lost_nodes
from semjscc.training.runs.state import RESUME

TORCHRUN = {"TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2"}
SLURM = {"SLURM_NTASKS": "4", "SLURM_NNODES": "2", "SLURM_JOB_NAME": "train"}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("SLURM_", "TORCHELASTIC_")) or "RANK" in name:
            monkeypatch.delenv(name)


@pytest.mark.parametrize("started", [TORCHRUN, SLURM])
def test_as_many_processes_are_asked_for_as_were_started(
    started: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    check_launcher(1, 1)
    for name, value in started.items():
        monkeypatch.setenv(name, value)
    check_launcher(2, 2)
    said = "has started 2 processes on each of 2 nodes: train with --processes 2 --nodes 2"
    for processes, nodes in ((1, 1), (4, 1), (2, 1)):
        with pytest.raises(UserError, match=said):
            check_launcher(processes, nodes)


@pytest.mark.parametrize(
    "started",
    [SLURM | {"SLURM_JOB_NAME": "interactive"}, {"TORCHELASTIC_RUN_ID": "x"}, {"SLURM_NTASKS": ""}],
)
def test_what_starts_nothing_decides_nothing(
    started: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in started.items():
        monkeypatch.setenv(name, value)
    check_launcher(1, 1)


@pytest.mark.parametrize("name", ["RANK", "SLURM_PROCID", "NODE_RANK", "LOCAL_RANK"])
def test_one_of_all_processes_is_the_first(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "0")
    assert is_first(1, 2)
    monkeypatch.setenv(name, "1")
    assert not is_first(2, 1)
    assert not is_first(1, 2)
    assert is_first(1, 1)  # a training of its own, of several that run side by side


def test_a_lost_node_is_one_line(tmp_path: Path) -> None:
    lost = RuntimeError("[gloo/transport/tcp/pair.cc:534] Connection closed by peer [::1]:4\nand")
    said = f"no state had been saved yet in {tmp_path}; start the same command on all nodes again$"
    with pytest.raises(UserError, match=said), tells_lost_nodes(tmp_path):
        raise lost
    (tmp_path / RESUME).touch()
    with (
        pytest.raises(UserError, match=r"lost \(x\): the last state .* all nodes again to go on"),
        tells_lost_nodes(tmp_path),
    ):
        raise torch.distributed.DistNetworkError("x")
    with pytest.raises(RuntimeError, match="another fault"), tells_lost_nodes(tmp_path):
        raise RuntimeError("another fault")
