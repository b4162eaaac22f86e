"""Which of a picture's coefficients are sent where each block may send the same number of them.

A picture of n = h x w blocks may send so many real numbers: each block its ``numbers // n``
strongest coefficients, and as many blocks as that leaves numbers one more, spread evenly over the
picture. Where there are more numbers than coefficients the last ones stay empty.

Numbers stand coefficient by coefficient, each in all blocks row by row. Two neighbours are one
complex symbol.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from semjscc.linear.transform import COEFFICIENTS


@dataclass(frozen=True)
class Share:
    """How ``numbers`` real numbers are shared among the blocks.

    Attributes:
        numbers: of the picture, 2k.
        rows, columns: h and w, the picture's blocks.
    """

    numbers: int
    rows: int
    columns: int

    @property
    def depth(self) -> int:
        """D, the most coefficients that any block sends."""
        return min(-(-self.numbers // self._blocks), COEFFICIENTS)

    def counts(self) -> Tensor:
        """How many blocks send each coefficient: (D,) float32."""
        counts = torch.full((self.depth,), float(self._blocks))
        if self._left:
            counts[-1] = self._left
        return counts

    def pack(self, coefficients: Tensor) -> Tensor:
        """Coefficients (B, D, h, w) -> the numbers (B, 2k); those of no block are left out."""
        flat = coefficients.flatten(2)
        whole, last = self._whole(), flat[:, self._whole() :, self._more().to(flat.device)]
        packed = torch.cat([flat[:, :whole].flatten(1), last.flatten(1)], dim=1)
        return F.pad(packed, (0, self.numbers - packed.shape[1]))

    def unpack(self, numbers: Tensor) -> Tensor:
        """The inverse of `pack`: (B, 2k) -> (B, D, h, w), zero where nothing was sent."""
        whole = self._whole() * self._blocks
        first = numbers[:, :whole].unflatten(1, (-1, self._blocks))
        if self._left:
            last = numbers.new_zeros(len(numbers), 1, self._blocks)
            last[:, 0, self._more().to(numbers.device)] = numbers[:, whole : whole + self._left]
            first = torch.cat([first, last], dim=1)
        return first.unflatten(2, (self.rows, self.columns))

    @property
    def _blocks(self) -> int:
        return self.rows * self.columns

    @property
    def _left(self) -> int:
        """Blocks that send one coefficient more than the others."""
        return 0 if self.numbers >= COEFFICIENTS * self._blocks else self.numbers % self._blocks

    def _whole(self) -> int:
        """Coefficients that every block sends."""
        return self.depth - 1 if self._left else self.depth

    def _more(self) -> Tensor:
        """(h·w,) bool: the blocks that send one more, as evenly as their count allows."""
        place = torch.arange(self._blocks + 1) * self._left // self._blocks
        return place.diff() > 0
