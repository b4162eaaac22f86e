"""Seconds on the air: closed forms, and as long as what the modulator writes."""

from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.codecs.bandwidth import (
    DENOMINATORS,
    LARGEST_RATIO,
    NUMERATORS,
    SMALLEST_RATIO,
    channel_uses,
)
from semjscc.images import MINIMUM_SIDE
from semjscc.links.base import SIDE_BITS, Control
from semjscc.radio.waveform.airtime import (
    Airtime,
    fitting_ratio,
    modem_airtime,
    most_symbols,
    symbol_airtime,
)
from semjscc.radio.waveform.limits import LONGEST_SIDE, SHORTEST_SIDE
from semjscc.radio.waveform.profiles import AUDIO, PROFILES, SDR, Profile
from semjscc.radio.waveform.transmitter import modulate_image
from waveforms import BOTH, latents

RADIOS = {
    **{name: partial(modem_airtime, profile) for name, profile in PROFILES.items()},
    "own": partial(symbol_airtime, 9600.0),
}
RATIOS = sorted(
    {
        Fraction(above, below)
        for above in range(1, NUMERATORS + 1)
        for below in range(1, DENOMINATORS + 1)
        if SMALLEST_RATIO <= Fraction(above, below) <= LARGEST_RATIO
    }
)
"""All that a control record can carry."""

names = st.sampled_from(sorted(RADIOS))
sides = st.integers(16, 2000)


def test_seconds_of_known_numbers_of_symbols() -> None:
    # sdr: 24 periods of 64 samples, then rows of 160: 2 training, 16 header, payload, 1 end.
    rows = 24 * 64 + (2 + 16 + 1) * 160
    assert modem_airtime(SDR, 1) == Airtime(1, 1, (rows + 160) / 2e6, 160 / 2e6)
    assert modem_airtime(SDR, 6144) == Airtime(6144, 1, (rows + 128 * 160) / 2e6, 0.01024)
    both = 2 * rows + (128 + 1) * 160
    assert modem_airtime(SDR, 6145) == Airtime(6145, 2, both / 2e6, 0.01032)
    # audio: 24 periods of 80, rows of 192: header 20, payload 128, and a pilot row after every 4.
    rows = 24 * 80 + (2 + 20 + 128 + 37 + 1) * 192
    assert modem_airtime(AUDIO, 5120) == Airtime(5120, 1, rows / 8000, 128 * 192 / 8000)


def test_what_follows_from_seconds() -> None:
    airtime = symbol_airtime(4800.0, 2400)
    assert airtime == Airtime(2400, None, 0.5, 0.5)
    assert airtime.images_per_minute == 120
    assert airtime.energy(5.0) == 2.5


@pytest.mark.parametrize("ratio", ["1/384", "1/48", "7/100", "1/6"])
@pytest.mark.parametrize(("height", "width"), [(16, 16), (64, 64), (61, 130), (256, 384)])
@BOTH
def test_seconds_and_energy_are_those_of_the_modulated_image(
    profile: Profile, height: int, width: int, ratio: str
) -> None:
    control = Control("adaptive", height, width, Fraction(ratio))
    waveform = modulate_image(latents(control), control, profile)
    airtime = modem_airtime(profile, channel_uses(height, width, control.ratio))
    assert airtime.seconds == len(waveform) / profile.sample_rate
    energy = np.sum(np.abs(waveform.astype(np.complex128)) ** 2) / profile.sample_rate
    assert airtime.energy(1.0) == pytest.approx(energy, rel=1e-5)
    assert 0 < airtime.payload_seconds < airtime.seconds


@given(name=names, k=st.integers(1, 10**6), more=st.integers(1, 10**4))
def test_seconds_rise_with_the_symbols(name: str, k: int, more: int) -> None:
    less, longer = RADIOS[name](k), RADIOS[name](k + more)
    assert less.seconds <= longer.seconds
    assert less.payload_seconds <= longer.payload_seconds
    a_row = k + 48  # no profile has more data carriers in a row
    assert less.seconds < RADIOS[name](a_row).seconds


@given(name=names, seconds=st.floats(1e-6, 60), most=st.integers(1, 10**5))
def test_the_most_symbols_fit_and_one_more_does_not(name: str, seconds: float, most: int) -> None:
    k = most_symbols(RADIOS[name], seconds, most)
    assert k == 0 or RADIOS[name](k).seconds <= seconds
    assert k == most or RADIOS[name](k + 1).seconds > seconds


@given(name=names, height=sides, width=sides, part=st.floats(1e-3, 1.2))
@settings(max_examples=60)
def test_the_largest_ratio_fits_and_the_next_does_not(
    name: str, height: int, width: int, part: float
) -> None:
    def takes(ratio: Fraction) -> float:
        return RADIOS[name](channel_uses(height, width, ratio)).seconds

    seconds = part * takes(LARGEST_RATIO)
    found = fitting_ratio(RADIOS[name], (height, width), seconds)
    if found is None:
        assert takes(SMALLEST_RATIO) > seconds
        return
    assert takes(found) <= seconds
    place = RATIOS.index(found)
    assert found == LARGEST_RATIO or takes(RATIOS[place + 1]) > seconds


@BOTH
def test_seconds_that_are_just_enough_are_enough(profile: Profile) -> None:
    size, airtime = (480, 640), partial(modem_airtime, profile)
    exactly = airtime(channel_uses(*size, SMALLEST_RATIO)).seconds
    found = fitting_ratio(airtime, size, exactly)
    assert found is not None
    assert found >= SMALLEST_RATIO
    assert fitting_ratio(airtime, size, np.nextafter(exactly, 0)) is None


def test_sides_are_those_of_every_image_and_control_record() -> None:
    assert SHORTEST_SIDE == MINIMUM_SIDE
    assert 2**SIDE_BITS - 1 == LONGEST_SIDE
