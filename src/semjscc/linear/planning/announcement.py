"""What the receiver must be told before it can read a picture's symbols: 22 bits.

    water level 6 │ floor 4 │ block's length 6 │ its mode 6

It stands apart from what makes and reads the block, since a modem's header needs no channel code.
"""

from dataclasses import dataclass

from semjscc.linear.planning.selection import FLOOR_BITS, LEVEL_BITS, Water

LENGTH_BITS, MODE_BITS = 6, 6
ANNOUNCED_BITS = LEVEL_BITS + FLOOR_BITS + LENGTH_BITS + MODE_BITS
STEPS_AN_OCTAVE = 8
LARGEST_SHARE = 3 / 8
"""Of the k symbols. Then the block has less than all of the power even if every symbol of it is a
corner of 256-QAM, whose power is 2.65."""


@dataclass(frozen=True)
class Block:
    """How the strengths are sent: in a block of one of 63 lengths, each 2^(1/8) times the last.

    Attributes:
        length: place of its length on the scale, from 1; 0 where there is no block.
        mode: place of the mode among those of so many symbols.
    """

    length: int
    mode: int

    def uses(self, k: int) -> int:
        """Symbols that it takes of k."""
        return block_uses(k, self.length)


NO_BLOCK = Block(0, 0)


def block_uses(k: int, length: int) -> int:
    """Symbols of a block of that place on the scale; the last takes 3/8 of k."""
    if length == 0:
        return 0
    longest = (1 << LENGTH_BITS) - 1
    return max(1, int(k * LARGEST_SHARE * 2 ** ((length - longest) / STEPS_AN_OCTAVE)))


@dataclass(frozen=True)
class Announcement:
    """What a sender tells of its plan.

    Attributes:
        water: how high the water stands.
        block: how the strengths are sent.
    """

    water: Water
    block: Block = NO_BLOCK
