"""A recording to be demodulated: its kind and rate, the waveform, the room for its images."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice

from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.radio.receiver.receiver import receive
from semjscc.radio.recordings.files import Recording, check_stated_rate, read_recording
from semjscc.radio.recordings.kinds import PIPE
from semjscc.radio.recordings.sound.sound_files import MOST_OF_SOUND
from semjscc.radio.sampling.mixing import mix_down, swap_iq
from semjscc.radio.sampling.polyphase import change_rate, check_rate
from semjscc.radio.sampling.resampling import Samples
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


@dataclass(frozen=True)
class Stated:
    """What the user says of a recording.

    Attributes:
        profile: name of the waveform where the file does not tell; None for what fits.
        kind: as for `read_recording`; None for that of the path.
        rate: samples a second where the file does not tell; None for that of the waveform.
        offset_hz: where the waveform's centre lies above that of the recording.
        swap_iq: whether I stands for Q, and the spectrum is turned round.
    """

    profile: str | None = None
    kind: str | None = None
    rate: float | None = None
    offset_hz: float = 0.0
    swap_iq: bool = False


def open_recording(path: str, stated: Stated, tell: Callable[[str], object]) -> Opening:
    """Open a recording to demodulate it, and bring it to the sample rate of a waveform.

    The beginning of a file is read, so that what is no recording shows before anything is made of
    it. A pipe is not waited for, or for the header of a sound file alone: a radio may be silent for
    hours.

    Of the channels of a sound file that one is taken which has the signal: the first image in it
    has the highest SNR.

    Args:
        path: a file, or "-" for standard input.
        stated: what the user says of it.
        tell: takes a line for the user, such as a warning.

    Raises:
        UserError: as `read_recording`; the file has another rate than is stated; or the waveform
            does not fit into the sample rate, or not at that offset.
    """
    recording = _read(path, stated, tell)
    check_stated_rate(path, stated.rate, recording.told)
    name = printable(path)
    profile = _profile_of(recording.rate, stated.profile)
    if recording.channels > 1:
        reader = partial(_read, path, stated, lambda _: None)
        # What comes but once cannot be looked through first.
        once = recording.most is None
        channel = 0 if once else channel_with_signal(reader, recording.channels)
        recording = recording if channel == 0 else _read(path, stated, tell, channel)
        tell(f"{name} has {recording.channels} channels: number {channel + 1} is read")
    needs_change = not has_rate_of(profile, recording.rate)
    if needs_change:
        band = profile.bandwidth_hz
        check_rate(recording.rate, profile.sample_rate, band, name, f"the waveform {profile.name}")
    _check_offset(stated.offset_hz, recording.rate, profile, name)
    first = [] if recording.most is None else list(islice(recording.chunks, 1))
    chunks: Iterator[Samples] = chain(first, recording.chunks)
    most = recording.most
    if stated.swap_iq:
        chunks = swap_iq(chunks)
    if stated.offset_hz:
        chunks = mix_down(chunks, stated.offset_hz, recording.rate)
    if needs_change:
        chunks = change_rate(chunks, recording.rate, profile.sample_rate, profile.bandwidth_hz)
        most = most and int(most * profile.sample_rate / recording.rate) + 1
    return Opening(profile, chunks, _room(most, profile))


def _read(path: str, stated: Stated, tell: Callable[[str], object], channel: int = 0) -> Recording:
    asked = stated.profile or SDR.name
    kind = stated.kind or pipe_kind(path, asked)
    rate = PROFILES[asked].sample_rate if stated.rate is None else stated.rate
    # Whoever names the waveform of radios says as well what two channels are.
    is_iq = True if stated.profile == SDR.name else None
    return read_recording(path, rate, kind, tell, channel=channel, is_iq=is_iq)


def channel_with_signal(read: Callable[[int], Recording], channels: int) -> int:
    """The channel whose first image arrives with the highest SNR; the first where none does.

    Args:
        read: opens the sound file anew, and takes one of its channels, counted from 0.
        channels: how many it has.
    """
    snrs_db = []
    for channel in range(channels):
        recording = read(channel)
        frames = receive(recording.chunks, AUDIO, most_symbols=_room(recording.most, AUDIO))
        snrs_db.append(next((frame.snr_db for frame in frames), -math.inf))
    return snrs_db.index(max(snrs_db))


def _check_offset(offset_hz: float, rate: float, profile: Profile, name: str) -> None:
    """Refuse to look for a waveform beyond the recording's edge.

    Raises:
        UserError: it would lie there.
    """
    most = max((rate - profile.bandwidth_hz) / 2, 0.0)
    if not abs(offset_hz) <= most:
        raise UserError(
            f"an offset of {offset_hz:g} Hz lies beyond what {name} holds at {rate:g} samples a "
            f"second: {profile.name} fits up to {most:g} Hz from its centre"
        )


def pipe_kind(path: str, profile: str) -> str | None:
    """The kind of a pipe that nobody named: audio is a WAV file, all else IQ; None for a file."""
    return ("wav" if profile == AUDIO.name else "cf32") if path == PIPE else None


def _profile_of(rate: float, name: str | None) -> Profile:
    """The waveform to look for.

    Args:
        rate: samples a second that the recording has.
        name: what the user says, or None: that of this rate, or else what such a rate is for.
    """
    if name is not None:
        return PROFILES[name]
    fitting = (one for one in PROFILES.values() if has_rate_of(one, rate))
    return next(fitting, AUDIO if rate <= MOST_OF_SOUND else SDR)


def _room(most: int | None, profile: Profile) -> int:
    """The longest image to look for among so many samples; that of the modem for a pipe.

    A damaged header may announce millions of symbols: nothing is set aside for more than a few
    times what the recording can hold.
    """
    if most is None:
        return MOST_SYMBOLS
    return min(MOST_SYMBOLS, PART_OF_IMAGE * (most // profile.symbol + 1) * profile.data_carriers)
