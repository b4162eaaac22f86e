"""Decibels and noise variances."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from semjscc.channels.units import noise_variance, snr_from_noise


def test_noise_variance_of_known_snrs() -> None:
    snrs = torch.tensor([-10.0, 0.0, 3.0102999566, 10.0, 30.0])
    torch.testing.assert_close(noise_variance(snrs), torch.tensor([10.0, 1.0, 0.5, 0.1, 0.001]))


def test_noise_variance_keeps_the_shape() -> None:
    assert noise_variance(torch.zeros(2, 3, 4)).shape == (2, 3, 4)


@given(st.floats(-50, 50))
def test_snr_comes_back_from_its_noise_variance(snr_db: float) -> None:
    back = snr_from_noise(noise_variance(torch.tensor([snr_db])))
    assert back.item() == pytest.approx(snr_db, abs=1e-3)


def test_mean_snr_averages_ratios_and_not_decibels() -> None:
    # Ratios 1 and 3: their mean is 2.
    mean = snr_from_noise(torch.tensor([[1.0, 1 / 3]]))
    assert mean.item() == pytest.approx(10 * math.log10(2), abs=1e-4)


def test_erased_symbols_count_as_no_signal() -> None:
    half = snr_from_noise(torch.tensor([[1.0, math.inf], [0.1, 0.1]]))
    torch.testing.assert_close(half, torch.tensor([10 * math.log10(0.5), 10.0]))


def test_image_that_lost_everything_has_an_snr_of_minus_infinity() -> None:
    assert snr_from_noise(torch.tensor([[math.inf, math.inf]])).item() == -math.inf
