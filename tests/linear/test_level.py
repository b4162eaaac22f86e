"""A picture's level as 13 bits and back."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from semjscc.linear.level import LEVEL_BITS, design_snr, from_words, to_words


@given(octave=st.floats(-7.9, 2.5), snr_db=st.floats(-5, 26))
def test_a_level_comes_back_within_half_a_step(octave: float, snr_db: float) -> None:
    gain, snr = torch.tensor([2.0**octave]), torch.tensor([snr_db])
    (word,) = to_words(gain, snr)
    assert 0 < word < 2**LEVEL_BITS
    told_gain, told_snr = from_words([word])
    assert abs(float(told_gain.log2()) - octave) <= 0.5 / 24 + 1e-4
    torch.testing.assert_close(told_snr, design_snr(snr))
    assert abs(float(told_snr) - snr_db) <= 0.5


def test_a_word_is_gain_before_snr() -> None:
    # 24 steps an octave above 2⁻⁸: gain 1 is step 192; 10 dB is 15 above −5.
    assert to_words(torch.ones(1), torch.tensor([10.0])) == [192 << 5 | 15]


def test_what_cannot_be_told_becomes_the_nearest_that_can() -> None:
    gains = torch.tensor([0.0, 2.0**-9, 100.0])
    words = to_words(gains, torch.tensor([-20.0, 100.0, 3.4]))
    gain, snr_db = from_words(words)
    torch.testing.assert_close(gain.log2(), torch.tensor([-8 + 1 / 24, -8 + 1 / 24, -8 + 255 / 24]))
    assert snr_db.tolist() == [-5.0, 26.0, 3.0]
