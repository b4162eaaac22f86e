"""Finding a burst: a threshold of constant false-alarm rate, then its time and its frequency.

    1. each period of the preamble against the next, over all periods: blind to frequency offset
    2. at a peak: all periods against the known one, over ±5 carriers: time and frequency

Stage 1 after Schmidl and Cox 1997 (doi 10.1109/26.650240), with signs as Minn, Zeng and Bhargava
2000 (doi 10.1109/4234.852929). Sionna has no such search.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import scipy.fft
import scipy.signal
from numpy.typing import NDArray

from semjscc.radio.waveform.profiles import PREAMBLE_PERIODS, Profile
from semjscc.radio.waveform.sequences import cover, preamble_period

FALSE_ALARM_RATE = 1e-4
"""Of stage 1, for each position; almost all of them fail at stage 2. Bursts are missed here: at
−5 dB some fall below this threshold, and none comes near that of stage 2."""
COHERENT_FALSE_ALARM_RATE = 1e-10
"""Of stage 2, for each of the times and frequencies tried. The product of both rates is what
counts: a freer stage 1 and a stricter stage 2 find more, for a tenth more time in noise."""
OFFSET_CARRIERS = 5
"""How far off the centre may be: 4 carriers, and the half that neighbours share."""
STEP = 2
_TURNS = 128
_TAPS = 129


@dataclass(frozen=True)
class Sync:
    """Where a burst is.

    Attributes:
        start: the preamble's first sample.
        frequency: carrier frequency offset in cycles per sample.
    """

    start: int
    frequency: float


def margin(profile: Profile) -> int:
    """Samples that `find_bursts` looks at before a position, and behind its preamble."""
    return profile.period + _TAPS // 2


def find_bursts(
    samples: NDArray[np.complexfloating], positions: int, profile: Profile
) -> Iterator[Sync]:
    """The bursts whose preamble may begin at one of the positions, in order of time.

    Args:
        samples: from ``margin`` before the first position on; the longer they reach beyond the
            last position, up to three preambles and margins, the surer the last is found.
        positions: how many are tried.
        profile: the waveform.

    Yields:
        what passes both thresholds; ``start`` counts from the first position.
    """
    lead = margin(profile)
    filtered = _band(np.asarray(samples, np.complex128), profile)
    # The band is less than half of what is sampled: every second position says it all.
    metric = _similarity(filtered[lead::STEP], profile.period // STEP)
    threshold = -math.log(FALSE_ALARM_RATE) / _freedom(profile, PREAMBLE_PERIODS - 1)
    above = np.flatnonzero(metric > threshold)
    place = 0
    while True:
        behind = np.searchsorted(above, place)
        if behind == len(above) or above[behind] * STEP >= positions:
            return
        first = int(above[behind])
        # In silence, and with little noise, a part of the preamble is above the threshold too.
        reach = (profile.preamble + profile.period) // STEP
        peak = first + int(np.argmax(metric[first : first + reach]))
        # And where payload had happened to be above it before, the preamble lies further ahead.
        peak += int(np.argmax(metric[peak : peak + reach]))
        sync = _refine(filtered, peak * STEP + lead, profile)
        if sync is None:
            # Nothing is here, nor at the times around it, which were tried too.
            place = peak + profile.period // 2 // STEP
        else:
            place = (sync.start - lead + profile.preamble) // STEP
            yield Sync(sync.start - lead, sync.frequency)


def _similarity(filtered: NDArray[np.complex128], period: int) -> NDArray[np.float64]:
    """|correlation|² of neighbouring periods at each position, between 0 and 1."""
    count = PREAMBLE_PERIODS - 1
    positions = max(len(filtered) - period * PREAMBLE_PERIODS, 0)
    product = filtered[period:] * filtered[:-period].conj()
    each = _moving_sum(product, period)
    signs = cover()[1:] * cover()[:-1]
    total = np.zeros(positions, np.complex128)
    for place in range(count):
        total += signs[place] * each[place * period : place * period + positions]
    energy = _moving_sum(np.abs(filtered) ** 2, period * count)
    scale = energy[:positions] * energy[period : period + positions]
    loud = scale > 1e-18 * scale.max(initial=0.0)
    return np.where(loud, np.abs(total) ** 2 / np.where(loud, scale, 1.0), 0.0)


def _refine(filtered: NDArray[np.complex128], start: int, profile: Profile) -> Sync | None:
    """Time and frequency by the known preamble, or None where it is not there."""
    period, reach = profile.period, profile.period // 2
    part = filtered[start - reach : start + reach + profile.preamble]
    if start < reach or len(part) < 2 * reach + profile.preamble:
        return None
    lagged = part[period:] * part[:-period].conj()
    within = lagged[reach : reach + profile.preamble - period].reshape(-1, period).sum(axis=1)
    turn = float(np.angle(np.sum(within * cover()[1:] * cover()[:-1])))
    # The phase over one period repeats every two carriers.
    wraps = np.arange(-OFFSET_CARRIERS // 2, OFFSET_CARRIERS // 2 + 2)
    tried = (turn / (2 * np.pi) + wraps) / period
    tried = tried[np.abs(tried) * profile.size <= OFFSET_CARRIERS]
    samples = np.arange(len(part))
    turned = part * np.exp(-2j * np.pi * tried[:, None] * samples)
    matched = scipy.signal.oaconvolve(turned, preamble_period(profile)[None, ::-1].conj(), "valid")
    offsets = matched.shape[1] - profile.preamble + period
    steps = np.arange(PREAMBLE_PERIODS) * period
    each = matched[:, np.arange(offsets)[:, None] + steps] * cover()  # (tries, offsets, periods)
    spectrum = np.abs(np.asarray(scipy.fft.fft(each, _TURNS))) ** 2
    trial, offset, bin_ = np.unravel_index(int(np.argmax(spectrum)), spectrum.shape)
    energy = float(np.sum(np.abs(part[offset : offset + profile.preamble]) ** 2))
    best = float(spectrum[trial, offset, bin_]) / max(energy * profile.preamble, 1e-300)
    if best < -math.log(COHERENT_FALSE_ALARM_RATE) / _freedom(profile, PREAMBLE_PERIODS):
        return None
    fine = bin_ + _vertex(*spectrum[trial, offset, np.arange(bin_ - 1, bin_ + 2) % _TURNS])
    fine = (fine + _TURNS / 2) % _TURNS - _TURNS / 2
    frequency = float(tried[trial]) + float(fine) / (_TURNS * period)
    return Sync(start - reach + int(offset), frequency)


def _vertex(before: float, peak: float, behind: float) -> float:
    """Where the parabola through three points has its top, counted from the middle one."""
    bend = before - 2 * peak + behind
    return 0.0 if bend == 0 else float(np.clip(0.5 * (before - behind) / bend, -0.5, 0.5))


def _moving_sum(values: NDArray[Any], width: int) -> NDArray[Any]:
    total = np.concatenate([np.zeros(1, values.dtype), np.cumsum(values)])
    return total[width:] - total[:-width]


def _freedom(profile: Profile, periods: int) -> float:
    """Independent samples of filtered white noise in so many periods."""
    return periods * profile.period * _bandwidth(profile)


def _bandwidth(profile: Profile) -> float:
    """Share of the sampled band in which a burst may lie."""
    return 2 * (max(profile.carriers) + OFFSET_CARRIERS) / profile.size


@lru_cache
def _low_pass(profile: Profile) -> NDArray[np.float64]:
    return np.asarray(scipy.signal.firwin(_TAPS, _bandwidth(profile)), np.float64)


def _band(samples: NDArray[np.complex128], profile: Profile) -> NDArray[np.complex128]:
    """Only what can be signal; no delay."""
    return scipy.signal.oaconvolve(samples, _low_pass(profile), "same")
