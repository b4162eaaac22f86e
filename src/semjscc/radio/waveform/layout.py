"""Where everything stands: an image in bursts, a burst in rows of OFDM symbols.

    preamble │ training ×2 │ header and payload, with pilot symbols between │ end marker

A burst is the modem's packet: it carries up to ``burst_symbols`` payload symbols, is found, read
and lost alone, and says in its header of which image and which place it is. So a late listener
joins at the next burst.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from semjscc.radio.waveform.profiles import END_SYMBOLS, TRAINING_SYMBOLS, Profile


@dataclass(frozen=True)
class Layout:
    """The rows of one burst; a row is one OFDM symbol.

    Attributes:
        rows: all of them.
        header: (header symbols,) rows.
        payload: (payload symbols,) rows.
        pilots: rows between those whose carriers are all known.
        end: row of the end marker.
    """

    rows: int
    header: NDArray[np.int64]
    payload: NDArray[np.int64]
    pilots: NDArray[np.int64]
    end: int


def burst_count(profile: Profile, k: int) -> int:
    """Bursts for an image of k symbols."""
    return -(-k // profile.burst_capacity)


def burst_span(profile: Profile, k: int, burst: int) -> tuple[int, int]:
    """First and last but one of the image's k symbols, as permuted, that a burst carries."""
    start = burst * profile.burst_capacity
    return start, min(k, start + profile.burst_capacity)


def burst_layout(profile: Profile, carried: int) -> Layout:
    """The rows of a burst that carries so many of a link's symbols."""
    payload = -(-carried // profile.data_carriers)
    known = profile.header_symbols + payload
    gap = profile.pilot_period - 1
    pilots = known // gap if profile.pilot_period else 0
    body = np.arange(known + pilots)
    is_pilot = body % profile.pilot_period == gap if profile.pilot_period else body < 0
    data = body[~is_pilot] + TRAINING_SYMBOLS
    end = TRAINING_SYMBOLS + len(body)
    return Layout(
        rows=end + END_SYMBOLS,
        header=data[: profile.header_symbols],
        payload=data[profile.header_symbols :],
        pilots=body[is_pilot] + TRAINING_SYMBOLS,
        end=end,
    )


def header_rows(profile: Profile) -> int:
    """Rows from the first training symbol to the last of the header."""
    return int(burst_layout(profile, 0).header[-1]) + 1


def burst_samples(profile: Profile, carried: int) -> int:
    """Written samples of a burst that carries so many symbols."""
    return profile.preamble + burst_layout(profile, carried).rows * profile.symbol


def image_samples(profile: Profile, k: int, first: int = 0) -> int:
    """Written samples of an image of k symbols, from burst ``first`` to the end."""
    full = burst_count(profile, k) - 1 - first
    start, stop = burst_span(profile, k, burst_count(profile, k) - 1)
    return full * burst_samples(profile, profile.burst_capacity) + burst_samples(
        profile, stop - start
    )
