"""Frames from a file or a camera, upright and as 8-bit RGB, whatever they are stored as.

FFmpeg's libraries, which come with PyAV, read a list of containers alone, and open no other file
or address that one of them names. Nothing here needs torch.
"""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import av
import av.error
import numpy as np
from av.container import InputContainer
from av.sidedata.sidedata import Type
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from semjscc.errors import UserError, UserNote, printable
from semjscc.radio.waveform.limits import SHORTEST_SIDE
from semjscc.runtime.quiet import hush_libav
from semjscc.video.frames import USUAL_RATE, Clip, Frame, Pixels
from semjscc.video.kinds import MOST_PIXELS

# Playlists and others that name further files are not among them.
_CONTAINERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,ogg,flv,asf,yuv4mpegpipe"
_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _CONTAINERS}
_DAMAGED = av.error.InvalidDataError, av.error.ArgumentError, av.error.EOFError
"""What FFmpeg says of files that it cannot make anything of, which tells no more than that."""
_CAMERA = "v4l2"
_FASTEST = 1000
"""Frames a second above which a file tells how fine its clock is, not its rate."""
_ROUGH = 5
"""Frames, or a second if that is more, by which a file's stated duration may be wrong."""
_AS_IT_IS = (1, 0, 0, 0, 1)
_NEXT = Fraction(1, 1000)
"""Seconds to a frame whose own time is not later than that of the one before, or absurdly so."""
_LONGEST_S = 86_400
"""A day between two frames: beyond it a clock is damaged."""


def open_video(path: Path) -> Clip:
    """The moving pictures in a file.

    Frames that are damaged or cut off are left out, and a note says so at the end.

    Raises:
        UserError: it cannot be read, or holds no frame of moving pictures, or its frames are larger
            or smaller than images may be.
    """
    name = printable(str(path))
    if not path.is_file():
        raise UserError(f"{name} is not a regular file")
    if not path.stat().st_size:
        raise UserError(f"{name} is empty")
    wrong = f"{name} cannot be read as moving pictures: it is cut off, damaged or of another format"
    return _clip(_opened(f"file:{path.absolute()}", None, _OPTIONS, wrong), name, live=False)


def open_camera(path: Path) -> Clip:
    """What a camera sees from now on, without end.

    Raises:
        UserError: there is none, or it gives no pictures.
    """
    name = printable(str(path))
    if not path.exists():
        raise UserError(f"there is no camera at {name}: see which /dev/video* there are")
    return _clip(_opened(str(path), _CAMERA, {}, f"no camera answers at {name}"), name, live=True)


def _opened(place: str, kind: str | None, options: dict[str, str], wrong: str) -> InputContainer:
    hush_libav()
    try:
        # Of tags, which nobody reads here, many are in an encoding of their own.
        return av.open(
            place, "r", format=kind, container_options=options, metadata_errors="replace"
        )
    except av.error.FFmpegError as error:
        why = "" if isinstance(error, _DAMAGED) else f" ({printable(error.strerror or '')})"
        raise UserError(f"{wrong}{why}") from error


def _clip(container: InputContainer, name: str, *, live: bool) -> Clip:
    try:
        stream = _moving(container, name)
        frames = _Frames(container, stream, name, live=live).read()
        first = next(frames, None)
        if first is None:
            raise UserError(f"{name} holds no frame that can be read")
        height, width, _ = first.pixels.shape
        if min(height, width) < SHORTEST_SIDE:
            raise UserError(
                f"{name} is {width} x {height}: a side must have at least {SHORTEST_SIDE} pixels"
            )
    except BaseException:
        container.close()
        raise
    rate = _rate(stream)
    count = stream.frames or round(rate * Fraction(container.duration or 0, av.time_base))
    return Clip(
        name,
        (height, width),
        rate,
        None if live else count or None,
        frames=_with_first(first, frames),
        live=live,
        has_sound=bool(container.streams.audio),
    )


def _with_first(first: Frame, rest: Iterator[Frame]) -> Iterator[Frame]:
    yield from chain([first], rest)


