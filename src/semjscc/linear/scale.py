"""The few numbers that the receiver must be told exactly, as whole numbers of few bits.

Real numbers go on logarithmic scales, so that an error is the same share of any value.
"""

import torch
from torch import Tensor

GAIN_BITS = 12
"""Steps of 0.024 dB: where a picture of 45 dB arrives, rounding the gain costs under 0.1 dB."""
GAIN_OCTAVES = 8
"""The largest gain is 2^8, the smallest above zero 2^-8; photographs lie between 1/8 and 4."""
SNR_BITS = 6
LEAST_SNR_DB = -20


def gain_index(gain: Tensor) -> Tensor:
    """Gains ≥ 0 (...) -> the nearest of the scale, int64 below 2^12; 0 is a gain of zero."""
    steps = (1 << GAIN_BITS) - 2
    places = (torch.log2(gain) + GAIN_OCTAVES) / (2 * GAIN_OCTAVES) * steps
    found = places.clamp(0, steps).round().long() + 1
    return torch.where(gain > 0, found, torch.zeros_like(found))


def gain_value(index: Tensor) -> Tensor:
    """The inverse of `gain_index`: (...) int64 -> float32."""
    steps = (1 << GAIN_BITS) - 2
    octaves = (index - 1) / steps * 2 * GAIN_OCTAVES - GAIN_OCTAVES
    return torch.where(index > 0, torch.exp2(octaves), 0.0)


def snr_index(snr_db: float) -> int:
    """An SNR in dB -> the nearest whole one from −20 to 43 dB, as a number below 2^6."""
    return min(max(round(snr_db) - LEAST_SNR_DB, 0), (1 << SNR_BITS) - 1)


def snr_value(index: int) -> float:
    """The inverse of `snr_index`, in dB."""
    return float(index + LEAST_SNR_DB)
