"""Linear coding against its closed form: the error that theory promises is the one measured."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor

from semjscc.channels import CHANNELS
from semjscc.channels.base import ChannelKnowledge
from semjscc.codecs.bandwidth import channel_uses
from semjscc.data.drawn.backdrops import backdrop
from semjscc.linear.overview import to_overview
from semjscc.linear.planning.plans import plan_received
from semjscc.linear.spectrum import mean_colour, variances
from semjscc.linear.transform import COEFFICIENTS, analyse, synthesise
from semjscc.links.joint_coding.linear import LinearLink
from semjscc.links.joint_coding.linear_adaptive import AdaptiveLinearLink
from semjscc.randomness import Draws

DRAWS = 24


def photograph(side: int) -> Tensor:
    """(1, 3, side, side), a crop of one of scikit-image's photographs."""
    pixels = backdrop(np.random.default_rng(5), "test", side)
    return torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255


def water_filling(sigma: np.ndarray, power: float, noise: float) -> np.ndarray:
    """Powers max(0, σ·w − N) of a given sum, by bisection of the level w."""
    low, high = 0.0, (power + noise) * len(sigma) / sigma.max()
    for _ in range(200):
        level = (low + high) / 2
        spent = np.maximum(0, sigma * level - noise).sum()
        low, high = (level, high) if spent < power else (low, level)
    return np.maximum(0, sigma * low - noise)


def measured(
    link: LinearLink, images: Tensor, ratio: Fraction, snr_db: float, draws: int = DRAWS
) -> Tensor:
    """The squared error summed over the pictures, for each of many noises: (draws,)."""
    sent = link.transmit(images, ratio, snr_db)
    errors = []
    for draw in range(draws):
        received, knowledge = CHANNELS["awgn"](
            sent.symbols, snr_db, Draws(0, range(len(images)), draw)
        )
        guess = link.estimate(received, knowledge, sent.control)
        errors.append((guess - images).double().square().sum())
    return torch.stack(errors)


@pytest.mark.parametrize("snr_db", [0.0, 10.0, 20.0])
@pytest.mark.parametrize("ratio", [Fraction(1, 48), Fraction(1, 12)])
def test_gaussian_sources_arrive_with_the_error_of_the_formula(
    ratio: Fraction, snr_db: float
) -> None:
    sigma2 = variances()[:, None, None]
    noise = torch.randn(1, COEFFICIENTS, 16, 16, generator=torch.Generator().manual_seed(7))
    images = synthesise(sigma2.sqrt() * noise)
    found = measured(LinearLink(), images, ratio, snr_db, 4).mean() / 16**2
    # D numbers a block, each of mean power 1 against noise N.
    count, n0 = int(2 * ratio * COEFFICIENTS), 10 ** (-snr_db / 10)
    sigma = variances().double().sqrt().numpy()
    powers = water_filling(sigma[:count], count, n0)
    promised = (sigma[:count] ** 2 * n0 / (powers + n0)).sum() + (sigma[count:] ** 2).sum()
    # A sum over 256 blocks of squares of Gaussians, among which a few coefficients count most.
    parts = np.concatenate([sigma[:count] ** 2 * n0 / (powers + n0), sigma[count:] ** 2])
    deviation = np.sqrt(2 * (parts**2).sum() / 16**2)
    assert float(found) == pytest.approx(promised, abs=4 * deviation)


@pytest.mark.parametrize("snr_db", [-5.0, 10.0, 20.0])
@pytest.mark.parametrize("ratio", [Fraction(1, 96), Fraction(1, 12)])
def test_a_photograph_arrives_with_the_error_that_its_coefficients_promise(
    ratio: Fraction, snr_db: float
) -> None:
    link, images = LinearLink(), photograph(96)
    errors = measured(link, images, ratio, snr_db)
    n0, count = 10 ** (-snr_db / 10), int(2 * ratio * COEFFICIENTS)
    energies = analyse(images)[0].double().square().sum(dim=(1, 2)).numpy()
    sigma = variances().double().sqrt().numpy()[:count]
    powers = water_filling(sigma, count, n0)
    # Sent with the gain that makes the power 1, and multiplied back by it.
    gain2 = (powers / sigma**2 * energies[:count]).sum() / (36 * count)
    share = powers / (powers + n0)
    promised = (
        ((1 - share) ** 2 * energies[:count]).sum()
        + 36 * gain2 * (sigma**2 * powers * n0 / (powers + n0) ** 2).sum()
        + energies[count:].sum()
    )
    interval = 4 * float(errors.std()) / DRAWS**0.5
    # The gain is told in steps of 1/24 octave, so that it is off by 1.5 % at most.
    rounding = 0.015**2 * energies[:count].sum()
    assert float(errors.mean()) == pytest.approx(promised, abs=interval + rounding)


