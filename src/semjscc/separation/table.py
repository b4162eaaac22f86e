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

from semjscc.errors import UserError
from semjscc.separation.bounds import snr_for
from semjscc.separation.modes import Mode, mode_named, modes_for

MCS_FILE = Path(__file__).parent / "mcs.json"
MARGIN_DB = 0.3
"""Added for block lengths that were not measured, and again for every halving of the length."""
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
    thresholds = thresholds_for(k, read_table() if table is None else table)
    usable = [mode_named(name, k) for name, needed in thresholds.items() if needed <= snr_db]
    return max(usable, key=lambda mode: (mode.payload_bits, -thresholds[mode.name]), default=None)


def thresholds_for(k: int, table: Table) -> Thresholds:
    """What the modes of k symbols need, also where k was not measured.

    Then the next larger k of the table (or its largest) lends each mode the gap between what its
    nearest relative there needs and the normal approximation, which knows how much more SNR a
    shorter block needs of any code; what short LDPC codes lose beyond that is in `MARGIN_DB`.
    """
    if k in table or not table:
        return table.get(k, {})
    lender = min((size for size in table if size > k), default=max(table))
    measured = [(mode_named(name, lender), snr) for name, snr in table[lender].items()]
    margin = MARGIN_DB * (1 + max(0.0, math.log2(lender / k)))
    estimates = {}
    for mode in modes_for(k):
        efficiency = mode.payload_bits / k
        relatives = [
            (abs(efficiency - other.payload_bits / lender), other, snr)
            for other, snr in measured
            if (other.code, other.order) == (mode.code, mode.order)
        ]
        distance, other, snr = min(relatives, key=lambda r: r[0], default=(NEAR + 1, mode, 0.0))
        if distance <= NEAR:
            gap = snr - snr_for(lender, other.payload_bits)
            estimates[mode.name] = snr_for(k, mode.payload_bits) + gap + margin
    return estimates
