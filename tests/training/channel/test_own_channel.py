"""Training through a channel that the recipe names."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

from semjscc.channels import CHANNELS, ChannelKnowledge
from semjscc.channels.awgn import awgn
from semjscc.checkpoint import load_weights
from semjscc.cli import main
from semjscc.errors import UserError
from semjscc.randomness import Draws
from semjscc.training.batches import Share
from semjscc.training.channel.own_channel import pass_channel, try_channel
from semjscc.training.recipe import load_recipe
from semjscc.training.train import train
from small_training import QUIET

OWN = "users_channel:fading"
SNR_DB = torch.tensor([0.0, 10.0, 20.0, 5.0])


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], None]:
    """Makes a function what `OWN` names."""
    module = ModuleType("users_channel")
    monkeypatch.setitem(sys.modules, "users_channel", module)
    return lambda function: monkeypatch.setattr(module, "fading", function, raising=False)


def symbols(k: int = 500) -> Tensor:
    return Draws(5, range(4)).complex_normal("symbols", k).requires_grad_()


@pytest.mark.parametrize("name", CHANNELS)
def test_noise_is_as_told_for_each_image(name: str) -> None:
    sent = symbols(4000)
    heard, variance = pass_channel(name, sent, SNR_DB, 1, 2, Share())
    assert heard.shape == variance.shape == (4, 4000)
    told = ((heard - sent).abs().square() / variance).mean(dim=1).detach()
    torch.testing.assert_close(told, torch.ones(4), rtol=0.1, atol=0)
    heard.abs().sum().backward()
    assert sent.grad is not None
    assert sent.grad.isfinite().all()


def test_draws_follow_from_seed_step_and_place_in_the_global_batch() -> None:
    def sent(images: slice, share: Share, step: int = 2) -> Tensor:
        return pass_channel("awgn", symbols()[images], SNR_DB[images], 1, step, share)[0]

    whole = sent(slice(None), Share())
    assert whole.equal(sent(slice(None), Share()))
    assert not whole.equal(sent(slice(None), Share(), step=3))
    for rank in (0, 1):
        assert sent(slice(rank, None, 2), Share(rank, 2)).equal(whole[rank::2])


def lossy(sent: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
    """Half of the symbols never arrive, and say so by gain 0 and by no number."""
    received, knowledge = awgn(sent, snr_db, draws)
    lost = torch.arange(sent.shape[1]) % 2 == 0
    return torch.where(lost, torch.nan, received), ChannelKnowledge(
        (~lost).to(sent.dtype).expand(sent.shape),
        torch.where(lost, torch.inf, knowledge.noise_variance[:, None]),
    )


def test_erased_symbols_are_zero_and_leave_no_nan_in_the_gradient(
    become: Callable[[Callable[..., Any]], None],
) -> None:
    become(lossy)
    sent = symbols()
    heard, variance = pass_channel(OWN, sent, SNR_DB, 0, 0, Share())
    assert (heard[:, ::2] == 0).all()
    assert variance[:, ::2].isinf().all()
    (heard.abs().square() / (1 + variance)).sum().backward()
    assert sent.grad is not None
    assert (sent.grad[:, ::2] == 0).all()
    assert sent.grad[:, 1::2].isfinite().all()


def blocked(sent: Tensor, snr_db: float, draws: Draws) -> tuple[Tensor, ChannelKnowledge]:
    return awgn(sent.detach(), snr_db, draws)


def test_a_channel_that_stops_gradients_is_refused_before_the_training(
    become: Callable[[Callable[..., Any]], None], codec_recipe: Path, tmp_path: Path
) -> None:
    become(blocked)
    with pytest.raises(UserError, match=f"the channel {OWN} cannot be trained through"):
        try_channel(OWN)
    with pytest.raises(UserError, match="no gradient passes"):
        train(load_recipe(codec_recipe, ["--codec.channel", OWN]), tmp_path / "run", QUIET)
    assert not (tmp_path / "run").exists()


def test_a_recipe_names_its_channel(
    become: Callable[[Callable[..., Any]], None], codec_recipe: Path, tmp_path: Path
) -> None:
    become(lossy)
    found = {}
    for name in ("awgn", "block-rayleigh", OWN):
        words = ["--codec.channel", name, "--optimiser.steps", "2"]
        model, _ = train(load_recipe(codec_recipe, words), tmp_path / name, QUIET)
        weights, described = load_weights(model)
        assert described["recipe"]["codec"]["channel"] == name
        assert all(one.isfinite().all() for one in weights.values())
        found[name] = torch.cat([one.flatten() for one in weights.values()])
    assert not any(found["awgn"].equal(found[name]) for name in ("block-rayleigh", OWN))


def test_names_that_name_nothing_are_one_line(
    codec_recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, message in (
        ("--codec.channel block-raileigh", "channel: there is no 'block-raileigh': did you mean"),
        ("--codec.channel cut@2", "channel cut@2: behind the @ stands the share of the symbols"),
        ("--codec.channel rain", "or your own as my.module:Name"),
        ("--codec.channel no_such:rain", "there is no module no_such"),
        ("--codec.codec adaptiv", "codec: there is no 'adaptiv': did you mean 'adaptive'?"),
        ("--codec.codec no_such:Codec", "there is no module no_such"),
        ("--loss.importance.function no_such:size", "there is no module no_such"),
    ):
        assert main(["train", str(codec_recipe), *words.split()]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1
