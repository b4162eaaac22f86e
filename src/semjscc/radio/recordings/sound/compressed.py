"""FLAC and Ogg (Vorbis, Opus, FLAC) by FFmpeg, piece by piece."""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from semjscc.errors import UserError
from semjscc.radio.recordings.stretches import Readable

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import InputContainer


def decode(
    stream: Readable, kind: str, name: str, tell: Callable[[str], object]
) -> tuple[int, int, Generator[NDArray[np.float32], None, None]]:
    """The samples of a compressed sound file.

    Args:
        stream: at its beginning; needs no seeking.
        kind: "flac" or "ogg". No other format is tried, some of which name files to read.
        name: what messages call it.
        tell: takes a line for the user, such as that parts are damaged.

    Returns:
        samples a second, channels, and the samples: (N, channels) float32 in pieces, ±1 being the
        full scale.

    Raises:
        UserError: it is no such file, or holds no sound.
        OSError: the stream cannot be read.
    """
    import av  # slow to import, and for these files alone
    from av.error import FFmpegError

    forward = _Forward(stream)
    try:
        # A damaged title is no reason to refuse the sound.
        container = cast("InputContainer", av.open(forward, format=kind, metadata_errors="replace"))
    except FFmpegError:
        forward.check()
        raise UserError(f"{name} is no {kind.upper()} file that can be read") from None
    try:
        sound = container.streams.audio[0]
        rate, channels = sound.codec_context.sample_rate, sound.codec_context.layout.nb_channels
    except (IndexError, FFmpegError):
        container.close()
        raise UserError(f"{name} holds no sound") from None
    if not (rate and channels):
        container.close()
        raise UserError(f"{name} does not tell its sample rate and channels")
    return rate, channels, _pieces(container, sound, channels, forward, name, tell)


class _Forward:
    """A stream for FFmpeg, which is read as a pipe is: on an empty file it would seek before it."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self._error: BaseException | None = None

    def read(self, most: int) -> bytes:
        """Up to so many bytes; none at the end, or once something has gone wrong."""
        try:
            return b"" if self._error else self._stream.read(most)
        except BaseException as error:  # Ctrl-C, too: what comes out of here is printed and lost
            self._error = error
            return b""

    def check(self) -> None:
        """Raise what has gone wrong."""
        if self._error is not None:
            raise self._error


def _pieces(
    container: "InputContainer",
    sound: "AudioStream",
    channels: int,
    stream: "_Forward",
    name: str,
    tell: Callable[[str], object],
) -> Generator[NDArray[np.float32], None, None]:
    """What can be decoded; what cannot is left out, and said."""
    from av import AudioResampler
    from av.error import FFmpegError

    damaged, place = False, 0
    with container:
        context = sound.codec_context
        # Only the format of a number changes.
        as_floats = AudioResampler("flt", context.layout, context.sample_rate)
        packets = container.demux(sound)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    break
                frames = packet.decode()
                parts = [part for frame in frames for part in as_floats.resample(frame)]
            except (FFmpegError, ValueError):  # a frame of another rate is a ValueError
                damaged = True
                continue
            for frame in frames:
                if frame.pts is not None and place and frame.time_base is not None:
                    # What FFmpeg passes over, it does not report.
                    damaged |= abs(frame.pts * frame.time_base * context.sample_rate - place) > 1
                place += frame.samples
            for part in parts:
                yield part.to_ndarray().reshape(-1, channels).astype(np.float32, copy=False)
    stream.check()
    if damaged:
        tell(f"{name} has damaged parts: they are left out")
