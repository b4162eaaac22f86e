"""Clip-and-filter: peaks after filtering, the error it makes, and its gradient."""

import numpy as np
import torch

from semjscc.channels.peaks import OVERSAMPLING, clip_and_filter, peak_to_average_db
from semjscc.radio.waveform.profiles import SDR
from waveforms import normal


def grid(rows: int) -> torch.Tensor:
    drawn = normal(np.random.default_rng(0), rows * len(SDR.carriers))
    return torch.from_numpy(drawn.reshape(rows, -1))


def envelope(carriers: torch.Tensor) -> torch.Tensor:
    spectrum = carriers.new_zeros(len(carriers), OVERSAMPLING * SDR.fft)
    spectrum[:, list(SDR.carriers)] = carriers
    return torch.fft.ifft(spectrum, norm="forward")


def test_peaks_are_lower_after_filtering() -> None:
    before = grid(300)
    after = clip_and_filter(before, SDR.carriers, SDR.fft)
    peaks = [float(peak_to_average_db(envelope(each).flatten())) for each in (before, after)]
    assert peaks[0] > 10
    assert peaks[1] < 8
    error = (after - before).abs().square().mean() / before.abs().square().mean()
    # One clip of a Gaussian at 6 dB loses 1 % of its amplitude (Bussgang): an error of -40 dB; what
    # is left in band of the clipping noise is more.
    assert -30 < 10 * float(torch.log10(error)) < -24


def test_what_is_below_the_limit_is_left_alone() -> None:
    before = grid(20)
    after = clip_and_filter(before, SDR.carriers, SDR.fft, clip_db=30.0)
    torch.testing.assert_close(after, before)


def test_the_limit_goes_with_the_level() -> None:
    before = grid(20)
    after = clip_and_filter(before, SDR.carriers, SDR.fft)
    louder = clip_and_filter(before * 100, SDR.carriers, SDR.fft)
    torch.testing.assert_close(louder, after * 100)


def test_a_gradient_passes() -> None:
    before = grid(3).requires_grad_()
    clip_and_filter(before, SDR.carriers, SDR.fft, clip_db=3.0).abs().square().sum().backward()
    assert before.grad is not None
    assert torch.isfinite(before.grad.abs()).all()
    assert before.grad.abs().min() > 0


def test_peak_of_a_tone_is_zero_and_of_two_three_db() -> None:
    time = torch.arange(1024) * (2 * torch.pi / 64)
    tone, other = torch.exp(1j * time), torch.exp(2j * time)
    assert abs(float(peak_to_average_db(tone))) < 1e-5
    assert abs(float(peak_to_average_db(tone + other)) - 10 * np.log10(2)) < 1e-5
