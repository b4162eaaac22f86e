"""A recording through the channel simulator into another recording."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from semjscc.radio.files import read_recording, write_recording
from semjscc.radio.profiles import PROFILES, SDR, has_rate_of
from semjscc.radio.reading import PIPE
from semjscc.radio.simulator import Simulation, simulate_chunks

ALIASES = {"good": "mpg", "moderate": "mpm", "poor": "mpp"}
"""What ITU-R F.1487 calls its channels."""
SPREAD_S = {"sdr": 1e-6, "audio": 2e-4}
"""The delay spread of a waveform's multipath where nobody states one."""


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
        UserError: a number is beyond what it may be, or there is no such profile.
    """
    given = {name: number for name, number in numbers.items() if number is not None}
    for waveform in PROFILES.values():
        if has_rate_of(waveform, rate):
            given["bandwidth"] = waveform.bandwidth_hz
            given.setdefault("delay_spread_s", SPREAD_S[waveform.name])
    plain = Simulation(profile=ALIASES.get(profile, profile), seed=seed)
    return replace(plain, snr_db=snr_db, **given)


def pass_through(
    source: str,
    target: str,
    kind: str | None,
    rate: float | None,
    channel: Callable[[float], Simulation],
    tell: Callable[[str], object],
) -> tuple[float, Simulation]:
    """Read a recording, and write what arrives of it.

    Args:
        source: a file, or "-" for standard input.
        target: a file, or "-" for standard output.
        kind: of both; None for those of the paths, and cf32 for a pipe.
        rate: samples a second where the file does not tell; None for that of ``sdr``.
        channel: from the sample rate to what happens to it.
        tell: takes a line for the user, such as a warning.

    Returns:
        the length of what was written in seconds, and what happened.

    Raises:
        UserError: as `read_recording`, `simulate_chunks` and `write_recording`.
    """
    kinds = [kind or ("cf32" if path == PIPE else None) for path in (source, target)]
    recording = read_recording(source, rate or SDR.sample_rate, kinds[0], tell)
    simulation = channel(recording.rate)
    received = simulate_chunks(recording.chunks, recording.rate, simulation)
    written = write_recording(target, received, recording.rate, kinds[1])
    return written / recording.rate, simulation
