"""Which weights go with what a user brings."""

from pathlib import Path

import pytest
import torch

from semjscc import checkpoint
from semjscc.checkpoint import save_weights
from semjscc.errors import UserError
from semjscc.families import (
    choose_family,
    default_perception,
    families,
    family_for,
    family_of_weights,
)


def test_a_photograph_is_what_is_no_sign() -> None:
    assert family_for(64, 64) == "signs"
    assert family_for(64, 65) == family_for(512, 768) == family_for(0, 0) == "photo"


def test_photographs_are_looked_at_by_a_network_that_others_trained() -> None:
    assert "photo" in families()
    assert default_perception("photo") == "efficientnet-lite0"
    assert default_perception("signs") == "signs-a"
    assert family_of_weights("photo-djscc") == "photo"


@pytest.mark.parametrize("data", ["kodak", "bsds500", "imagenet-photos"])
def test_data_sets_of_photographs_go_with_their_family(data: str) -> None:
    assert choose_family(None, data) == "photo"


def test_unknown_data_are_asked_for() -> None:
    with pytest.raises(UserError, match=r"say which weights fit mine: --weights .*photo"):
        choose_family(None, "mine")


def test_a_family_of_several_tasks_has_one_network_a(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "WEIGHTS", tmp_path)
    for name, kind in {
        "scenes-detector-a": "perception",
        "scenes-djscc": "codec",
        "camvid-a": "perception",
        "camvid-djscc": "codec",
    }.items():
        save_weights(tmp_path / f"{name}.safetensors", {"w": torch.zeros(1)}, {"kind": kind})
    assert families() == ["camvid", "scenes"]
    assert default_perception("scenes") == "scenes-detector-a"
    assert default_perception("camvid") == "camvid-a"
    assert choose_family(None, "scenes") == "scenes"
    assert family_of_weights("scenes-djscc") == "scenes"
