"""What the command line states of a channel, and the simulation that it becomes."""

import io
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from semjscc.cli.radio.channel import MULTIPATH, NUMBERS
from semjscc.errors import UserError
from semjscc.radio.receiver.receiver import receive
from semjscc.radio.recordings.files import Recording, read_recording, write_recording
from semjscc.radio.sampling.resampling import Samples
from semjscc.radio.simulation import ALIASES, Passage, pass_through, simulation_for
from semjscc.radio.simulator.limits import LIMITS, SPREADING
from semjscc.radio.simulator.multipath import PROFILES as MULTIPATH_PROFILES
from semjscc.radio.simulator.simulator import Simulation, simulate
from semjscc.radio.waveform.profiles import AUDIO
from semjscc.radio.waveform.transmitter import modulate_image
from waveforms import control, latents, over_the_air


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
    made = simulation_for(1e6, stated, snr_db=7.0, profile="two-ray", seed=4)
    assert made == Simulation(snr_db=7.0, profile="two-ray", seed=4, **stated)


@pytest.mark.parametrize("profile", MULTIPATH)
@pytest.mark.parametrize("field", ["doppler_hz", "delay_spread_s"])
def test_a_number_that_the_profile_does_not_take_is_refused(profile: str, field: str) -> None:
    def made() -> Simulation:
        return simulation_for(1e6, {field: 0.5}, snr_db=None, profile=profile)

    if profile in SPREADING:
        assert getattr(made(), field) == 0.5
    else:
        with pytest.raises(UserError, match=f"{field} does nothing .* two-ray, tdl-a, tdl-b or"):
            made()


def test_noise_counts_on_the_carriers_of_the_waveform_with_that_rate() -> None:
    nothing = {"delay_spread_s": None}
    sdr, audio, other = (simulation_for(r, nothing, snr_db=3.0) for r in (2e6, 8e3, 1e6))
    assert (sdr.bandwidth, sdr.delay_spread_s) == (52 * 15_625, 1e-6)
    assert (audio.bandwidth, audio.delay_spread_s) == (40 * 50, 2e-4)
    for rate, bandwidth in ((2e6 * (1 + 150e-6), 52 * 15_625), (2e6 * (1 + 250e-6), None)):
        assert simulation_for(rate, nothing, snr_db=3.0).bandwidth == bandwidth
    assert (other.bandwidth, other.delay_spread_s) == (None, Simulation().delay_spread_s)
    stated = simulation_for(8e3, {"delay_spread_s": 0.0}, snr_db=3.0, profile="tdl-a")
    assert stated.delay_spread_s == 0


def test_a_rate_of_nothing_is_not_taken_for_none(tmp_path: Path) -> None:
    source = tmp_path / "in.cf32"
    write_recording(source, [np.ones(8, np.complex64)], 4e3)
    out = str(tmp_path / "out.cf32")
    with pytest.raises(UserError, match="a sample rate is a positive number"):
        pass_through(str(source), out, None, 0.0, lambda _: Simulation(), print)


def test_a_recording_passes_through(tmp_path: Path) -> None:
    sent = np.exp(2j * np.pi * 0.01 * np.arange(3000)).astype(np.complex64)
    source, target = str(tmp_path / "in.cf32"), str(tmp_path / "out.sigmf-meta")
    write_recording(source, [sent], 4e3)
    told: list[str] = []
    rates: list[float] = []

    def channel(rate: float) -> Simulation:
        rates.append(rate)
        return Simulation(snr_db=5.0, cfo_hz=10.0, seed=2)

    passage = pass_through(source, target, None, 4e3, channel, told.append)
    assert rates == [4e3]
    made = passage.simulation
    assert made.power == pytest.approx(1, abs=1e-6)
    expected = simulate(sent, 4e3, made)
    received = read_recording(target)
    assert received.rate == 4e3
    np.testing.assert_array_equal(np.concatenate(list(received.chunks)), expected)
    assert passage.seconds == pytest.approx(len(expected) / 4e3)
    assert passage.level is not None
    assert (passage.rate, passage.level.present, passage.level.heard) == (4e3, 3000, 3000)
    assert passage.kind == "sigmf"
    assert told == []


def noisy(tmp_path: Path, recording: Samples, **more: float) -> tuple[Samples, Passage]:
    """What a file at 8 kHz becomes at 5 dB."""
    source, target = str(tmp_path / "in.cf32"), str(tmp_path / "out.cf32")
    write_recording(source, [recording], 8e3)

    def channel(rate: float) -> Simulation:
        return simulation_for(rate, {}, snr_db=5.0, seed=1)

    passage = pass_through(source, target, None, 8e3, channel, print, **more)
    return np.concatenate(list(read_recording(target, 8e3).chunks)), passage


@pytest.mark.parametrize("gain_db", [-20.0, 0.0, 13.0])
def test_the_snr_holds_at_any_level_and_share_of_silence(tmp_path: Path, gain_db: float) -> None:
    random = np.random.default_rng(0)
    signal = random.standard_normal((30_000, 2)).astype(np.float32).view(np.complex64)[:, 0]
    signal *= np.float32(10 ** (gain_db / 20) / 2**0.5)
    sent = np.concatenate([np.zeros(90_000, np.complex64), signal])
    received, passage = noisy(tmp_path, sent)
    noise = float(np.mean(np.abs(received - sent) ** 2))
    # Es/N0 counts in the 2 kHz of the carriers, the noise fills all 8.
    assert 10 * np.log10(np.mean(np.abs(signal) ** 2) / noise * 4) == pytest.approx(5, abs=0.05)
    assert passage.level is not None
    assert passage.level.heard == 120_000
    assert passage.level.present == pytest.approx(30_000, abs=64)


