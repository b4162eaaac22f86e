"""AVIF (AV1 intra frame in a HEIF container), the frame alone.

    ftyp meta(… iloc … av1C …) mdat( TD OBU, sequence header OBU, OBU header, size │ frame )
    └───────────────────────────── rebuilt ─────────────────────────────────────┘└payload┘

The frame header (quantiser, loop filter, CDEF …) depends on the image and stays in the payload.
Everything before it depends on size and variant only, but for three lengths: of the item in iloc,
of mdat and of the frame OBU.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from semjscc.separation.sources.base import Pixels, SourceCoder
from semjscc.separation.sources.leb128 import read_leb128, write_leb128
from semjscc.separation.sources.pillow import grey, library, load, missing, save

_FRAME_OBU = 0x32
"""OBU type 6 (frame) with a size field (AV1 5.3.2)."""


class Avif(SourceCoder):
    """AVIF by libaom; qualities are libavif's, from 0 to 100, the variants chroma formats."""

    name: ClassVar[str] = "avif"
    variants: ClassVar[tuple[str, ...]] = ("4:2:0", "4:4:4")
    # libavif maps 0 … 100 to 64 quantisers: every second of them.
    qualities: ClassVar[tuple[int, ...]] = tuple(range(0, 96, 3))

    def missing(self) -> str | None:
        """One line that says what to install where this Pillow lacks the format."""
        return missing("avif", "AVIF", "AVIF")

    def version(self) -> str:
        """Of Pillow and the library behind it."""
        return library("avif")

    def compress(self, image: Pixels, variant: int, quality: int) -> bytes:
        """The whole file; see `SourceCoder`."""
        return save(
            image,
            "AVIF",
            quality=self.qualities[quality],
            subsampling=self.variants[variant],
            codec="aom",
            speed=6,
            # Results must not depend on the number of cores.
            max_threads=1,
            autotiling=False,
            # libavif's own choice, for the eye, is worth up to 0.5 dB less.
            advanced={"tune": "psnr"},
        )

    def decompress(self, file: bytes, size: tuple[int, int]) -> Pixels:
        """The image of a whole file; see `SourceCoder`."""
        return load(file, "AVIF", size)

    def strip(self, file: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """The payload of a file; see `SourceCoder`."""
        header = _header(size, variant)
        start = len(header.boxes) + 8 + len(header.sequence) + 1
        payload = file[start + read_leb128(file[start:])[1] :]
        if self.restore(payload, size, variant, quality) != file:
            raise ValueError("AVIF: the file is more than one frame, or not of this setting")
        return payload

    def restore(self, payload: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """The file of a payload; see `SourceCoder`."""
        del quality
        header = _header(size, variant)
        item = header.sequence + bytes([_FRAME_OBU]) + write_leb128(len(payload)) + payload
        place = header.length_place
        length = len(item).to_bytes(4, "big")
        boxes = header.boxes[:place] + length + header.boxes[place + 4 :]
        return boxes + (8 + len(item)).to_bytes(4, "big") + b"mdat" + item


@dataclass(frozen=True)
class _Header:
    """What is the same for every image of one size and variant.

    Attributes:
        boxes: everything before mdat.
        length_place: where in ``boxes`` the 4 bytes of the item's length stand.
        sequence: what comes before the frame OBU in mdat.
    """

    boxes: bytes
    length_place: int
    sequence: bytes


@lru_cache(maxsize=1024)
def _header(size: tuple[int, int], variant: int) -> _Header:
    file = Avif().compress(grey(size), variant, 0)
    mdat = file.index(b"mdat") - 4
    boxes, item = file[:mdat], file[mdat + 8 :]
    # iloc says where the item is and how long, 4 bytes each; nothing else holds this pair.
    extent = (mdat + 8).to_bytes(4, "big") + len(item).to_bytes(4, "big")
    if boxes.count(extent) != 1:
        raise ValueError("AVIF: this Pillow writes the item's place in a way unknown here")
    frame = 0
    while item[frame] != _FRAME_OBU:
        length, digits = read_leb128(item[frame + 1 :])
        frame += 1 + digits + length
    return _Header(boxes, boxes.index(extent) + 4, item[:frame])
