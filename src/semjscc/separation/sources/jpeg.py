"""JPEG (ITU-T T.81), baseline, without what size and quality say.

    SOI APP0 DQT SOF0 │ DHT SOS │ entropy-coded scan │ EOI
    └──── rebuilt ────┘         └───── payload ──────┘

With the standard Huffman tables DHT and SOS are rebuilt as well. Tables made for the image save
more than they weigh in large images at low quality; such variants carry DHT and SOS. Progressive
JPEG gains on them, some 2 %, only beyond 256 pixels a side and at high quality; it is left out.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar

from PIL import ImageFile

from semjscc.separation.sources.base import Accounting, Pixels, SourceCoder
from semjscc.separation.sources.pillow import grey, library, load, missing, save

_END = b"\xff\xd9"
_HUFFMAN_TABLE = b"\xff\xc4"

_OPTIMISED_FROM = 128 * 128
"""Pixels; in smaller photographs the tables weigh more than they save."""

_CHROMA = ("4:2:0", "4:4:4", "4:2:0", "4:4:4")
_OPTIMISED = (False, False, True, True)


class Jpeg(SourceCoder):
    """JPEG by libjpeg-turbo; qualities are libjpeg's."""

    name: ClassVar[str] = "jpeg"
    variants: ClassVar[tuple[str, ...]] = ("4:2:0", "4:4:4", "4:2:0 optimised", "4:4:4 optimised")
    # Close together where the scale of the tables, 5000 / quality, falls fast.
    qualities: ClassVar[tuple[int, ...]] = (
        *range(2, 15), 16, 18, 20, 23, 26, 30, 34, 38, 43, 48, 54, 60, 66, 72, 78, 83, 88, 92, 96,
    )  # fmt: skip

    def missing(self) -> str | None:
        """One line that says what to install where this Pillow lacks the format."""
        return missing("jpg", "JPEG", "JPEG")

    def version(self) -> str:
        """Of Pillow and the library behind it."""
        return library("libjpeg_turbo")

    def useful_variants(self, size: tuple[int, int], accounting: Accounting) -> Sequence[int]:
        """Tables made for the image shorten every file, but the payload of large images only."""
        if accounting == "file":
            return (2, 3)
        return range(4) if size[0] * size[1] >= _OPTIMISED_FROM else (0, 1)

    def compress(self, image: Pixels, variant: int, quality: int) -> bytes:
        """The whole file; see `SourceCoder`."""
        if _OPTIMISED[variant]:
            # Pillow writes such a file in one piece and expects at most a byte a pixel; noise
            # takes more.
            ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, image.size + 2**16)
        return save(
            image,
            "JPEG",
            quality=self.qualities[quality],
            subsampling=_CHROMA[variant],
            optimize=_OPTIMISED[variant],
        )

    def decompress(self, file: bytes, size: tuple[int, int]) -> Pixels:
        """The image of a whole file; see `SourceCoder`."""
        return load(file, "JPEG", size)

    def strip(self, file: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """The payload of a file; see `SourceCoder`."""
        header = _header(size, variant, quality)
        if not (file.startswith(header) and file.endswith(_END)):
            raise ValueError("JPEG: the file does not begin or end as its setting says")
        return _unstuff(file[len(header) : -len(_END)], variant)

    def restore(self, payload: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """The file of a payload; see `SourceCoder`."""
        return _header(size, variant, quality) + _stuff(payload, variant) + _END


@lru_cache(maxsize=1024)
def _header(size: tuple[int, int], variant: int, quality: int) -> bytes:
    """What comes before the payload, which is the same for every image of this size."""
    file = Jpeg().compress(grey(size), variant, quality)
    if _OPTIMISED[variant]:
        return file[: file.index(_HUFFMAN_TABLE)]
    # The scan of a grey image holds no marker, so the last SOS is the one before it.
    scan = file.rindex(b"\xff\xda")
    return file[: scan + 2 + int.from_bytes(file[scan + 2 : scan + 4], "big")]


def _unstuff(scan: bytes, variant: int) -> bytes:
    """Without the 0 that follows each 255 of a scan (T.81, B.1.1.5), since no marker follows."""
    return scan if _OPTIMISED[variant] else scan.replace(b"\xff\x00", b"\xff")


def _stuff(scan: bytes, variant: int) -> bytes:
    return scan if _OPTIMISED[variant] else scan.replace(b"\xff", b"\xff\x00")
