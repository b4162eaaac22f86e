"""PSNR and SSIM against their definitions and scikit-image, image by image."""

import math

import pytest
import torch
from skimage.metrics import structural_similarity

from semjscc.metrics import psnr, ssim


def pair(count: int = 3, height: int = 20, width: int = 33) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    images = torch.rand(count, 3, height, width, generator=random)
    noise = torch.randn(images.shape, generator=random) * 0.05
    return images, (images + noise * torch.arange(1, count + 1)[:, None, None, None]).clamp(0, 1)


def test_psnr_is_that_of_each_image() -> None:
    images, received = pair()
    expected = [
        -10 * math.log10(float((a - b).double().square().mean()))
        for a, b in zip(images, received, strict=True)
    ]
    assert psnr(images, received).tolist() == pytest.approx(expected, abs=1e-4)


def test_psnr_of_a_known_error() -> None:
    images = torch.full((1, 3, 16, 16), 0.5)
    assert psnr(images, images + 0.1).tolist() == pytest.approx([20.0], abs=1e-4)


def test_psnr_without_error_is_infinite_for_that_image_alone() -> None:
    images, received = pair()
    received[1] = images[1]
    assert torch.isinf(psnr(images, received)).tolist() == [False, True, False]


@pytest.mark.parametrize(("height", "width"), [(16, 16), (20, 33)])
def test_ssim_agrees_with_scikit_image(height: int, width: int) -> None:
    images, received = pair(height=height, width=width)
    expected = [
        structural_similarity(
            a.double().numpy(),
            b.double().numpy(),
            channel_axis=0,
            data_range=1.0,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
        )
        for a, b in zip(images, received, strict=True)
    ]
    assert ssim(images, received).tolist() == pytest.approx(expected, abs=1e-4)


def test_one_image_alone_gives_one_number() -> None:
    images, received = pair(count=1)
    assert psnr(images, received).shape == ssim(images, received).shape == (1,)
    assert ssim(images, images).tolist() == pytest.approx([1.0])
