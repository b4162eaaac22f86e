"""What counts as moving pictures, and what they are written as; imports nothing large."""

import os
from pathlib import Path
from typing import NamedTuple

from semjscc.errors import UserError, printable
from semjscc.paths import check_writable

# fmt: off
CLIPS = frozenset({
    ".3gp", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts",
    ".ogv", ".ts", ".webm", ".wmv", ".y4m",
})
"""How files of moving pictures end."""
# fmt: on

MOST_PIXELS = 64 * 2**20
"""Of a frame, as of a still image."""

_STARTS = (b"\x1aE\xdf\xa3", b"YUV4MPEG2", b"\0\0\1\xba", b"FLV\1")
"""How some of them begin: Matroska, YUV4MPEG2, MPEG's program stream, Flash."""
_STILL = (b"avi", b"hei", b"hev", b"mif", b"msf")
"""How the brands of still images begin in files that are boxes, as MP4 is."""


class Format(NamedTuple):
    """How moving pictures are written.

    Attributes:
        container: FFmpeg's name.
        codec: likewise.
        pixels: FFmpeg's pixel format.
        options: of the encoder.
        is_lossless: whether every pixel is kept.
    """

    container: str
    codec: str
    pixels: str
    options: dict[str, str]
    is_lossless: bool = False


# Without B-frames the times of frames are written as they are, in whatever rhythm they come.
_H264 = {"crf": "18", "preset": "veryfast", "bf": "0"}
FORMATS = {
    ".mp4": Format("mp4", "libx264", "yuv420p", _H264),
    ".mov": Format("mov", "libx264", "yuv420p", _H264),
    ".webm": Format(
        "webm", "libvpx-vp9", "yuv420p", {"crf": "20", "deadline": "realtime", "cpu-used": "6"}
    ),
    ".mkv": Format("matroska", "ffv1", "bgr0", {}, is_lossless=True),
}
"""By the ending of a file. Players and browsers know the first three; Matroska is to the pixel."""


def is_camera(path: Path) -> bool:
    """Whether a path is, or would be, a camera's device: ``/dev/video0`` or a link to it."""
    place = Path(os.path.realpath(path))  # which, unlike Path.resolve, follows a loop to no error
    return place.is_relative_to("/dev") and place.name.startswith("video")


def is_clip(path: Path) -> bool:
    """Whether moving pictures are read from there: a file, a folder of frames, or a camera.

    What begins like a still image is one, whatever it is called.
    """
    if is_camera(path) or path.is_dir():
        return True
    if not path.is_file():
        return path.suffix.lower() in CLIPS
    try:
        with path.open("rb") as stream:
            start = stream.read(12)
    except OSError:
        start = b""
    if start[4:8] == b"ftyp":
        return not start[8:12].startswith(_STILL)
    if start.startswith(_STARTS) or (start[:4] == b"RIFF" and start[8:12] == b"AVI "):
        return True
    return path.suffix.lower() in CLIPS and not _is_image(start)


def _is_image(start: bytes) -> bool:
    return start.startswith((b"\xff\xd8\xff", b"GIF8", b"\x89PNG")) or start[8:12] == b"WEBP"


def check_clip_out(path: Path) -> None:
    """Whether moving pictures can be written there, before any work.

    Raises:
        UserError: the ending is none of a format that is written, or no file can be made there.
    """
    if path.suffix.lower() not in FORMATS:
        name, known = printable(str(path)), ", ".join(FORMATS)
        raise UserError(f"{name} has no ending of moving pictures that are written: take {known}")
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UserError(f"{printable(str(path))} is no file: moving pictures go to a file of ours")
    check_writable(path)
