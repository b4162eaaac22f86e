"""The choice of a mode for an SNR, from the measured table ``mcs.json``.

``python tools/mcs_table.py`` makes the table. A sender that knows the SNR takes the mode with the
largest payload that is reliable there; one that is designed for a stated SNR takes that SNR's mode
whatever the true one is, and falls off the cliff below it.
"""

import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np

from semjscc.errors import UserError
from semjscc.separation.bounds import ERROR_RATE, snr_for
from semjscc.separation.modes import Mode, mode_named, modes_for

MCS_FILE = Path(__file__).parent / "mcs.json"
MARGIN_DB = 0.2
"""Added for block lengths that were not measured, and below the shortest again for every halving.
Estimates of each measured length from its neighbours, at half and at twice it, are off by 0.1 dB
(standard deviation), and by 0.3 dB at most but for 3 of 200 modes."""
NEAR = 0.25
"""Bits a symbol within which a measured mode stands for another of the same code and order."""

Thresholds = Mapping[str, float]
"""Name of a mode -> the SNR it needs, in dB."""
Table = Mapping[int, Thresholds]
"""Symbols k -> thresholds of the modes worth having there."""


@lru_cache
def read_table(path: Path = MCS_FILE) -> Table:
    """The measured thresholds.

    Raises:
        UserError: the file cannot be read or is no such table.
    """
    try:
        measured = json.loads(path.read_text())["thresholds"]
        return {
            int(k): {name: float(snr) for name, snr in modes.items() if snr is not None}
            for k, modes in measured.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{path} is not a table of modes: make it with python tools/mcs_table.py"
        ) from error


def choose_mode(k: int, snr_db: float, table: Table | None = None) -> Mode | None:
    """The mode with the largest payload that is reliable at an SNR.

    Args:
        k: complex symbols.
        snr_db: what the sender believes, Es/N0.
        table: thresholds; the shipped ones if None.

    Returns:
        None where no mode is reliable: then nothing is sent.
    """
    thresholds = _shipped(k) if table is None else thresholds_for(k, table)
    usable = [mode_named(name, k) for name, needed in thresholds.items() if needed <= snr_db]
    return max(usable, key=lambda mode: (mode.payload_bits, -thresholds[mode.name]), default=None)


@lru_cache(maxsize=1024)
def _shipped(k: int) -> Thresholds:
    return thresholds_for(k, read_table())


def thresholds_for(k: int, table: Table) -> Thresholds:
    """What the modes of k symbols need, also where k was not measured.

    Then the lengths of the table next to k lend each mode the gap between what its nearest relative
    there needs and what `block_snr` asks of any code, interpolated by the logarithm of k. That
    changes slowly with k, and hardly at all from some 1,000 symbols on: a longer block is more code
    blocks, not longer ones. `MARGIN_DB` covers what it changes.
    """
    if k in table or not table:
        return table.get(k, {})
    shorter = max((size for size in table if size < k), default=None)
    longer = min((size for size in table if size > k), default=None)
    near = [size for size in (shorter, longer) if size is not None]
    shrunk = 0.0 if shorter is not None else math.log2(near[0] / k)
    estimates = {}
    for mode in modes_for(k):
        gaps = {size: gap for size in near if (gap := _gap(mode, k, size, table[size])) is not None}
        if gaps:
            gap = float(
                np.interp(math.log2(k), [math.log2(size) for size in gaps], [*gaps.values()])
            )
            estimates[mode.name] = block_snr(mode, k) + gap + MARGIN_DB * (1 + shrunk)
    return estimates


def block_snr(mode: Mode, k: int) -> float:
    """The SNR in dB that the best code of a mode's length needs, by the normal approximation.

    A payload in several code blocks is lost where one of them is: each has its share of the
    symbols, and must be the more reliable.

    Args:
        mode: one of ``modes_for(k)``.
        k: complex symbols.
    """
    error = 1 - (1 - ERROR_RATE) ** (1 / mode.blocks)
    return snr_for(k / mode.blocks, mode.block_bits, error)


def _gap(mode: Mode, k: int, size: int, thresholds: Thresholds) -> float | None:
    """What a mode's nearest relative at another length needs beyond `block_snr`, in dB."""
    relatives = [
        (abs(mode.payload_bits / k - other.payload_bits / size), other, snr)
        for name, snr in thresholds.items()
        if ((other := mode_named(name, size)).code, other.order) == (mode.code, mode.order)
    ]
    distance, other, snr = min(relatives, key=lambda one: one[0], default=(math.inf, mode, 0.0))
    return snr - block_snr(other, size) if distance <= NEAR else None
