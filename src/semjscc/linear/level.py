"""A picture's level: what the receiver of linear coding must be told of it beside the symbols.

    gain 8 │ SNR 5                                                               = 13 bits

The gain, by which what was decoded is multiplied, in 24 steps an octave from 2⁻⁸ on: half a step
is 1.5 %, an error 37 dB below the picture. The SNR that the sender allotted its power for, in
whole decibels from −5 on. The word 0 stands for no level.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

GAIN_BITS, SNR_BITS = 8, 5
LEVEL_BITS = GAIN_BITS + SNR_BITS
STEPS_AN_OCTAVE = 24
LEAST_OCTAVE = -8
LEAST_SNR_DB = -5


def design_snr(snr_db: Tensor) -> Tensor:
    """The SNR that can be told and is nearest to the one believed: any shape, dB."""
    return snr_db.float().clamp(LEAST_SNR_DB, LEAST_SNR_DB + 2**SNR_BITS - 1).round()


def to_words(gain: Tensor, snr_db: Tensor) -> list[int]:
    """Gains (B,) and design SNRs (B,) in dB as B words from 1 to 2¹³ − 1."""
    step = ((gain.log2() - LEAST_OCTAVE) * STEPS_AN_OCTAVE).round().clamp(1, 2**GAIN_BITS - 1)
    snr = design_snr(snr_db) - LEAST_SNR_DB
    return (step.long() << SNR_BITS | snr.long()).tolist()


def from_words(words: Sequence[int]) -> tuple[Tensor, Tensor]:
    """The inverse, to what the words can tell: gains (B,) and SNRs (B,) in dB, float32."""
    values = torch.tensor(words)
    gain = torch.exp2((values >> SNR_BITS) / STEPS_AN_OCTAVE + LEAST_OCTAVE)
    return gain, (values & 2**SNR_BITS - 1).float() + LEAST_SNR_DB
