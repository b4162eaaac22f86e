"""The two shapes of the waveform: ``sdr`` for software radios, ``audio`` for voice radios.

Shapes: S OFDM symbols, K carriers in use (data and pilots), D data carriers.
"""

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

PREAMBLE_PERIODS = 24
"""Repetitions of half an OFDM symbol; the fewer, the more bursts are missed at −5 dB."""
TRAINING_SYMBOLS = 2
END_SYMBOLS = 1
HEADER_BITS = 1536
"""Coded bits that the header has at least: three times a polar code word of 512."""


@dataclass(frozen=True)
class Profile:
    """One waveform; everything else about it follows from these numbers.

    Attributes:
        name: what the command line calls it.
        sample_rate: of the samples that are written, Hz.
        oversampling: written samples for each sample that the bandwidth needs.
        fft: length of an OFDM symbol, before oversampling.
        prefix: length of the cyclic prefix, before oversampling.
        carriers: those in use, in rising order; 0 is the centre.
        pilots: those with a pilot in every symbol.
        pilot_period: every so manieth symbol of header and payload is a pilot on all carriers; 0
            for none.
        centre_hz: where a real signal has its centre; 0 for complex baseband.
        burst_symbols: payload symbols of a burst, at most.
    """

    name: str
    sample_rate: int
    oversampling: int
    fft: int
    prefix: int
    carriers: tuple[int, ...]
    pilots: tuple[int, ...]
    pilot_period: int
    centre_hz: float = 0.0
    burst_symbols: int = 128

    @property
    def size(self) -> int:
        """Written samples of an OFDM symbol without its prefix."""
        return self.fft * self.oversampling

    @property
    def guard(self) -> int:
        """Written samples of the cyclic prefix."""
        return self.prefix * self.oversampling

    @property
    def symbol(self) -> int:
        """Written samples of an OFDM symbol with its prefix."""
        return self.size + self.guard

    @property
    def period(self) -> int:
        """Written samples of one period of the preamble."""
        return self.size // 2

    @property
    def preamble(self) -> int:
        """Written samples of the preamble."""
        return self.period * PREAMBLE_PERIODS

    @property
    def spacing_hz(self) -> float:
        """Between neighbouring carriers."""
        return self.sample_rate / self.size

    @property
    def bandwidth_hz(self) -> float:
        """That the carriers in use occupy, pilots included."""
        return len(self.carriers) * self.spacing_hz

    @cached_property
    def carrier_numbers(self) -> NDArray[np.int64]:
        """``carriers`` as (K,)."""
        return np.array(self.carriers)

    @cached_property
    def is_pilot(self) -> NDArray[np.bool_]:
        """(K,), which carriers bear a pilot in every symbol."""
        return np.isin(self.carrier_numbers, self.pilots)

    @property
    def data_carriers(self) -> int:
        """D, the symbols of a link in one OFDM symbol."""
        return len(self.carriers) - len(self.pilots)

    @property
    def header_symbols(self) -> int:
        """OFDM symbols of the header, pilot symbols not counted."""
        return -(-HEADER_BITS // (2 * self.data_carriers))

    @property
    def burst_capacity(self) -> int:
        """Symbols of a link in a full burst."""
        return self.burst_symbols * self.data_carriers


def _both_sides(last: int) -> tuple[int, ...]:
    return tuple(number for number in range(-last, last + 1) if number)


SDR = Profile("sdr", 2_000_000, 2, 64, 16, _both_sides(26), (-21, -7, 7, 21), 0)
"""The grid of IEEE 802.11a at 1 Msps, written twice oversampled."""
AUDIO = Profile("audio", 8_000, 1, 160, 32, _both_sides(20), (), 5, centre_hz=1500.0)
"""500 to 2500 Hz in carriers of 50 Hz; the prefix of 4 ms outlasts the echoes of short wave."""
PROFILES = MappingProxyType({profile.name: profile for profile in (SDR, AUDIO)})


RATE_TOLERANCE = 200e-6
"""A clock that is further off is no clock but another sample rate."""


def has_rate_of(profile: Profile, rate: float) -> bool:
    """Whether a recording of ``rate`` samples a second may hold the waveform."""
    return abs(rate - profile.sample_rate) <= RATE_TOLERANCE * profile.sample_rate


def sample_noise_variance(profile: Profile, snr_db: float) -> float:
    """Variance of the complex noise on each written sample that makes Es/N0 what it should be.

    The waveform has mean power 1 in K of ``size`` bins, white noise is in all of them: at the same
    variance the bins in use are better than the samples by size/K.
    """
    return float(10 ** (-snr_db / 10) * profile.size / len(profile.carriers))
