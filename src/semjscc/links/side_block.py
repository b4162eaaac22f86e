"""A few bytes before the symbols they belong to, through the 5G code, within the same k symbols.

The block has one of 63 lengths, each 2^(1/8) times the one before, so that six bits tell it.
"""

from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from semjscc.separation.modes import Mode, modes_for
from semjscc.separation.table import choose_mode
from semjscc.separation.transport import bits_to_bytes, bytes_to_bits, decode, encode

LENGTH_BITS = 6
STEPS_AN_OCTAVE = 8
LARGEST_SHARE = 0.5
"""Of the k symbols; more is better spent on the picture itself."""


@dataclass(frozen=True)
class Block:
    """How the bytes are sent.

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
    """Symbols of a block of that place on the scale; the last takes half of k."""
    if length == 0:
        return 0
    longest = (1 << LENGTH_BITS) - 1
    return max(1, int(k * LARGEST_SHARE * 2 ** ((length - longest) / STEPS_AN_OCTAVE)))


def block_for(payload: bytes, k: int, snr_db: float) -> Block | None:
    """The shortest block that carries a payload reliably at an SNR in dB, None where none does."""
    lowest, highest = 1, 1 << LENGTH_BITS
    while lowest < highest:
        middle = (lowest + highest) // 2
        mode = _mode(block_uses(k, middle), snr_db) if middle < 1 << LENGTH_BITS else None
        if mode is not None and mode.payload_bytes >= len(payload):
            highest = middle
        else:
            lowest = middle + 1
    if lowest == 1 << LENGTH_BITS:
        return None
    uses = block_uses(k, lowest)
    mode = _mode(uses, snr_db)
    return None if mode is None else Block(lowest, modes_for(uses).index(mode))


def send_block(payload: bytes, block: Block, k: int) -> Tensor:
    """The bytes as symbols of mean energy 1: (uses,) complex64."""
    mode = modes_for(block.uses(k))[block.mode]
    return encode(bytes_to_bits(payload, mode)[None], mode, block.uses(k))[0]


def receive_block(
    symbols: Tensor, noise_variance: Tensor, block: Block, k: int
) -> bytes | None:
    """The payload with zeros behind it, None where it is lost.

    Args:
        symbols: (uses,) complex64, equalised.
        noise_variance: N0 of each.
        block: as it was sent.
        k: of the whole image.
    """
    modes = modes_for(block.uses(k))
    if block.mode >= len(modes):
        return None
    bits, intact = decode(
        symbols[None].cpu(), noise_variance[None].cpu(), modes[block.mode], block.uses(k)
    )
    return bits_to_bytes(bits[0]) if intact[0] else None


@lru_cache(maxsize=1024)
def _mode(uses: int, snr_db: float) -> Mode | None:
    return choose_mode(uses, snr_db)
