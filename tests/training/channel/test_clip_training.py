"""The modem's clip in training: what it does to symbols, and that a gradient passes it."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from semjscc.channels.peaks import OVERSAMPLING, clip_and_filter, peak_to_average_db
from semjscc.errors import UserError
from semjscc.radio.waveform.profiles import AUDIO, SDR, Profile
from semjscc.training.channel.clipping import CARRIERS, FFT, clip_peaks
from semjscc.training.recipe import load_recipe
from semjscc.training.train import train
from small_training import QUIET, weights_of


def symbols(count: int, uses: int, seed: int = 0) -> Tensor:
    """(B, k) complex128, Gaussian, mean power 1 for each image."""
    rng = np.random.default_rng(seed)
    drawn = torch.from_numpy(rng.standard_normal((count, uses, 2))).view(torch.complex128)[..., 0]
    return drawn / drawn.abs().square().mean(dim=1, keepdim=True).sqrt()


def envelope(grid: Tensor) -> Tensor:
    """(S, K) on the modem's carriers -> oversampled samples, (S·4·64,)."""
    spectrum = grid.new_zeros(len(grid), OVERSAMPLING * FFT)
    spectrum[:, list(CARRIERS)] = grid
    return torch.fft.ifft(spectrum, norm="forward").flatten()


def test_the_grid_is_the_modems() -> None:
    assert (SDR.carriers, SDR.fft) == (CARRIERS, FFT)


def test_what_it_does_to_symbols_is_the_same_on_either_waveform() -> None:
    def error_db(profile: Profile) -> float:
        grid = symbols(1, 500 * len(profile.carriers)).reshape(500, -1)
        error = clip_and_filter(grid, profile.carriers, profile.fft) - grid
        return float(10 * torch.log10(error.abs().square().mean()))

    assert error_db(AUDIO) == pytest.approx(error_db(SDR), abs=0.3)


@pytest.mark.parametrize("uses", [32, 52, 100, 1024])
def test_far_above_the_peaks_nothing_changes(uses: int) -> None:
    sent = symbols(3, uses)
    torch.testing.assert_close(clip_peaks(sent, 30.0, 1, 2), sent)
    single = sent.to(torch.complex64)
    assert clip_peaks(single, 30.0, 1, 2).dtype == torch.complex64


def test_peaks_are_lower_and_power_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Tensor] = []

    def spy(grid: Tensor, *rest) -> Tensor:
        after = clip_and_filter(grid, *rest)
        seen.extend([grid, after])
        return after

    monkeypatch.setattr("semjscc.training.channel.clipping.clip_and_filter", spy)
    received = clip_peaks(symbols(4, 100 * len(CARRIERS)), 6.0, 0, 0)
    torch.testing.assert_close(
        received.abs().square().mean(dim=1), torch.ones(4, dtype=torch.float64)
    )
    before, after = (float(peak_to_average_db(envelope(grid))) for grid in seen)
    assert before > 10
    assert after < 8  # as for the modem: tests/radio/test_peaks.py


def test_alike_symbols_make_no_peaks() -> None:
    # Unscrambled, constant symbols are one pulse, which clipping would destroy.
    sent = torch.ones(1, 10 * len(CARRIERS), dtype=torch.complex128)
    error = (clip_peaks(sent, 6.0, 0, 0) - sent).abs().square().mean()
    assert 10 * torch.log10(error) < -20
    grid = sent.reshape(10, -1)
    bare = (clip_and_filter(grid, CARRIERS, FFT) - grid).abs().square().mean()
    assert 10 * torch.log10(bare) > -5


def test_each_step_has_its_own_order_and_all_processes_the_same() -> None:
    sent = symbols(4, 200)
    whole = clip_peaks(sent, 3.0, 5, 7)
    assert not torch.equal(whole, clip_peaks(sent, 3.0, 5, 8))
    assert not torch.equal(whole, clip_peaks(sent, 3.0, 6, 7))
    parts = [clip_peaks(part, 3.0, 5, 7) for part in sent.split(2)]
    torch.testing.assert_close(torch.cat(parts), whole)


def test_the_gradient_is_that_of_finite_differences() -> None:
    def clipped(parts: Tensor) -> Tensor:
        return torch.view_as_real(clip_peaks(torch.view_as_complex(parts), 2.0, 0, 0))

    sent = symbols(2, 60)
    assert float((clip_peaks(sent, 2.0, 0, 0) - sent).abs().max()) > 0.1
    torch.autograd.gradcheck(clipped, torch.view_as_real(sent).requires_grad_(), fast_mode=True)


def test_training_through_the_clip(codec_recipe: Path, whole: Path, tmp_path: Path) -> None:
    weights = {"none": weights_of(whole)}
    for name, words in {
        "high": ["--codec.clip_db", "100"],
        "clip": ["--codec.clip_db", "2"],
    }.items():
        model, _ = train(load_recipe(codec_recipe, words), tmp_path / name, QUIET)
        weights[name] = weights_of(model)
    for name, plain in weights["none"].items():
        torch.testing.assert_close(weights["high"][name], plain, rtol=1e-2, atol=1e-3)
    moved = max(
        float((weights["clip"][name] - plain).abs().max())
        for name, plain in weights["none"].items()
    )
    assert moved > 1e-2


@pytest.mark.parametrize("limit", ["-1", ".nan", ".inf", "101"])
def test_limits_that_are_none_are_one_line(codec_recipe, limit: str) -> None:
    with pytest.raises(UserError, match="clip_db lies between 0 and 100"):
        load_recipe(codec_recipe, ["--codec.clip_db", limit])
