"""The block transform: an orthonormal cosine transform, strongest coefficients first."""

import numpy as np
import pytest
import torch
from scipy.fft import dctn
from skimage import data

from semjscc.codecs.blocks import block_transform

WHOLE = 48


def test_basis_is_orthonormal() -> None:
    basis = block_transform(WHOLE).flatten(1)
    torch.testing.assert_close(basis @ basis.T, torch.eye(WHOLE), atol=1e-6, rtol=0)


def test_coefficients_of_grey_blocks_are_those_of_scipy() -> None:
    grey = np.random.default_rng(0).random((4, 4))
    block = torch.tensor(np.stack([grey] * 3), dtype=torch.float32)
    ours = (block_transform(WHOLE) * block).sum(dim=(1, 2, 3))
    scipy = 3**0.5 * np.asarray(dctn(grey, norm="ortho")).flatten()
    expected = np.sort(np.concatenate([scipy, np.zeros(32)]))
    np.testing.assert_allclose(np.sort(ours.numpy()), expected, atol=1e-5)


@pytest.mark.parametrize("depth", [2, 4, 8, 16])
def test_fewer_coefficients_are_the_first_ones(depth: int) -> None:
    assert torch.equal(block_transform(depth), block_transform(WHOLE)[:depth])


def test_order_follows_what_photographs_have() -> None:
    pixels = torch.from_numpy(data.astronaut()).float().permute(2, 0, 1)[None] / 255
    coefficients = torch.nn.functional.conv2d(pixels - 0.5, block_transform(WHOLE), stride=4)
    variance = coefficients.var(dim=(0, 2, 3))
    kept = variance[:16].sum() / variance.sum()
    best = variance.sort(descending=True).values[:16].sum() / variance.sum()
    assert kept > 0.97
    assert best - kept < 0.02