def _moving(container: InputContainer, name: str) -> VideoStream:
    """The stream that players show; the picture on a record's sleeve does not move."""
    streams = container.streams
    moving = [one for one in streams.video if not one.disposition & Disposition.attached_pic]
    if not moving:
        only = ", only sound" if streams.audio else ""
        raise UserError(f"{name} holds no moving pictures{only}")
    known: list[Any] = [one for one in moving if _is_known(one)]
    if not known:
        raise UserError(f"{name} holds moving pictures of a codec that is not known here")
    best = streams.best("video")
    stream = next((one for one in known if one is best), known[0])
    width, height = stream.codec_context.width, stream.codec_context.height
    if width * height > MOST_PIXELS:
        raise UserError(f"{name} is {width} x {height}: more than {MOST_PIXELS:,} pixels")
    # A stream may grow on the way.
    stream.codec_context.options = {"max_pixels": str(MOST_PIXELS)}
    stream.codec_context.thread_count = 1
    return stream


def _is_known(stream: Any) -> bool:
    """Whether there is a decoder for a stream."""
    return stream.codec_context is not None


def _rate(stream: VideoStream) -> Fraction:
    """Mean frames a second."""
    for told in (stream.average_rate, stream.guessed_rate):
        if told is not None and 0 < told <= _FASTEST:
            return Fraction(told)
    return USUAL_RATE


@dataclass
class _Frames:
    """The frames of one stream; `damage` counts the pieces that could not be read."""

    container: InputContainer
    stream: VideoStream
    name: str
    live: bool
    damage: int = 0

    def read(self) -> Iterator[Frame]:
        """All that can be read."""
        rate, start, before = _rate(self.stream), None, None
        size, turn = (0, 0), _turning(_AS_IT_IS)
        number = -1
        with self.container:
            for frame in self._decoded():
                time = Fraction(number + 1) / rate
                if frame.pts is not None and frame.time_base is not None:
                    start = frame.pts * frame.time_base if start is None else start
                    time = frame.pts * frame.time_base - start
                if before is not None and not before < time <= before + _LONGEST_S:
                    time = before + _NEXT
                if before is None:
                    size, turn = (frame.width, frame.height), _turning(_matrix(frame))
                try:
                    # A stream may change its size on the way; what is sent may not.
                    pixels: Any = frame.reformat(*size, format="rgb24").to_ndarray()
                except (av.error.FFmpegError, ValueError):  # damage that leads to no such format
                    self.damage += 1
                    continue
                before, number = time, number + 1
                yield Frame(number, time, np.ascontiguousarray(turn(pixels)))
            if before is not None and (self.damage or self._ends_early(before, rate)):
                what = "gives no more pictures" if self.live else "is damaged or cut off"
                read = f"{number + 1} frames could be read, the last at {float(before):.2f} s"
                warnings.warn(f"{self.name} {what}: {read}", UserNote, stacklevel=2)

    def _decoded(self) -> Iterator[VideoFrame]:
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:  # a camera that was pulled out is one case
                self.damage += 1
                break
            if packet is None:
                return
            yield from [] if self._is_cut(packet) else self._frames_of(packet)
        yield from self._frames_of(None)

    def _is_cut(self, packet: av.Packet) -> bool:
        self.damage += packet.is_corrupt
        return packet.is_corrupt

    def _frames_of(self, packet: av.Packet | None) -> list[VideoFrame]:
        """Of a packet, or what the decoder still holds; a packet without data asks for that too."""
        try:
            return self.stream.decode(packet)
        except av.error.FFmpegError:
            self.damage += 1
            return []

    def _ends_early(self, last: Fraction, rate: Fraction) -> bool:
        """Whether frames are missing at the end, as Matroska does not tell of a file cut off."""
        duration = Fraction(self.container.duration or 0, av.time_base)
        alone = len(self.container.streams) == 1  # sound may go on
        end = last + max(Fraction(1), (1 + _ROUGH) / rate)
        return alone and not self.live and end < duration


def _matrix(frame: VideoFrame) -> Sequence[int]:
    """How a file says that a frame is to be shown: a, b, u, c, d and more (ISO/IEC 14496-12).

    A pixel (p, q) is shown at (a p + c q, b p + d q), counted to the right and down.
    """
    stated: Any = frame.side_data
    told = stated.get(Type.DISPLAYMATRIX)
    return _AS_IT_IS if told is None else np.frombuffer(told, np.int32).tolist()


def _turning(matrix: Sequence[int]) -> Callable[[Pixels], Pixels]:
    """What makes frames upright: of the eight ways to turn and mirror, the one that is meant."""
    a, b, _, c, d, *_ = matrix
    swapped = abs(b) > abs(a)
    right, down = (c, b) if swapped else (a, d)
    rows = slice(None, None, -1 if down < 0 else 1)
    columns = slice(None, None, -1 if right < 0 else 1)
    return lambda pixels: (pixels.swapaxes(0, 1) if swapped else pixels)[rows, columns]
