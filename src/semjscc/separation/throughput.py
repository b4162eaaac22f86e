"""The SNR that each mode needs, measured: one block in a hundred is lost on the AWGN channel.

The same payloads and the same noise, scaled, serve every SNR, so that a threshold follows from
(mode, k, blocks) alone. Decisions end early where the count of errors already settles them.
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch
from scipy.stats import binom
from torch import Tensor

from semjscc.randomness import Draws, generator
from semjscc.separation.bounds import ERROR_RATE, snr_for
from semjscc.separation.modes import Mode
from semjscc.separation.transport import decode, encode

STEP_DB = 0.1
"""Thresholds are multiples of it."""
HIGHEST_DB = 45.0
DOUBT = 0.002
"""A decision ends early when the counted errors would be this improbable otherwise."""
BATCH_SYMBOLS = 1 << 16
SEED = 0


def lost_blocks(mode: Mode, k: int, snr_db: float, blocks: range) -> int:
    """How many of the numbered blocks arrive wrong or not at all over AWGN."""
    payload, symbols, drawn = _sent(mode, k, blocks)
    noise = 10 ** (-snr_db / 10)
    received = symbols + noise**0.5 * drawn
    bits, ok = decode(received, torch.full((len(blocks),), noise), mode, k)
    return int(((bits != payload).any(dim=1) | ~ok).sum())


@lru_cache(maxsize=16)
def _sent(mode: Mode, k: int, blocks: range) -> tuple[Tensor, Tensor, Tensor]:
    """Payloads (B, payload_bits), their symbols (B, k) and noise of variance 1 (B, k)."""
    bits = [
        generator(SEED, "mcs-payload", index).integers(0, 2, mode.payload_bits, np.uint8)
        for index in blocks
    ]
    payload = torch.from_numpy(np.stack(bits)).float()
    drawn = Draws(SEED, blocks).complex_normal("mcs-noise", k)
    return payload, encode(payload, mode, k), drawn


def is_reliable(lost: Callable[[range], int], blocks: int, batch: int) -> bool:
    """Whether at most `ERROR_RATE` of the blocks are lost, with as few of them as settle it.

    Args:
        lost: counts the losses among numbered blocks.
        blocks: how many there are.
        batch: how many are counted at a time.
    """
    errors = 0
    for start in range(0, blocks, batch):
        sent = min(start + batch, blocks)
        errors += lost(range(start, sent))
        if errors > ERROR_RATE * blocks or binom.sf(errors - 1, sent, ERROR_RATE) < DOUBT:
            return False
        if binom.cdf(errors, sent, ERROR_RATE) < DOUBT:
            return True
    return True


def threshold(
    mode: Mode, k: int, blocks: int, below_db: float | None = None, gap_db: float = 1.0
) -> float | None:
    """The lowest SNR at which a mode is reliable, by bisection.

    Args:
        mode: one of ``modes_for(k)``.
        k: complex symbols.
        blocks: at most so many decide about one SNR.
        below_db: only a threshold below this one is of interest.
        gap_db: where to start, above the normal approximation; it saves time and nothing else.

    Returns:
        dB, a multiple of `STEP_DB`; None where the mode is not reliable below ``below_db``, or
        at `HIGHEST_DB`.
    """
    batch = min(256, max(16, BATCH_SYMBOLS // k))

    def reliable(place: int) -> bool:
        snr_db = place * STEP_DB
        return is_reliable(lambda part: lost_blocks(mode, k, snr_db, part), blocks, batch)

    limit = round((HIGHEST_DB if below_db is None else below_db) / STEP_DB)
    guess = round((snr_for(k, mode.payload_bits) + gap_db) / STEP_DB)
    place = _lowest(reliable, guess, limit if below_db is None else limit - 1)
    return None if place is None else round(place * STEP_DB, 1)


def _lowest(reliable: Callable[[int], bool], guess: int, limit: int) -> int | None:
    """The lowest place where a rising yes-or-no question is yes, at most ``limit``."""
    step = round(0.4 / STEP_DB)
    high = min(guess, limit)
    if reliable(high):
        low = high - step
        while reliable(low):
            low, high = low - step, low
    else:
        low = high
        while low < limit and not reliable(high := min(low + step, limit)):
            low = high
        if low == limit:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if reliable(middle) else (middle, high)
    return high
