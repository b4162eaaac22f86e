"""What the receiver is told of a picture's strengths, as bytes, and what both ends conclude.

Shapes: h x w blocks of 768 coefficients, the means of blocks as an overview; h' x w' regions of G
groups.
"""

import torch
from torch import Tensor

from semjscc.linear.planning.logs import STEP, strongest_logs, told_logs
from semjscc.linear.planning.regions import LAYOUTS, Layout
from semjscc.linear.planning.selection import Water
from semjscc.linear.planning.strength_code import decode, encode, from_symbols, to_symbols


def describe(strengths: Tensor, layout: Layout, water: Water, noise: float) -> bytes:
    """Strengths (G, h', w') of a layout as bytes: one for the layout, then a code.

    What stays below the water's floor is not told.
    """
    floors = _floors(layout, water, noise)
    return bytes([LAYOUTS.index(layout)]) + encode(strengths.numpy(), floors.numpy())


def understand(payload: bytes, water: Water, noise: float, size: tuple[int, int]) -> Tensor | None:
    """The log-variances (768, h, w) that the bytes tell, None where no sender wrote them.

    Bytes behind their end do not matter.
    """
    if not payload or payload[0] >= len(LAYOUTS):
        return None
    layout = LAYOUTS[payload[0]]
    floors = _floors(layout, water, noise)
    try:
        symbols = decode(payload[1:], floors.numpy(), layout.regions(size))
    except ValueError:
        return None
    return told_logs(torch.from_numpy(from_symbols(symbols, floors.numpy())), layout, size)


def understood(
    strengths: Tensor, layout: Layout, water: Water, noise: float, size: tuple[int, int]
) -> Tensor:
    """What `understand` makes of what `describe` says of strengths (G, h', w'): (768, h, w)."""
    floors = _floors(layout, water, noise).numpy()
    known = from_symbols(to_symbols(strengths.numpy(), floors), floors)
    return told_logs(torch.from_numpy(known), layout, size)


def _floors(layout: Layout, water: Water, noise: float) -> Tensor:
    """The highest strength of each group with which all of it stays below the floor: (G,)."""
    room = water.floor_log(noise) - strongest_logs(layout)
    return room.div(STEP, rounding_mode="floor")
