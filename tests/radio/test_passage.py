"""What the command line states of a channel, and the simulation that it becomes."""

from pathlib import Path

import numpy as np
import pytest

from semjscc.cli.modem import MULTIPATH, NUMBERS
from semjscc.errors import UserError
from semjscc.radio.files import read_recording, write_recording
from semjscc.radio.multipath import PROFILES as MULTIPATH_PROFILES
from semjscc.radio.passage import ALIASES, pass_through, simulation_for
from semjscc.radio.simulator import LIMITS, Simulation, simulate


def test_every_choice_of_the_command_is_a_channel() -> None:
    made = {simulation_for(2e6, {}, snr_db=None, profile=name).profile for name in MULTIPATH}
    assert made == set(MULTIPATH_PROFILES)
    assert set(ALIASES) < set(MULTIPATH)
    with pytest.raises(UserError, match="no multipath profile"):
        simulation_for(2e6, {}, snr_db=None, profile="fair")


def test_every_number_of_the_command_reaches_its_field() -> None:
    fields = [field for field, _ in NUMBERS.values()]
    assert set(fields) == set(LIMITS) - {"snr_db", "power", "bandwidth"}
    stated = dict.fromkeys(fields, 0.5)
    made = simulation_for(1e6, stated, snr_db=7.0, seed=4)
    assert made == Simulation(snr_db=7.0, seed=4, **stated)


def test_noise_counts_on_the_carriers_of_the_waveform_with_that_rate() -> None:
    nothing = {"delay_spread_s": None}
    sdr, audio, other = (simulation_for(r, nothing, snr_db=3.0) for r in (2e6, 8e3, 1e6))
    assert (sdr.bandwidth, sdr.delay_spread_s) == (52 * 15_625, 1e-6)
    assert (audio.bandwidth, audio.delay_spread_s) == (40 * 50, 2e-4)
    for rate, bandwidth in ((2e6 * (1 + 150e-6), 52 * 15_625), (2e6 * (1 + 250e-6), None)):
        assert simulation_for(rate, nothing, snr_db=3.0).bandwidth == bandwidth
    assert (other.bandwidth, other.delay_spread_s) == (None, Simulation().delay_spread_s)
    assert simulation_for(8e3, {"delay_spread_s": 0.0}, snr_db=3.0).delay_spread_s == 0


def test_a_recording_passes_through(tmp_path: Path) -> None:
    sent = np.exp(2j * np.pi * 0.01 * np.arange(3000)).astype(np.complex64)
    source, target = str(tmp_path / "in.cf32"), str(tmp_path / "out.sigmf-meta")
    write_recording(source, [sent], 4e3)
    told: list[str] = []
    rates: list[float] = []

    def channel(rate: float) -> Simulation:
        rates.append(rate)
        return Simulation(snr_db=5.0, cfo_hz=10.0, seed=2)

    seconds, made = pass_through(source, target, None, 4e3, channel, told.append)
    assert rates == [4e3]
    expected = simulate(sent, 4e3, made)
    received = read_recording(target)
    assert received.rate == 4e3
    np.testing.assert_array_equal(np.concatenate(list(received.chunks)), expected)
    assert seconds == pytest.approx(len(expected) / 4e3)
    assert told == []
