"""What both ends know: its power, its peaks, and that it is a permutation."""

import numpy as np
import pytest

from semjscc.radio.waveform.ofdm import modulate
from semjscc.radio.waveform.profiles import Profile
from semjscc.radio.waveform.sequences import (
    cover,
    filling,
    known_symbol,
    permutation,
    pilot_signs,
    preamble,
    preamble_period,
    turns,
)
from waveforms import BOTH


@BOTH
def test_preamble_has_power_one_low_peaks_and_lies_on_even_carriers(profile: Profile) -> None:
    power = np.abs(preamble(profile)) ** 2
    assert power.mean() == pytest.approx(1)
    assert power.max() < 10**0.4
    whole = np.tile(preamble_period(profile), 2)
    spectrum = np.abs(np.fft.fft(whole)) ** 2
    used = [number for number in profile.carriers if number % 2 == 0]
    assert spectrum[used].sum() == pytest.approx(spectrum.sum())


def test_signs_are_blind_to_a_steady_carrier_and_have_no_side_lobes() -> None:
    products = cover()[1:] * cover()[:-1]
    assert abs(products.sum()) == 1
    side_lobes = np.correlate(products, products, "full")[len(products) :]
    assert np.abs(side_lobes).max() <= 4


@BOTH
def test_training_has_lower_peaks_than_data(profile: Profile) -> None:
    samples = modulate(profile, known_symbol(profile, "training")[None])
    assert 10 * np.log10(np.max(np.abs(samples) ** 2) / np.mean(np.abs(samples) ** 2)) < 5


@BOTH
def test_pilots_do_not_depend_on_the_length_of_a_burst(profile: Profile) -> None:
    np.testing.assert_array_equal(pilot_signs(profile, 30), pilot_signs(profile, 90)[:30])


def test_permutation_moves_everything_and_turns_by_quarters() -> None:
    order = permutation(1000)
    assert sorted(order) == list(range(1000))
    # Neighbours land a third of the whole apart on average.
    assert np.abs(np.diff(order)).mean() == pytest.approx(1000 / 3, rel=0.1)
    np.testing.assert_allclose(turns(1000) ** 4, 1, atol=1e-6)
    assert len(np.unique(np.round(turns(1000)))) == 4
    assert np.abs(filling(40)) == pytest.approx(1)


def test_what_goes_with_a_size_is_kept_for_one_size_alone() -> None:
    for made in (permutation, turns):
        assert made(40) is made(40)
        made(41)
        assert made.cache_info().currsize == 1
