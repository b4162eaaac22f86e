"""A recording to be demodulated: its kind and rate, the waveform, the room for its images."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.radio.recordings.containers import PIPE
from semjscc.radio.recordings.files import read_recording
from semjscc.radio.recordings.resampling import Samples
from semjscc.radio.waveform.limits import MOST_SYMBOLS
from semjscc.radio.waveform.profiles import AUDIO, PROFILES, SDR, Profile, has_rate_of

PART_OF_IMAGE = 4
"""An image of which a recording can hold less than one in so many symbols is not waited for; one of
which fewer packets arrived is not decoded."""


@dataclass(frozen=True)
class Opening:
    """A recording that a receiver may begin with.

    Attributes:
        profile: the waveform to look for.
        chunks: complex64 baseband at its sample rate, in pieces.
        room: symbols of the longest image to look for.
    """

    profile: Profile
    chunks: Iterator[Samples]
    room: int


def open_recording(
    path: str, profile: str | None, kind: str | None, tell: Callable[[str], object]
) -> Opening:
    """Open a recording to demodulate it.

    The beginning of a file is read, so that what is no recording shows before anything is made of
    it. A pipe is not waited for: a radio may be silent for hours.

    Args:
        path: a file, or "-" for standard input.
        profile: name of the waveform where the file does not tell; None for what fits.
        kind: as for `read_recording`; None for that of the path.
        tell: takes a line for the user, such as a warning.

    Raises:
        UserError: as `read_recording`, or the sample rate is that of no waveform.
    """
    asked = profile or SDR.name
    kind = kind or pipe_kind(path, asked)
    recording = read_recording(path, PROFILES[asked].sample_rate, kind, tell)
    chosen = _profile_of(recording.rate, profile, printable(path))
    first = [] if recording.most is None else list(islice(recording.chunks, 1))
    return Opening(chosen, chain(first, recording.chunks), _room(recording.most, chosen))


def pipe_kind(path: str, profile: str) -> str | None:
    """The kind of a pipe that nobody named: audio is a WAV file, all else IQ; None for a file."""
    return ("wav" if profile == AUDIO.name else "cf32") if path == PIPE else None


def _profile_of(rate: float, name: str | None, path: str) -> Profile:
    """The waveform to look for.

    Args:
        rate: samples a second that the recording has.
        name: what the user says, or None.
        path: of the recording, for messages.

    Raises:
        UserError: the rate is that of no waveform, or not of the one that the user says.
    """
    fitting = {profile.name: profile for profile in PROFILES.values() if has_rate_of(profile, rate)}
    if name is None and fitting:
        return next(iter(fitting.values()))
    if name in fitting:
        return fitting[name]
    wanted = " or ".join(
        f"{PROFILES[one].sample_rate} ({one})" for one in ([name] if name else PROFILES)
    )
    raise UserError(f"{path} has {rate:g} samples a second: resample it to {wanted}")


def _room(most: int | None, profile: Profile) -> int:
    """The longest image to look for among so many samples; that of the modem for a pipe.

    A damaged header may announce millions of symbols: nothing is set aside for more than a few
    times what the recording can hold.
    """
    if most is None:
        return MOST_SYMBOLS
    return min(MOST_SYMBOLS, PART_OF_IMAGE * (most // profile.symbol + 1) * profile.data_carriers)
