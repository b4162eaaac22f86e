"""The block transform against SciPy's, and as an orthonormal matrix."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dctn

from semjscc.linear.spectrum import mean_colour, order, variances
from semjscc.linear.transform import BLOCK, COEFFICIENTS, analyse, block_basis, synthesise

SIDES = st.integers(1, 3).map(lambda blocks: blocks * BLOCK)


def test_the_basis_is_orthonormal() -> None:
    basis = block_basis().flatten(1)
    assert basis.shape == (COEFFICIENTS, COEFFICIENTS)
    torch.testing.assert_close(basis @ basis.T, torch.eye(COEFFICIENTS), atol=1e-5, rtol=0)


def test_coefficients_are_the_cosine_transform_of_luma_and_two_colour_differences() -> None:
    block = torch.rand(1, 3, BLOCK, BLOCK, generator=torch.Generator().manual_seed(1))
    red, green, blue = (block[0] - mean_colour()[:, None, None]).double().numpy()
    colours = [
        (red + green + blue) / 3**0.5,
        (red - blue) / 2**0.5,
        (green - (red + blue) / 2) / 1.5**0.5,
    ]
    natural = np.concatenate([dctn(colour, norm="ortho").ravel() for colour in colours])
    np.testing.assert_allclose(analyse(block)[0, :, 0, 0], natural[order()], atol=1e-4)


@given(SIDES, SIDES, st.integers(1, 2), st.integers(0, 2**31))
@settings(max_examples=10)
def test_synthesis_undoes_analysis(height: int, width: int, batch: int, seed: int) -> None:
    images = torch.rand(batch, 3, height, width, generator=torch.Generator().manual_seed(seed))
    coefficients = analyse(images)
    assert coefficients.shape == (batch, COEFFICIENTS, height // BLOCK, width // BLOCK)
    torch.testing.assert_close(synthesise(coefficients), images, atol=1e-5, rtol=0)


def test_fewer_coefficients_leave_the_others_zero() -> None:
    images = torch.rand(2, 3, 32, 48, generator=torch.Generator().manual_seed(2))
    coefficients = analyse(images)
    kept = torch.where(torch.arange(COEFFICIENTS)[:, None, None] < 20, coefficients, 0)
    torch.testing.assert_close(synthesise(coefficients[:, :20]), synthesise(kept))


def test_gradients_pass_though_the_basis_was_first_made_for_inference() -> None:
    block_basis.cache_clear()
    with torch.inference_mode():
        analyse(torch.zeros(1, 3, BLOCK, BLOCK))
    images = torch.zeros(1, 3, BLOCK, BLOCK, requires_grad=True)
    synthesise(analyse(images)).sum().backward()
    assert images.grad is not None
    torch.testing.assert_close(images.grad, torch.ones_like(images), atol=1e-4, rtol=0)


def test_the_order_is_by_falling_variance_from_the_mean_on() -> None:
    falling = variances()
    assert falling.shape == (COEFFICIENTS,)
    assert (falling.diff() <= 0).all()
    assert falling[-1] > 0
    assert sorted(order().tolist()) == list(range(COEFFICIENTS))
    # The strongest is the mean of luma, as in any photograph.
    assert int(order()[0]) == 0
    assert block_basis()[0].flatten().tolist() == pytest.approx([COEFFICIENTS**-0.5] * COEFFICIENTS)
