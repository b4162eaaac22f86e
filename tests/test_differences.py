"""Weights told as their difference from others come back close, and never from the wrong ones."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from semjscc import checkpoint
from semjscc.checkpoint import load_weights, save_difference, save_weights
from semjscc.differences import LARGEST, pack, unpack
from semjscc.digests import hashed
from semjscc.errors import UserError

METADATA = {"kind": "codec"}


def drawn(*shape: int, seed: int, spread: float = 1.0) -> Tensor:
    return spread * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@given(rows=st.integers(1, 5), columns=st.integers(1, 9), seed=st.integers(0, 99))
def test_no_number_is_off_by_more_than_its_row_allows(rows: int, columns: int, seed: int) -> None:
    base = {"w": drawn(rows, columns, 1, seed=seed), "b": drawn(rows, seed=seed + 1)}
    moved = {n: t + drawn(*t.shape, seed=seed + 2, spread=0.1) for n, t in base.items()}
    found = unpack(pack(moved, base), base)
    # Clipping is taken only where it makes the squared error less than this rounding would.
    largest = (moved["w"] - base["w"]).flatten(1).abs().amax(1)
    error = (found["w"] - moved["w"]).flatten(1).square().sum(1)
    assert (error <= columns * (largest / LARGEST / 2).square() * 1.01 + 1e-12).all()
    assert torch.equal(found["b"], moved["b"].half().float())


def test_a_gaussian_difference_has_the_error_of_the_best_uniform_quantiser() -> None:
    # 15 levels: the least mean squared error of uniform quantisation of a Gaussian lies between
    # those of 8 and of 16 levels, 0.03744 and 0.01154 (Max, IRE Transactions on Information Theory
    # 6, 7, 1960, table 2), and near the second.
    base = {"w": torch.zeros(4, 40_000)}
    moved = {"w": drawn(4, 40_000, seed=3)}
    error = (unpack(pack(moved, base), base)["w"] - moved["w"]).square().mean()
    assert 0.01154 < float(error) < 0.0155


def test_what_has_not_moved_comes_back_as_it_was() -> None:
    base = {"w": drawn(3, 5, seed=1).half(), "b": torch.zeros(3).half()}
    found = unpack(pack(base, base), base)
    assert all(torch.equal(found[name], base[name].float()) for name in base)


def test_two_numbers_take_a_byte() -> None:
    base = {"w": torch.zeros(8, 100)}
    assert sum(t.nbytes for t in pack({"w": drawn(8, 100, seed=2)}, base).values()) == 8 * (50 + 4)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of shipped weights with one set in it, in float16 as all that ship."""
    monkeypatch.setattr(checkpoint, "WEIGHTS", tmp_path)
    base = {"w": drawn(6, 7, seed=1).half(), "b": drawn(6, seed=2).half()}
    save_weights(tmp_path / "first.safetensors", base, METADATA)
    return tmp_path


def test_a_file_beside_another_is_read_as_any_other(shelf: Path) -> None:
    base, _ = load_weights(shelf / "first.safetensors")
    moved = {name: tensor + 0.01 for name, tensor in base.items()}
    save_difference(shelf / "second.safetensors", moved, METADATA, "first")
    found, metadata = load_weights(shelf / "second.safetensors")
    assert metadata["kind"] == "codec"
    assert metadata["beside"]["weights"] == "first"
    assert all(torch.allclose(found[name], moved[name], atol=1e-3) for name in moved)


def test_it_is_refused_beside_others_than_it_was_made_with(shelf: Path) -> None:
    base, _ = load_weights(shelf / "first.safetensors")
    save_difference(shelf / "second.safetensors", base, METADATA, "first")
    with pytest.raises(UserError, match="needs the weights second, and they do not ship"):
        save_difference(shelf / "third.safetensors", base, METADATA, "second")
    changed = {name: tensor + 1 for name, tensor in base.items()}
    save_weights(shelf / "first.safetensors", changed, METADATA)
    with pytest.raises(UserError, match="the difference from other weights first than ship here"):
        load_weights(shelf / "second.safetensors")
    (shelf / "first.safetensors").unlink()
    with pytest.raises(UserError, match="needs the weights first, and they do not ship"):
        load_weights(shelf / "second.safetensors")


@pytest.mark.parametrize("wrong", ["lacks", "more", "columns", "many", "rows", "one", "one row"])
def test_a_difference_that_does_not_fit_is_one_line(shelf: Path, wrong: str) -> None:
    base, _ = load_weights(shelf / "first.safetensors")
    told = pack(base, base)
    if wrong == "lacks":
        del told["w.scales"]
    elif wrong == "more":
        told["v"] = torch.zeros(2)
    elif wrong == "columns":
        told["w.steps"] = told["w.steps"][:, :2]
    elif wrong == "many":
        told["w.steps"] = told["w.steps"].repeat(1, 2)
    elif wrong == "one row":
        told["w.steps"] = told["w.steps"][:1]
    else:
        told["w.scales"] = torch.zeros(4 if wrong == "rows" else 1)
    digest = hashed((shelf / "first.safetensors").read_bytes())
    beside = {"weights": "first", "digest": digest}
    save_weights(shelf / "bad.safetensors", told, {**METADATA, "beside": beside})
    with pytest.raises(UserError, match="is damaged: "):
        load_weights(shelf / "bad.safetensors")


@pytest.mark.parametrize(
    "beside",
    ["first", {"weights": 3}, {"weights": "../first"}, {"weights": "\x1b" + "a" * 300}, []],
)
def test_metadata_that_names_no_shipped_weights_is_refused(shelf: Path, beside: object) -> None:
    save_weights(shelf / "bad.safetensors", {"w": torch.zeros(2)}, {**METADATA, "beside": beside})
    with pytest.raises(UserError, match=r"does not say which weights|do not ship"):
        load_weights(shelf / "bad.safetensors")


def test_no_relatives_and_numbers_too_large_are_refused() -> None:
    base = {"w": torch.zeros(2, 3), "b": torch.zeros(2)}
    with pytest.raises(UserError, match="other names or shapes"):
        pack({"w": torch.zeros(2, 3)}, base)
    with pytest.raises(UserError, match="not finite in float16"):
        pack({"w": torch.zeros(2, 3), "b": torch.tensor([0.0, 1e6])}, base)
