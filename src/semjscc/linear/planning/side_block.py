"""A few bytes before the symbols they belong to, through the 5G code, within the same k symbols.

The libraries of the code take seconds to import, and many codecs come here that never need them:
so functions import it themselves.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

from torch import Tensor

from semjscc.linear.planning.announcement import LENGTH_BITS, Block, block_uses

if TYPE_CHECKING:
    from semjscc.separation.modes import Mode

USUAL_GAP_DB = 4.5
"""From the capacity of so much less SNR to what the modes carry."""
MARGIN_DB = 2.0
"""The picture bears a wrong belief in the SNR, and so must what belongs to it; at 20 dB a
transmitter that clips takes more than 1 dB. Each dB makes the block about a tenth longer."""


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
    return None if mode is None else Block(length, _modes(uses).index(mode))


def _carries(payload: bytes, k: int, length: int, snr_db: float) -> bool:
    mode = _mode(block_uses(k, length), snr_db)
    return mode is not None and mode.payload_bytes >= len(payload)


def send_block(payload: bytes, block: Block, k: int) -> Tensor:
    """The bytes as symbols of mean energy 1: (uses,) complex64."""
    from semjscc.separation.transport import bytes_to_bits, encode

    mode = _modes(block.uses(k))[block.mode]
    return encode(bytes_to_bits(payload, mode)[None], mode, block.uses(k))[0]


def receive_block(symbols: Tensor, noise_variance: Tensor, block: Block, k: int) -> bytes | None:
    """The payload with zeros behind it, None where it is lost.

    Args:
        symbols: (uses,) complex64, equalised.
        noise_variance: N0 of each.
        block: as it was sent.
        k: of the whole image.
    """
    from semjscc.separation.transport import bits_to_bytes, decode

    modes = _modes(block.uses(k))
    if block.mode >= len(modes):
        return None
    bits, intact = decode(
        symbols[None].cpu(), noise_variance[None].cpu(), modes[block.mode], block.uses(k)
    )
    return bits_to_bytes(bits[0]) if intact[0] else None


def _modes(uses: int) -> tuple[Mode, ...]:
    from semjscc.separation.modes import modes_for

    return modes_for(uses)


@lru_cache(maxsize=1024)
def _mode(uses: int, snr_db: float) -> Mode | None:
    from semjscc.separation.table import choose_mode

    return choose_mode(uses, snr_db - MARGIN_DB)
