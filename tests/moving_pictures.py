"""Small clips for tests, made with PyAV, and clips read back with nothing of ours."""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

CLOCK = 90_000


def squares(count: int, height: int = 32, width: int = 32) -> list[NDArray[np.uint8]]:
    """Frames (H, W, 3) of a colour that changes, with a bright square that moves to the right."""
    frames = []
    for number in range(count):
        frame = np.full((height, width, 3), (40, 60 + 10 * number, 90), np.uint8)
        left = 4 + 4 * number
        frame[8:16, left : left + 8] = (230, 200, 40)
        frames.append(frame)
    return frames


def write_clip(
    path: Path,
    frames: Sequence[NDArray[Any]],
    times: Iterable[float] | None = None,
    *,
    codec: str = "ffv1",
    pixels: str = "bgr0",
    container: dict[str, str] | None = None,
    options: dict[str, str] | None = None,
    rate: int = 25,
) -> Path:
    """A clip of these frames; without times they come at the rate."""
    times = [number / rate for number in range(len(frames))] if times is None else times
    with av.open(str(path), "w", options=container or {}) as file:
        stream: Any = file.add_stream(codec, rate=rate)
        stream.height, stream.width = frames[0].shape[:2] if frames else (32, 32)
        stream.pix_fmt, stream.options = pixels, options or {}
        stream.codec_context.time_base = Fraction(1, CLOCK)
        for time, pixel in zip(times, frames, strict=True):
            frame = av.VideoFrame.from_ndarray(pixel, format="rgb24")
            frame.pts, frame.time_base = round(time * CLOCK), Fraction(1, CLOCK)
            file.mux(stream.encode(frame))
        if frames:
            file.mux(stream.encode(None))
        else:
            file.start_encoding()
    return path


def add_sound(source: Path, path: Path, *, pictures: bool = True) -> Path:
    """The same moving pictures, or none, with a tenth of a second of silence."""
    with av.open(str(source)) as read, av.open(str(path), "w") as file:
        sound: Any = file.add_stream("pcm_s16le", rate=8000)
        sound.layout = "mono"
        copy: Any = file.add_stream_from_template(read.streams.video[0]) if pictures else None
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        frame.sample_rate, frame.pts = 8000, 0
        file.mux(sound.encode(frame))
        for packet in read.demux(video=0) if copy else ():
            if packet.dts is not None:
                packet.stream = copy
                file.mux(packet)
        file.mux(sound.encode(None))
    return path


def frames_in(path: Path) -> tuple[list[float], list[NDArray[np.uint8]]]:
    """Times in seconds and pixels (H, W, 3) of all frames."""
    with av.open(str(path)) as file:
        read: list[Any] = list(file.decode(video=0))
        return [frame.time for frame in read], [frame.to_ndarray(format="rgb24") for frame in read]
