"""A picture's gain, and the spectrum that ships."""

import pytest
import torch

from semjscc.linear.spectrum import gain, mean_colour, variances


@pytest.mark.parametrize("factor", [0.3, 1.0, 2.0])
def test_the_gain_is_how_much_stronger_the_coefficients_are_than_the_spectrum(
    factor: float,
) -> None:
    energies = factor**2 * variances().expand(2, -1)
    assert gain(energies, variances()).tolist() == pytest.approx([factor] * 2)


def test_the_gain_weighs_each_coefficient_by_its_strength() -> None:
    # Weights 2 and 1: (2·36/4 + 1·0)/3 = 6.
    energies, spectrum = torch.tensor([36.0, 0.0]), torch.tensor([4.0, 1.0])
    assert float(gain(energies, spectrum)) == pytest.approx(6**0.5)


def test_the_spectrum_is_that_of_photographs() -> None:
    assert all(0.3 < value < 0.6 for value in mean_colour().tolist())
    # Most of a photograph's strength is in few coefficients.
    share = variances().cumsum(0) / variances().sum()
    assert float(share[31]) > 0.9
