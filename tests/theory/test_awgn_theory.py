"""The AWGN channel against closed forms: a factor of two here shifts every published curve."""

import math

import pytest
import torch
from scipy.stats import binomtest
from torch import Tensor

from semjscc.channels.awgn import awgn
from semjscc.randomness import Draws

IMAGES, SYMBOLS = 4, 100_000
CONFIDENCE = 0.999


def qpsk(bits: Tensor) -> Tensor:
    """(B, k, 2) of 0 and 1 -> (B, k) complex64 of power 1, one bit on each axis."""
    axes = (1 - 2 * bits.float()) * 0.5**0.5
    return torch.complex(axes[..., 0], axes[..., 1])


@pytest.fixture(scope="module")
def bits() -> Tensor:
    return torch.randint(2, (IMAGES, SYMBOLS, 2), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def symbols(bits: Tensor) -> Tensor:
    return qpsk(bits)


@pytest.fixture(scope="module")
def noise(symbols: Tensor) -> Tensor:
    """At 0 dB, where N0 = 1."""
    return awgn(symbols, 0.0, Draws(7, range(IMAGES)))[0] - symbols


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 1.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0])
def test_measured_snr_is_the_one_asked_for(symbols: Tensor, snr_db: float) -> None:
    received, _ = awgn(symbols, snr_db, Draws(0, range(IMAGES)))
    signal = symbols.abs().double().square().mean()
    error = (received - symbols).abs().double().square().mean()
    assert 10 * torch.log10(signal / error).item() == pytest.approx(snr_db, abs=0.05)


def test_noise_has_half_of_n0_in_each_real_dimension(noise: Tensor) -> None:
    for axis in (noise.real, noise.imag):
        assert axis.double().square().mean().item() == pytest.approx(0.5, rel=0.01)
        # Five standard errors.
        assert abs(axis.double().mean().item()) < 5 * math.sqrt(0.5 / noise.numel())


def test_in_phase_and_quadrature_noise_are_uncorrelated(noise: Tensor) -> None:
    both = torch.stack([noise.real.flatten(), noise.imag.flatten()]).double()
    assert abs(torch.corrcoef(both)[0, 1].item()) < 5 / math.sqrt(noise.numel())


def test_noise_is_white_over_symbols_and_images(noise: Tensor) -> None:
    limit = 5 / math.sqrt(SYMBOLS)
    for lag in (1, 2, 7):
        product = (noise[:, lag:] * noise[:, :-lag].conj()).mean(dim=1)
        assert product.abs().max().item() < limit
    across = (noise[:-1] * noise[1:].conj()).mean(dim=1)
    assert across.abs().max().item() < limit


def test_noise_is_gaussian_in_its_fourth_moment(noise: Tensor) -> None:
    # E|n|⁴ = 2·N0² for a circular complex Gaussian.
    assert noise.abs().double().pow(4).mean().item() == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 4.0, 7.0, 10.0])
def test_uncoded_qpsk_has_the_textbook_bit_error_rate(
    bits: Tensor, symbols: Tensor, snr_db: float
) -> None:
    received, _ = awgn(symbols, snr_db, Draws(3, range(IMAGES)))
    decided = torch.stack([received.real < 0, received.imag < 0], dim=-1)
    errors = int((decided != bits.bool()).sum())
    interval = binomtest(errors, bits.numel()).proportion_ci(CONFIDENCE, method="exact")
    theory = 0.5 * math.erfc(math.sqrt(10 ** (snr_db / 10) / 2))
    assert interval.low <= theory <= interval.high


@pytest.mark.parametrize("snr_db", [-5.0, 0.0, 12.5])
def test_receiver_is_told_gain_one_and_n0(snr_db: float) -> None:
    _, knowledge = awgn(torch.ones(3, 8, dtype=torch.complex64), snr_db, Draws(0, range(3)))
    assert knowledge.gain.shape == knowledge.noise_variance.shape == (3,)
    assert torch.equal(knowledge.gain, torch.ones(3, dtype=torch.complex64))
    torch.testing.assert_close(knowledge.noise_variance, torch.full((3,), 10 ** (-snr_db / 10)))


def test_noise_does_not_look_at_the_power_of_the_symbols() -> None:
    loud, quiet = torch.full((1, 64), 100.0 + 0j), torch.zeros(1, 64, dtype=torch.complex64)
    draws = Draws(0, [5])
    torch.testing.assert_close(
        awgn(loud, 3.0, draws)[0] - loud, awgn(quiet, 3.0, draws)[0], atol=1e-4, rtol=0
    )


def test_same_image_sees_the_same_noise_scaled_at_every_snr() -> None:
    silence = torch.zeros(2, 64, dtype=torch.complex64)
    draws = Draws(0, [5, 9])
    torch.testing.assert_close(
        awgn(silence, 20.0, draws)[0] * 10**0.5, awgn(silence, 10.0, draws)[0]
    )


def test_every_image_needs_a_draw_of_its_own() -> None:
    with pytest.raises(ValueError, match="2 images need as many draws, not 1"):
        awgn(torch.ones(2, 8, dtype=torch.complex64), 0.0, Draws(0, [0]))
