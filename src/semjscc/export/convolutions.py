"""Transposed convolutions as plain ones, which onnxruntime runs faster and in 8 bits."""

import torch
from torch import Tensor, nn


def without_transposed(network: nn.Module) -> nn.Module:
    """Replace every transposed convolution in a network, in place.

    Returns:
        the network, whose outputs are the same but for the last bits.

    Raises:
        ValueError: as of `as_convolution`.
    """
    if isinstance(network, nn.ConvTranspose2d):
        return as_convolution(network)
    for name, part in network.named_children():
        setattr(network, name, without_transposed(part))
    return network


def as_convolution(transposed: nn.ConvTranspose2d) -> nn.Module:
    """A convolution to S² times the channels, shuffled to S times the sides.

    Of the output place S·q + r the input place q + d has the weight r + P - S·d, for kernel K,
    stride S and padding P, so that each r in [0, S) is a convolution of its own.

    Args:
        transposed: its kernel, stride and padding alike in both directions, no groups and no
            dilation, its output S times as large as its input.

    Raises:
        ValueError: it is another.
    """
    kernel, stride, padding = transposed.kernel_size[0], transposed.stride[0], transposed.padding[0]
    assert isinstance(padding, int)
    added = transposed.output_padding[0]
    odd = any(one[0] != one[-1] for one in (transposed.kernel_size, transposed.stride))
    if odd or transposed.groups != 1 or stride - kernel + 2 * padding != added:
        raise ValueError(f"{transposed} cannot be written as a plain convolution")
    reach = max((stride - 1 + padding) // stride, -((padding - kernel + 1) // stride))
    plain = nn.Conv2d(
        transposed.in_channels,
        transposed.out_channels * stride**2,
        2 * reach + 1,
        padding=reach,
        bias=transposed.bias is not None,
    )
    with torch.no_grad():
        plain.weight.copy_(_weights(transposed.weight, stride, padding, reach))
        if transposed.bias is not None and plain.bias is not None:
            plain.bias.copy_(transposed.bias.repeat_interleave(stride**2))
    return plain if stride == 1 else nn.Sequential(plain, nn.PixelShuffle(stride))


def _weights(weight: Tensor, stride: int, padding: int, reach: int) -> Tensor:
    """(inputs, outputs, K, K) -> (outputs·S², inputs, D, D), as `nn.PixelShuffle` wants them."""
    inputs, outputs, kernel, _ = weight.shape
    place = torch.arange(stride)[:, None] + padding
    taken = place - stride * torch.arange(-reach, reach + 1)  # (S, D)
    known = (taken >= 0) & (taken < kernel)
    taken = taken.clamp(0, kernel - 1)
    # (inputs, outputs, S, D, S, D)
    spread = weight[:, :, taken][..., taken] * (known[:, :, None, None] & known)
    side = 2 * reach + 1
    return spread.permute(1, 2, 4, 0, 3, 5).reshape(outputs * stride**2, inputs, side, side)