def test_a_stated_power_is_taken_instead(tmp_path: Path) -> None:
    sent = np.full(20_000, 0.1, np.complex64)
    received, passage = noisy(tmp_path, sent, power=1.0)
    noise = float(np.mean(np.abs(received - sent) ** 2))
    assert 10 * np.log10(1 / noise * 4) == pytest.approx(5, abs=0.1)
    assert passage.level is None


def test_a_pipe_is_measured_by_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("semjscc.radio.simulation.HELD", 1000)
    pieces = [np.full(600, level, np.complex64) for level in (0.5, 0.5, 2.0)]
    monkeypatch.setattr(
        "semjscc.radio.simulation.read_recording",
        lambda *_, **__: Recording(8e3, iter(pieces), "cf32", None),
    )
    passage = pass_through(
        "-", str(tmp_path / "out.cf32"), None, None, lambda _: Simulation(snr_db=60.0), print
    )
    assert passage.level is not None
    assert (passage.level.heard, passage.simulation.power) == (1200, pytest.approx(0.25))
    received = np.concatenate(list(read_recording(tmp_path / "out.cf32", 8e3).chunks))
    np.testing.assert_allclose(received, np.concatenate(pieces), atol=0.01)


def test_what_cannot_be_measured_or_contradicts_itself_is_refused(tmp_path: Path) -> None:
    silent, target = tmp_path / "in.cf32", str(tmp_path / "out.cf32")
    write_recording(silent, [np.zeros(2000, np.complex64)], 8e3)
    noise, plain = Simulation(snr_db=5.0), Simulation()
    with pytest.raises(UserError, match=r"no signal .* state --power"):
        pass_through(str(silent), target, None, 8e3, lambda _: noise, print)
    pass_through(str(silent), target, None, 8e3, lambda _: noise, print, power=1.0)
    pass_through(str(silent), target, None, 8e3, lambda _: plain, print)
    told = str(tmp_path / "in.sigmf-meta")
    write_recording(told, [np.ones(2000, np.complex64)], 8e3)
    with pytest.raises(UserError, match="has 8000 samples a second, not 4000"):
        pass_through(told, target, None, 4e3, lambda _: plain, print)


@pytest.mark.parametrize(
    ("source", "stated", "kind"),
    [
        ("in.wav", None, "wav"),
        ("in.sigmf-meta", None, "cf32"),
        ("in.ci8", None, "cf32"),
        ("in.wav", "cf32", "cf32"),
        ("in.sigmf-meta", "wav", "wav"),
    ],
)
def test_a_pipe_gets_the_kind_of_what_came_in(
    source: str,
    stated: str | None,
    kind: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written))
    path = str(tmp_path / source)
    write_recording(path, [np.ones(800, np.complex64)], 8e3)
    passage = pass_through(path, "-", stated, None, lambda _: Simulation(), print)
    assert passage.kind == kind
    assert (written.getvalue()[:4] == b"RIFF") == (kind == "wav")
    assert len(written.getvalue()) == (44 + 2 * 800 if kind == "wav" else 8 * 800)


@pytest.mark.parametrize("kind", ["wav", "cf32"])
def test_a_pipe_is_what_it_begins_as(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, target = str(tmp_path / f"in.{kind}"), str(tmp_path / f"out.{kind}")
    write_recording(path, [np.linspace(0, 1, 3000, dtype=np.complex64)], 8e3)
    content = Path(path).read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    rate = None if kind == "wav" else 8e3
    passage = pass_through("-", target, None, rate, lambda _: Simulation(), print)
    assert (passage.kind, passage.rate, passage.seconds) == (kind, 8e3, 0.375)
    received = np.concatenate(list(read_recording(target, 8e3).chunks))
    sent = np.concatenate(list(read_recording(path, 8e3).chunks))
    np.testing.assert_allclose(received[500:-500], sent[500:-500], atol=2e-3)


def test_of_several_channels_the_one_with_the_signal_passes(tmp_path: Path) -> None:
    told_of, out, said = control(32), str(tmp_path / "out.wav"), []
    burst = modulate_image(latents(told_of), told_of, AUDIO, image=9)
    write_recording(tmp_path / "one.wav", [over_the_air(burst, AUDIO, 15.0)], 8000)
    with wave.open(str(tmp_path / "one.wav")) as file:
        signal = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    hum = np.random.default_rng(1).integers(-9000, 9000, len(signal)).astype(np.int16)
    both = str(tmp_path / "both.wav")
    with wave.open(both, "w") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.stack([hum, signal], axis=1).tobytes())
    plain = Simulation(snr_db=20.0, seed=1)
    passage = pass_through(both, out, None, None, lambda _: plain, said.append)
    assert said == [f"{both} has 2 channels: number 2 is read"]
    alone = pass_through(str(tmp_path / "one.wav"), out, None, None, lambda _: plain, said.append)
    assert passage.level == alone.level
    (frame,) = receive(read_recording(out).chunks, AUDIO)
    assert frame.control == told_of
