"""Frames to a file that is playable whenever it is closed."""

import secrets
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.error
import numpy as np
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from semjscc.errors import UserError, printable
from semjscc.runtime.quiet import hush_libav
from semjscc.runtime.signals import signals_held_back
from semjscc.video.frames import Pixels
from semjscc.video.kinds import FORMATS

_CLOCK = 90_000
"""Steps a second of the times written; a container may keep fewer."""
_BT709 = 1
"""Number of its primaries and transfer function (ITU-T H.273)."""


class ClipWriter:
    """Encodes frames as they come, under another name until the end.

    As a context manager it puts the file in place at the end and after a signal to stop; after an
    error, or without a frame, an older file of that name stays.

    Args:
        path: its ending is one of `FORMATS`.
        rate: frames a second, roughly: players take it for the length of the last frame.
    """

    def __init__(self, path: Path, rate: Fraction) -> None:
        self._path, self._rate = path, rate
        self._format = FORMATS[path.suffix.lower()]
        # Beside its place, and made by an ordinary open, so that it gets the usual permissions.
        self._temporary = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._last = -1
        self.frames = 0
        """How many are in the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with signals_held_back():
            if error is None or isinstance(error, KeyboardInterrupt):
                self.close()
            else:
                self._drop()

    def add(self, pixels: Pixels, time: Fraction) -> None:
        """Write one more frame; a signal waits until it is written.

        Args:
            pixels: (H, W, 3) uint8, of one size for all; a side of odd length gets its last row
                or column twice where the codec takes even ones alone.
            time: in seconds, later than the last.

        Raises:
            UserError: it cannot be written.
        """
        with signals_held_back():
            try:
                self._add(pixels, time)
            except (av.error.FFmpegError, OSError, ValueError) as error:
                raise self._failure(error) from error
        self.frames += 1

    def _add(self, pixels: Pixels, time: Fraction) -> None:
        if not self._format.is_lossless:  # 4:2:0 is of pairs of rows and columns
            pixels = np.pad(
                pixels, ((0, pixels.shape[0] % 2), (0, pixels.shape[1] % 2), (0, 0)), mode="edge"
            )
        if self._container is None or self._stream is None:
            self._open(pixels.shape[0], pixels.shape[1])
        assert self._container is not None
        assert self._stream is not None
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        if not self._format.is_lossless:
            frame = frame.reformat(
                format=self._format.pixels,
                dst_colorspace=Colorspace.ITU709,
                dst_color_range=ColorRange.MPEG,
            )
        self._last = max(round(time * _CLOCK), self._last + 1)
        frame.pts, frame.time_base = self._last, Fraction(1, _CLOCK)
        self._container.mux(self._stream.encode(frame))

    def _open(self, height: int, width: int) -> None:
        hush_libav()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        place = f"file:{self._temporary.absolute()}"
        self._container = container = av.open(place, "w", format=self._format.container)
        container.metadata["comment"] = "semjscc"
        stream = container.add_stream(self._format.codec, rate=self._rate)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, self._format.pixels
        stream.options = dict(self._format.options)
        context = stream.codec_context
        context.time_base = Fraction(1, _CLOCK)
        context.thread_count = 1
        if not self._format.is_lossless:
            context.colorspace, context.color_range = Colorspace.ITU709, ColorRange.MPEG
            context.color_primaries = context.color_trc = _BT709
        self._stream = stream

    def close(self) -> None:
        """Finish the file and put it in place; without a frame there is none.

        Raises:
            UserError: it cannot be written.
        """
        if self._container is None or self._stream is None or not self.frames:
            self._drop()
            return
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
            self._container = None
            self._temporary.replace(self._path)
        except (av.error.FFmpegError, OSError) as error:
            raise self._failure(error) from error
        finally:
            self._drop()

    def _drop(self) -> None:
        """Leave nothing behind but what was put in place."""
        if self._container is not None:
            container, self._container = self._container, None
            with suppress(av.error.FFmpegError, OSError):
                container.close()
        with suppress(OSError):
            self._temporary.unlink()

    def _failure(self, error: Exception) -> UserError:
        said = getattr(error, "strerror", None) or str(error)
        return UserError(f"{printable(str(self._path))} cannot be written: {printable(said)}")
