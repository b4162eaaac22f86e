"""The page's link ``importance``: what matters, as a network or a person says, and what it got.

It is ``linear-adaptive+importance-energy@α``. A person says what matters by a box over the image;
where there is none, the receiver's network does, which the sender runs as well.
"""

from typing import Any

from torch import Tensor

from semjscc.allocation.marks import Box, check_box, parse_box
from semjscc.allocation.masks import drawn_mask
from semjscc.allocation.policy import IMPORTANCE_ENERGY, Policy
from semjscc.allocation.sender import Allocation, ByMask
from semjscc.errors import UserError
from semjscc.images import to_float
from semjscc.importance.maps import overlay
from semjscc.linear.planning.weights import squares
from semjscc.linear.transform import BLOCK
from semjscc.links import SymbolLink, Transmission
from semjscc.links.joint_coding.linear_adaptive import AdaptiveLinearLink, symbols_of_blocks
from semjscc.perception.base import Perception

NAME = "importance"
ALPHA, LARGEST_ALPHA = 0.5, 1.0
"""Where nobody moves the slider, and its end."""


def check_alpha(alpha: Any) -> float:
    """The exponent of importance that came from the page.

    Raises:
        UserError: it is none that the page offers.
    """
    if not isinstance(alpha, int | float) or isinstance(alpha, bool):
        raise UserError("α is a number")
    if not 0 <= alpha <= LARGEST_ALPHA:
        raise UserError(f"α lies between 0 and {LARGEST_ALPHA:g} here")
    return float(alpha)


def read_box(text: Any) -> Box | None:
    """The box that came from the page, ``x,y,w,h``; None for none.

    Raises:
        UserError: it is no box.
    """
    written = "".join(text.split()) if isinstance(text, str) else None
    if written == "":
        return None
    if written is None or (box := parse_box(written)) is None:
        raise UserError("what matters is a box x,y,w,h of whole pixels, such as 40,30,64,64")
    return box


def importance_link(
    alpha: float, box: Box | None, size: tuple[int, int], network: Perception
) -> SymbolLink:
    """The link for one image.

    Args:
        alpha: exponent of importance.
        box: what matters; None where the network says it.
        size: of the image, H x W.
        network: the receiver's.

    Raises:
        UserError: the box does not lie within the image, or the network has no gradients.
    """
    policy = Policy(IMPORTANCE_ENERGY, alpha)
    if box is None:
        return AdaptiveLinearLink(NAME, Allocation(policy, network))
    check_box(box, size)
    return AdaptiveLinearLink(NAME, ByMask(policy, mask=drawn_mask([box], [], size)))


def symbols_picture(pixels: Tensor, sent: Transmission) -> Tensor:
    """Where the symbols of the link went, over the image: the brighter, the more.

    Args:
        pixels: (3, H, W) uint8, the image.
        sent: its transmission.

    Returns:
        (3, H, W) in [0, 1].
    """
    taken = symbols_of_blocks(sent.symbols[0], sent.control[0])
    relative = taken / taken.max().clamp_min(1)
    grown = relative.repeat_interleave(BLOCK, 0).repeat_interleave(BLOCK, 1)
    height, width = pixels.shape[-2:]
    return overlay(to_float(pixels)[None], grown[None, :height, :width])[0]


def what_matters(alpha: float, box: Box | None, size: tuple[int, int]) -> str:
    """One line on what the sender took for important in an image of H x W."""
    blocks = -(-size[0] // BLOCK), -(-size[1] // BLOCK)
    if alpha == 0:
        return "α is 0: all regions count alike."
    if squares(blocks) == (1, 1):
        return "An image this small has one weight: all of it counts alike."
    said = "as the network says" if box is None else f"the box {','.join(map(str, box))}"
    return f"What matters: {said}, with α = {alpha:g}."
