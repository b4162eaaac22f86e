"""Transposed convolutions written as plain ones."""

import pytest
import torch
from torch import nn

from semjscc.export.convolutions import as_convolution, without_transposed


@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "added"),
    [(5, 1, 2, 0), (5, 2, 2, 1), (4, 4, 0, 0), (4, 2, 1, 0), (3, 3, 0, 0), (7, 2, 3, 1)],
)
def test_plain_convolution_gives_the_same(
    kernel: int, stride: int, padding: int, added: int
) -> None:
    transposed = nn.ConvTranspose2d(3, 5, kernel, stride, padding, output_padding=added)
    x = torch.rand(2, 3, 6, 4)
    with torch.no_grad():
        right, found = transposed(x), as_convolution(transposed)(x)
    assert found.shape == right.shape
    assert torch.allclose(found, right, atol=1e-6)


@pytest.mark.parametrize(
    "settings",
    [
        {"kernel_size": 3, "stride": 2},  # its output is not twice as large
        {"kernel_size": (3, 5), "padding": (1, 2)},
        {"kernel_size": 3, "padding": 1, "groups": 3},
        {"kernel_size": 3, "padding": 2, "dilation": 2},
    ],
)
def test_others_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match="cannot be written as a plain convolution"):
        as_convolution(nn.ConvTranspose2d(3, 3, **settings))


def test_whole_network_has_none_left() -> None:
    network = nn.Sequential(nn.ConvTranspose2d(2, 4, 4, 4), nn.Sequential(nn.PReLU(4)))
    x = torch.rand(1, 2, 3, 3)
    with torch.no_grad():
        right = network(x)
        assert torch.allclose(without_transposed(network)(x), right, atol=1e-6)
    assert not any(isinstance(part, nn.ConvTranspose2d) for part in network.modules())
