"""A few bytes before the symbols they belong to, through the 5G code, within the same k symbols.

The block has one of 63 lengths, each 2^(1/8) times the one before, so that six bits tell it.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

from torch import Tensor

from semjscc.separation.modes import Mode, modes_for
from semjscc.separation.table import choose_mode
from semjscc.separation.transport import bits_to_bytes, bytes_to_bits, decode, encode

LENGTH_BITS = 6
STEPS_AN_OCTAVE = 8
LARGEST_SHARE = 3 / 8
"""Of the k symbols. Then the block has less than all of the power even if every symbol of it is a
corner of 256-QAM, whose power is 2.65."""
USUAL_GAP_DB = 2.5
"""From the capacity of so much less SNR to what the modes carry."""


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
    """Symbols of a block of that place on the scale; the last takes 3/8 of k."""
    if length == 0:
        return 0
    longest = (1 << LENGTH_BITS) - 1
    return max(1, int(k * LARGEST_SHARE * 2 ** ((length - longest) / STEPS_AN_OCTAVE)))


def likely_uses(payload: bytes, snr_db: float) -> int:
    """About how many symbols a block of these bytes takes, without looking for its mode."""
    bits_a_symbol = math.log2(1 + 10 ** ((snr_db - USUAL_GAP_DB) / 10))
    return math.ceil(8 * len(payload) / bits_a_symbol)


def block_for(payload: bytes, k: int, snr_db: float) -> Block | None:
    """The shortest block that carries a payload reliably at an SNR in dB, None where none does."""
    longest = (1 << LENGTH_BITS) - 1
    likely = likely_uses(payload, snr_db)
    length = next((n for n in range(1, longest) if block_uses(k, n) >= likely), longest)
    if _carries(payload, k, length, snr_db):
        while length > 1 and _carries(payload, k, length - 1, snr_db):
            length -= 1
    elif not _carries(payload, k, longest, snr_db):
        return None
    else:
        while not _carries(payload, k, length, snr_db):
            length += 1
    uses = block_uses(k, length)
    mode = _mode(uses, snr_db)
    return None if mode is None else Block(length, modes_for(uses).index(mode))


def _carries(payload: bytes, k: int, length: int, snr_db: float) -> bool:
    mode = _mode(block_uses(k, length), snr_db)
    return mode is not None and mode.payload_bytes >= len(payload)


def send_block(payload: bytes, block: Block, k: int) -> Tensor:
    """The bytes as symbols of mean energy 1: (uses,) complex64."""
    mode = modes_for(block.uses(k))[block.mode]
    return encode(bytes_to_bits(payload, mode)[None], mode, block.uses(k))[0]


def receive_block(symbols: Tensor, noise_variance: Tensor, block: Block, k: int) -> bytes | None:
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
