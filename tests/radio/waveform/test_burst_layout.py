"""Every row and every symbol has one place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from semjscc.radio.waveform.layout import (
    burst_count,
    burst_layout,
    burst_samples,
    burst_span,
    header_rows,
    image_samples,
)
from semjscc.radio.waveform.profiles import AUDIO, PROFILES, SDR, Profile
from waveforms import BOTH


@given(carried=st.integers(0, 5120), name=st.sampled_from(sorted(PROFILES)))
@settings(max_examples=40)
def test_every_row_is_one_thing(carried: int, name: str) -> None:
    profile = PROFILES[name]
    layout = burst_layout(profile, carried)
    used = np.concatenate([[0, 1], layout.header, layout.payload, layout.pilots, [layout.end]])
    assert sorted(used) == list(range(layout.rows))
    assert len(layout.header) * profile.data_carriers * 2 >= 3 * 512
    assert 0 <= len(layout.payload) * profile.data_carriers - carried < profile.data_carriers
    # What the receiver reads before it knows how long the burst is lies where it will lie.
    assert header_rows(profile) == layout.header[-1] + 1


def test_audio_has_a_pilot_symbol_every_fifth() -> None:
    assert burst_layout(AUDIO, 1000).pilots[:3].tolist() == [6, 11, 16]
    assert len(burst_layout(SDR, 1000).pilots) == 0


@given(k=st.integers(1, 60_000), name=st.sampled_from(sorted(PROFILES)))
@settings(max_examples=40)
def test_bursts_carry_each_symbol_once(k: int, name: str) -> None:
    profile = PROFILES[name]
    spans = [burst_span(profile, k, burst) for burst in range(burst_count(profile, k))]
    assert np.concatenate([np.arange(*span) for span in spans]).tolist() == list(range(k))
    lengths = [burst_samples(profile, stop - start) for start, stop in spans]
    for first in (0, len(spans) - 1):
        assert image_samples(profile, k, first) == sum(lengths[first:])


@BOTH
def test_the_share_of_a_full_burst_that_is_not_payload(profile: Profile) -> None:
    # Preamble, training, header, pilot symbols and end marker: of 25,056 samples 4,576, of 38,016
    # samples 13,440. Prefix, comb pilots and empty carriers come on top.
    payload = profile.burst_symbols * profile.symbol
    share = 1 - payload / burst_samples(profile, profile.burst_capacity)
    assert share == pytest.approx({"sdr": 0.182, "audio": 0.354}[profile.name], abs=0.01)
