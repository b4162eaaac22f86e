"""The two ends of a codec as functions of real numbers, with inputs to try them at."""

from collections.abc import Mapping
from typing import NamedTuple

from torch import Tensor, nn


class End(NamedTuple):
    """An encoder or a decoder.

    Attributes:
        network: takes the inputs in their order.
        example: inputs by name, at which the network is written.
        other: inputs at which what was written is tried.
        output: its name.
        any_size: whether it takes other numbers of images, and images of other sizes.
    """

    network: nn.Module
    example: Mapping[str, Tensor]
    other: Mapping[str, Tensor]
    output: str
    any_size: bool


class Ends(NamedTuple):
    """Both of them."""

    encoder: End
    decoder: End
