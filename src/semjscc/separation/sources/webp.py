"""WebP, lossy (VP8 key frame, RFC 6386), without the container.

    RIFF size WEBP VP8_ size │ frame tag │ start code, width, height │ partitions │ padding
                             │  payload  │                           │  payload   │

Of the frame tag only the size of the first partition varies; it is kept as one or more bytes of
7 bits, low bits first.
"""

import struct
from typing import ClassVar

from semjscc.separation.sources.base import Pixels, SourceCoder
from semjscc.separation.sources.leb128 import read_leb128, write_leb128
from semjscc.separation.sources.pillow import library, load, missing, save

_CONTAINER = struct.Struct("<4sI4s4sI")
_FRAME = struct.Struct("<3s3sHH")
_START_CODE = b"\x9d\x01\x2a"
_SHOWN_KEY_FRAME = 0b10000
"""The low 5 bits of the tag: a key frame (0), profile 0, to be shown."""

_METHODS = (6, 4)


class WebP(SourceCoder):
    """WebP by libwebp; qualities are libwebp's, the variants how hard it searches.

    Method 6 trades rate for distortion better, method 4 has other sizes at the same qualities.
    """

    name: ClassVar[str] = "webp"
    variants: ClassVar[tuple[str, ...]] = ("method 6", "method 4")
    qualities: ClassVar[tuple[int, ...]] = (
        0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 14, 17, 20, 24, 28, 32, 36, 40, 45, 50, 55, 60, 65, 70, 74,
        78, 82, 86, 89, 92, 95, 98,
    )  # fmt: skip

    def missing(self) -> str | None:
        """One line that says what to install where this Pillow lacks the format."""
        return missing("webp", "WebP", "WEBP")

    def version(self) -> str:
        """Of Pillow and the library behind it."""
        return library("webp")

    def compress(self, image: Pixels, variant: int, quality: int) -> bytes:
        """The whole file; see `SourceCoder`."""
        return save(image, "WEBP", quality=self.qualities[quality], method=_METHODS[variant])

    def decompress(self, file: bytes, size: tuple[int, int]) -> Pixels:
        """The image of a whole file; see `SourceCoder`."""
        return load(file, "WEBP", size)

    def strip(self, file: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """The payload of a file; see `SourceCoder`."""
        start = _CONTAINER.size + _FRAME.size
        if len(file) < start:
            raise ValueError("WebP: the file ends within its header")
        length = int.from_bytes(file[16:20], "little")
        tag = int.from_bytes(file[20:23], "little")
        payload = write_leb128(tag >> 5) + file[start : _CONTAINER.size + length]
        if self.restore(payload, size, variant, quality) != file:
            raise ValueError("WebP: the file is no plain VP8 key frame of this size")
        return payload

    def restore(self, payload: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """The file of a payload; see `SourceCoder`."""
        del variant, quality
        first, read = read_leb128(payload)
        height, width = size
        if first >= 2**19 or not (0 < height < 2**14 and 0 < width < 2**14):
            raise ValueError("WebP: a size is larger than the format can say")
        tag = (first << 5 | _SHOWN_KEY_FRAME).to_bytes(3, "little")
        frame = _FRAME.pack(tag, _START_CODE, width, height) + payload[read:]
        padding = bytes(len(frame) % 2)
        whole = 12 + len(frame) + len(padding)
        return _CONTAINER.pack(b"RIFF", whole, b"WEBP", b"VP8 ", len(frame)) + frame + padding
