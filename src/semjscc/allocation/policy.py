"""Which error a sender makes least, by name.

    uniform             Σ e      every region has the same symbols and the same power
    energy              Σ d      what rate-adaptive codecs do: room and power go to strong regions
    importance          Σ w·e    room and power go to regions that matter, however strong they are
    importance-energy   Σ w·d    and, among equally strong ones, to those that matter to the result
    semantic            the same; then the symbols are tuned to the network's own error

d is the squared error that a region is expected to have, and e what it would be were every region
as strong as photographs are on average. w = i^α is a region's weight, from its importance i over
the picture's mean. With α = 0 nothing is weighed: ``importance-energy`` is ``energy`` then, and
``importance`` is ``uniform``. Where importance comes from: `semjscc.allocation.sources`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from semjscc.errors import UserError, did_you_mean, printable

if TYPE_CHECKING:  # a mistake in a name is found before torch is imported
    from torch import Tensor

UNIFORM, ENERGY, SEMANTIC = "uniform", "energy", "semantic"
IMPORTANCE, IMPORTANCE_ENERGY = "importance", "importance-energy"
POLICIES = (UNIFORM, ENERGY, IMPORTANCE, IMPORTANCE_ENERGY, SEMANTIC)
DEFAULT_EXPONENT = 1.0
LARGEST_EXPONENT = 4.0
LEAST_IMPORTANCE = 1 / 16
"""Of a region, relative to the picture's mean: the background stays recognisable."""


@dataclass(frozen=True)
class Policy:
    """How a sender divides k symbols and power 1.

    Attributes:
        name: one of `POLICIES`.
        exponent: α, 0 for weights that are all the same.
    """

    name: str
    exponent: float = DEFAULT_EXPONENT

    @property
    def weighs(self) -> bool:
        """Whether importance makes a difference."""
        return self.name not in (UNIFORM, ENERGY) and self.exponent > 0

    @property
    def blind(self) -> bool:
        """Whether it does not look at how strong a region is."""
        return self.name in (UNIFORM, IMPORTANCE)

    @property
    def tunes(self) -> bool:
        """Whether what is sent of each image is tuned, too: see `semjscc.allocation.tuning`."""
        return self.name == SEMANTIC

    def weights(self, importance: Tensor) -> Tensor:
        """Weights of blocks from their importance, both (B, h, w) ≥ 0 of any scale."""
        mean = importance.mean(dim=(1, 2), keepdim=True).clamp_min(1e-30)
        return (importance / mean).clamp_min(LEAST_IMPORTANCE) ** self.exponent


def parse_policy(text: str) -> Policy:
    """A policy as people write it, such as ``importance-energy`` or ``importance-energy@0.5``.

    Raises:
        UserError: there is no such policy, or no such exponent.
    """
    name, at, exponent = text.partition("@")
    if name not in POLICIES:
        hint = did_you_mean(name, POLICIES) or f": there are {', '.join(POLICIES)}"
        raise UserError(f"no allocation '{printable(name)}'{hint}")
    if not at:
        return Policy(name)
    try:
        alpha = float(exponent)
    except ValueError:
        alpha = math.nan
    if name in (UNIFORM, ENERGY) or not 0 <= alpha <= LARGEST_EXPONENT:
        raise UserError(
            f"{printable(text)}: behind the @ of {IMPORTANCE}, {IMPORTANCE_ENERGY} or {SEMANTIC} "
            f"stands an exponent from 0 to {LARGEST_EXPONENT:g}"
        )
    return Policy(name, alpha)