@pytest.mark.parametrize(("snr_db", "ratio"), [(0.0, Fraction(1, 12)), (10.0, Fraction(1, 24))])
def test_adaptive_coding_too_arrives_with_the_error_that_its_coefficients_promise(
    snr_db: float, ratio: Fraction
) -> None:
    link, images = AdaptiveLinearLink(), photograph(128)
    sent = link.transmit(images, ratio, snr_db)
    (control,) = sent.control
    assert control.announced is not None
    k, n0, size = sent.symbols.shape[1], 10 ** (-snr_db / 10), (8, 8)
    known = plan_received(sent.symbols[0], torch.full((k,), n0), control.announced, size, n0)
    assert known.whole
    assert known.uses > 0
    sending, uses = known.sending, known.uses
    coefficients = to_overview(analyse(images)[0])
    energies = sending.pack(coefficients).double().square()
    powers = (sending.amplitudes.square() * sending.variances).double()
    share = powers / (powers + n0)
    # Numbers that share what power the block leaves, multiplied back by their gain.
    left = 2 * (k - float(sent.symbols[0, :uses].abs().square().sum()))
    gain2 = (powers / sending.variances * energies).sum() / left
    promised = (
        ((1 - share).square() * energies).sum()
        + gain2 * (sending.variances * share * (1 - share)).sum()
        + coefficients.double().square().sum()
        - energies.sum()
    )
    errors = []
    for draw in range(DRAWS):
        received, knowledge = CHANNELS["awgn"](sent.symbols, snr_db, Draws(0, [0], draw))
        guess, delivered = link.estimate(received, knowledge, sent.control)
        assert delivered.tolist() == [True]
        errors.append((guess - images).double().square().sum())
    found = torch.stack(errors)
    interval = 4 * float(found.std()) / DRAWS**0.5 + 0.015**2 * float(energies.sum())
    assert float(found.mean()) == pytest.approx(float(promised), abs=interval)


def test_what_is_erased_costs_its_variance_and_no_more() -> None:
    link, images, ratio = LinearLink(), photograph(64), Fraction(1, 12)
    sent = link.transmit(images, ratio, 10.0)
    variance = torch.where(torch.arange(sent.symbols.shape[1]) % 3 == 0, torch.inf, 0.0)[None]
    knowledge = ChannelKnowledge(torch.ones(1, dtype=torch.complex64), variance)
    damaged = torch.where(variance.isinf(), torch.nan, sent.symbols)
    found = analyse(link.estimate(damaged, knowledge, sent.control))[0]
    count = int(2 * ratio * COEFFICIENTS)
    lost = (torch.arange(2 * channel_uses(64, 64, ratio)) // 2 % 3 == 0).reshape(count, 4, 4)
    true = analyse(images)[0]
    assert (found[:count][lost].abs() < 1e-4).all()
    # What is not lost came without noise: exact but for the gain's rounding.
    kept = ~lost & (found[:count] != 0)
    torch.testing.assert_close(found[:count][kept], true[:count][kept], rtol=0.015, atol=1e-3)
    assert (found[count:].abs() < 1e-4).all()


def test_an_image_of_the_mean_colour_arrives_as_it_is() -> None:
    images = mean_colour()[:, None, None].expand(1, 3, 32, 32)
    link = LinearLink()
    sent = link.transmit(images, Fraction(1, 12), 20.0)
    received, knowledge = CHANNELS["awgn"](sent.symbols, 20.0, Draws(0, [0]))
    guess = link.estimate(received, knowledge, sent.control)
    torch.testing.assert_close(guess, images, atol=0.05, rtol=0)
