"""A recording through the channel simulator into another recording."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.radio.demodulator_input import channel_with_signal
from semjscc.radio.recordings.files import (
    Recording,
    check_stated_rate,
    read_recording,
    write_recording,
)
from semjscc.radio.recordings.kinds import PIPE, kind_of
from semjscc.radio.recordings.level import Level, measure_level
from semjscc.radio.sampling.resampling import Samples
from semjscc.radio.simulator.limits import check_counts
from semjscc.radio.simulator.simulator import Simulation, simulate_chunks
from semjscc.radio.waveform.profiles import PROFILES, SDR, has_rate_of

ALIASES = {"good": "mpg", "moderate": "mpm", "poor": "mpp"}
"""What ITU-R F.1487 calls its channels."""
SPREAD_S = {"sdr": 1e-6, "audio": 2e-4}
"""The delay spread of a waveform's multipath where nobody states one."""
HELD = 1 << 22
"""Samples of a pipe that are waited for to measure its signal: 32 MB."""


def simulation_for(
    rate: float,
    numbers: Mapping[str, float | None],
    *,
    snr_db: float | None,
    profile: str = "none",
    seed: int = 0,
) -> Simulation:
    """The channel for a recording of this sample rate.

    Es/N0 counts on the carriers of the waveform that has the rate, or on all of the rate.

    Args:
        rate: samples a second.
        numbers: fields of `Simulation`; None for what nobody stated.
        snr_db: Es/N0 in dB, or None for no noise.
        profile: multipath by its name, or by what ITU-R F.1487 calls it.
        seed: what all that is random follows from.

    Raises:
        UserError: a number is beyond what it may be, or changes nothing; or there is no such
            profile.
    """
    plain = Simulation(profile=ALIASES.get(profile, profile), seed=seed)
    check_counts(numbers, profile)
    given = {name: number for name, number in numbers.items() if number is not None}
    for waveform in PROFILES.values():
        if has_rate_of(waveform, rate):
            given["bandwidth"] = waveform.bandwidth_hz
            given.setdefault("delay_spread_s", SPREAD_S[waveform.name])
    return replace(plain, snr_db=snr_db, **given)


@dataclass(frozen=True)
class Passage:
    """What happened to a recording.

    Attributes:
        seconds: length of what was written.
        rate: samples a second.
        kind: of the recording that was written: one of `KINDS`' values.
        simulation: the channel, with the power that noise, DC and clipping refer to.
        level: what was measured of the signal; None where it was stated, or nothing refers to it.
    """

    seconds: float
    rate: float
    kind: str
    simulation: Simulation
    level: Level | None


def pass_through(
    source: str,
    target: str,
    kind: str | None,
    rate: float | None,
    channel: Callable[[float], Simulation],
    tell: Callable[[str], object],
    *,
    power: float | None = None,
) -> Passage:
    """Read a recording, and write what arrives of it.

    The signal's power is measured before: over all of a file, which is read twice, and over the
    first two seconds of ``sdr`` (`HELD` samples) of a pipe. Of the channels of a sound file that
    one is taken which has the signal, as `semjscc.radio.demodulator_input.open_recording` does.

    Args:
        source: a file, or "-" for standard input.
        target: a file, or "-" for standard output.
        kind: of both; None for those of the paths. A pipe is then read as what it begins as, and
            written as WAV where that was read, or else as cf32.
        rate: samples a second where the file does not tell; None for that of ``sdr``.
        channel: from the sample rate to what happens to it.
        tell: takes a line for the user, such as a warning.
        power: mean |x|² of the signal while it is on; None to measure it.

    Raises:
        UserError: as `read_recording`, `simulate_chunks` and `write_recording`; the file has
            another rate than is stated; or there is no signal to measure.
    """

    def read(channel: int, say: Callable[[str], object] = lambda _: None) -> Recording:
        stated = SDR.sample_rate if rate is None else rate
        return read_recording(source, stated, kind, say, channel=channel)

    recording, own = read(0, tell), 0
    check_stated_rate(source, rate, recording.told)
    if recording.channels > 1:
        # What comes but once cannot be looked through first.
        own = 0 if recording.most is None else channel_with_signal(read, recording.channels)
        recording = read(own, tell) if own else recording
        tell(f"{printable(source)} has {recording.channels} channels: number {own + 1} is read")
    simulation, chunks, level = channel(recording.rate), recording.chunks, None
    if power is None and _refers_to_power(simulation):
        if recording.most is None:
            held, rest = _hold(chunks)
            level, chunks = measure_level(held), chain(held, rest)
        else:
            level = measure_level(read(own).chunks)
        if not level.power:
            raise UserError(
                f"{printable(source)} holds no signal whose power could be measured: state --power"
            )
        power = level.power
    simulation = simulation if power is None else replace(simulation, power=power)
    received = simulate_chunks(chunks, recording.rate, simulation)
    if kind is None and target == PIPE:
        kind = "wav" if recording.kind == "wav" else "cf32"
    written = write_recording(target, received, recording.rate, kind, tell=tell)
    seconds = written / recording.rate
    return Passage(seconds, recording.rate, kind_of(target, kind), simulation, level)


def _refers_to_power(simulation: Simulation) -> bool:
    dc = simulation.dc_i or simulation.dc_q
    return simulation.snr_db is not None or simulation.clip_db is not None or bool(dc)


def _hold(chunks: Iterator[Samples]) -> tuple[list[Samples], Iterator[Samples]]:
    """The beginning of what comes but once, and the rest."""
    held, count = [], 0
    while count < HELD and (chunk := next(chunks, None)) is not None:
        held.append(chunk)
        count += len(chunk)
    return held, chunks
