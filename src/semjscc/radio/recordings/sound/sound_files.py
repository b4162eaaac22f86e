"""Sound files: WAV, and FLAC and Ogg; of a sound card, or of a receiver that stores I and Q.

Many receivers store I and Q as the two channels of a WAV file. SDR#, HDSDR, SDRuno, SpectraVue and
KiwiSDR leave a chunk of their own in it, and none of the others has as few samples a second as a
sound card.
"""

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from semjscc.errors import UserError
from semjscc.radio.recordings.formats import IQ_FULL_SCALE, REAL_FULL_SCALE
from semjscc.radio.recordings.reading import Begun, finite_numbers, open_source, whole_samples
from semjscc.radio.recordings.sound.compressed import decode
from semjscc.radio.recordings.sound.wav import next_data, read_wav_header
from semjscc.radio.sampling.resampling import Samples

MOST_OF_SOUND = 192_000
"""Samples a second of sound cards; what has more comes from a radio."""
LEAST_COMPRESSED = 12 / 65_535
"""Bytes of a sample: a block of silence in FLAC."""
Values = NDArray[np.float32]


@dataclass(frozen=True)
class SoundFormat:
    """What a sound file says of its samples.

    Attributes:
        rate: samples a second.
        channels: in a sample.
        is_iq: whether the two channels seem to be I and Q.
        frame_bytes: of a sample of all channels; where the file is compressed, at least.
    """

    rate: int
    channels: int
    is_iq: bool
    frame_bytes: float


def open_sound(
    source: Path | Begun, kind: str, name: str, tell: Callable[[str], object]
) -> tuple[SoundFormat, Iterator[Values]]:
    """Open a sound file; of a pipe, wait for its header.

    Args:
        source: the file.
        kind: "wav" or one of `semjscc.radio.recordings.kinds.COMPRESSED`.
        name: what messages call it.
        tell: takes a line for the user, such as that the file is cut off.

    Returns:
        its format, and its samples: (N, channels) float32 in pieces. Their full scale is
        `REAL_FULL_SCALE`.

    Raises:
        UserError: it is no such file, of a format that is not read, or cannot be read.
    """
    found: list[SoundFormat] = []
    reader = _wav if kind == "wav" else _compressed
    chunks = reader(source, kind, name, tell, found)
    try:
        # Up to the header: a stream that comes but once cannot be opened for it alone.
        next(chunks, None)
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}") from error
    return found[0], chunks


def as_iq(chunks: Iterator[Values]) -> Iterator[Samples]:
    """Two channels (N, 2) in pieces as complex samples (N,), the first being I."""
    for chunk in chunks:
        scaled = chunk * np.float32(IQ_FULL_SCALE / REAL_FULL_SCALE)
        yield np.ascontiguousarray(scaled).view(np.complex64)[:, 0]


def _wav(
    source: Path | Begun,
    _kind: str,
    name: str,
    tell: Callable[[str], object],
    found: list[SoundFormat],
) -> Generator[Values, None, None]:
    told = False
    with open_source(source) as stream:
        head = read_wav_header(stream, name)
        form, channels = head.form, head.channels
        is_iq = channels == 2 and (head.is_receivers or head.rate > MOST_OF_SOUND)
        size = channels * form.number.itemsize
        found.append(SoundFormat(head.rate, channels, is_iq, size))
        yield np.zeros((0, channels), np.float32)
        # Floats have a full scale of 1.
        scale = np.float32(REAL_FULL_SCALE if form.number.kind == "f" else 1)
        length = head.length
        while True:
            for data in whole_samples(stream, size, length, name, tell):
                values = form.values(data) * scale
                sound = finite_numbers(values, channels)
                if sound is not values and not told:
                    told = True
                    tell(f"{name} has samples that are not finite numbers: taken as 0")
                yield sound.reshape(-1, channels)
            # KiwiSDR stores a chunk a block.
            if length is None or (length := next_data(stream, length)) is None:
                return


def _compressed(
    source: Path | Begun,
    kind: str,
    name: str,
    tell: Callable[[str], object],
    found: list[SoundFormat],
) -> Generator[Values, None, None]:
    with open_source(source) as stream:
        rate, channels, chunks = decode(stream, kind, name, tell)
        found.append(SoundFormat(rate, channels, is_iq=False, frame_bytes=LEAST_COMPRESSED))
        yield np.zeros((0, channels), np.float32)
        for chunk in chunks:
            values = (chunk * np.float32(REAL_FULL_SCALE)).ravel()
            yield finite_numbers(values, channels).reshape(-1, channels)
