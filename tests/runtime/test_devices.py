"""Which device a word stands for."""

import pytest
import torch
from torch import nn

from semjscc.errors import UserError
from semjscc.runtime.devices import DEVICES, device_for_points, device_named, device_of


def test_auto_is_the_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert device_named("auto") == torch.device("cpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", True)
    assert device_named("auto") == torch.device("cuda")
    assert torch.backends.cudnn.allow_tf32 is False  # convolutions as exact as the CPU's


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_a_device_that_is_not_there_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UserError, match=f"--device {name}.*--device cpu"):
        device_named(name)


def test_another_word_is_refused_with_what_there_is() -> None:
    with pytest.raises(UserError, match="'tpu': there are auto, cpu, cuda, mps"):
        device_named("tpu")
    with pytest.raises(UserError, match="did you mean 'cuda'"):
        device_named("cudda")


@pytest.mark.parametrize("name", DEVICES)
def test_several_processes_are_for_the_cpu(name: str) -> None:
    if name in ("cuda", "mps"):
        with pytest.raises(UserError, match="--jobs 1 and no --cluster"):
            device_for_points(name, shared=True)
    else:
        assert device_for_points(name, shared=True) == torch.device("cpu")


def test_a_network_lies_where_its_weights_lie() -> None:
    assert device_of(nn.Linear(1, 1, device="meta")) == torch.device("meta")
    assert device_of(nn.ReLU()) == torch.device("cpu")
