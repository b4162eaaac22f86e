"""JPEG 2000 (ITU-T T.800), the packets alone.

    SOC SIZ COD QCD COM SOT SOD │ packets │ EOC
    └──────── rebuilt ─────────┘└ payload ┘

One tile, one quality layer, the 9-7 wavelet and the irreversible colour transform. The headers
depend on size and levels only; Psot, the tile's length, is rebuilt from the payload's.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar

from semjscc.separation.sources.base import Accounting, Pixels, SourceCoder
from semjscc.separation.sources.pillow import grey, library, load, missing, save

_END = b"\xff\xd9"
_TILE = b"\xff\x90\x00\x0a"
"""Marker SOT and its length; Isot (2 bytes), Psot (4), TPsot, TNsot and SOD (2) follow."""

_TILE_HEADER = 14
_LEVELS = (0, 1, 2, 3, 5)


class Jpeg2000(SourceCoder):
    """JPEG 2000 by OpenJPEG; qualities are the PSNR in dB it aims at.

    The variants are levels of wavelet decomposition; a side of 2^n pixels takes no more than n.
    Every other variant aims half a dB higher, so that between two of them the steps are finer.
    """

    name: ClassVar[str] = "jpeg2000"
    variants: ClassVar[tuple[str, ...]] = tuple(f"{levels} levels" for levels in _LEVELS)
    qualities: ClassVar[tuple[int, ...]] = tuple(range(12, 44))

    def missing(self) -> str | None:
        """One line that says what to install where this Pillow lacks the format."""
        return missing("jpg_2000", "JPEG 2000", "JPEG2000")

    def version(self) -> str:
        """Of Pillow and the library behind it."""
        return library("jpg_2000")

    def useful_variants(self, size: tuple[int, int], accounting: Accounting) -> Sequence[int]:
        """Two or three, which leave the coarsest band some 4 to 16 pixels a side where they can."""
        del accounting
        depth = _depth(size)
        most = max(0, depth - 2)
        least = min(most, 3, max(0, depth - 4))
        return [place for place, levels in enumerate(_LEVELS) if least <= levels <= most]

    def compress(self, image: Pixels, variant: int, quality: int) -> bytes:
        """The whole file; see `SourceCoder`."""
        return save(
            image,
            "JPEG2000",
            no_jp2=True,
            irreversible=True,
            mct=1,
            quality_mode="dB",
            quality_layers=[self.qualities[quality] + variant % 2 / 2],
            num_resolutions=1 + min(_LEVELS[variant], _depth((image.shape[0], image.shape[1]))),
        )

    def decompress(self, file: bytes, size: tuple[int, int]) -> Pixels:
        """The image of a whole file; see `SourceCoder`."""
        return load(file, "JPEG2000", size)

    def strip(self, file: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """The payload of a file; see `SourceCoder`."""
        payload = file[len(_header(size, variant)) : -len(_END)]
        if self.restore(payload, size, variant, quality) != file:
            raise ValueError("JPEG 2000: the headers are not those of this size and variant")
        return payload

    def restore(self, payload: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """The file of a payload; see `SourceCoder`."""
        del quality
        header = _header(size, variant)
        tile = len(header) - _TILE_HEADER
        length = (_TILE_HEADER + len(payload)).to_bytes(4, "big")
        return header[: tile + 6] + length + header[tile + 10 :] + payload + _END


def _depth(size: tuple[int, int]) -> int:
    """How often the shorter side can be halved."""
    return min(size).bit_length() - 1


@lru_cache(maxsize=1024)
def _header(size: tuple[int, int], variant: int) -> bytes:
    """Up to and with SOD, which is the same for every image of this size."""
    file = Jpeg2000().compress(grey(size), variant, 0)
    return file[: file.index(_TILE) + _TILE_HEADER]
