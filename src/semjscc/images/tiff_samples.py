"""The samples of a TIFF image: strips or tiles, in planes or not, of 1 to 32 bits."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from semjscc.images.tiff_tags import Tags

_NONE, _DEFLATE, _OLD_DEFLATE = 1, 8, 32946
UNPACKED = (_NONE, _DEFLATE, _OLD_DEFLATE)
"""Compressions that are undone here."""

_MOST_SAMPLES = 32
"""In a pixel."""
_MOST_BYTES = 2**29
"""Of an image, strip or tile before it has 8 bits."""
_LEAST_TILE = 16
_AT_ONCE = 2**20
"""Samples that are unfolded at a time: each takes up to 32 bytes."""
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))

Numbers = NDArray[np.unsignedinteger[Any]]


@dataclass(frozen=True)
class Layout:
    """How the samples of an image lie in its file.

    Attributes:
        width, height: in pixels.
        samples: in a pixel.
        bits: of a sample.
        compression: of strips or tiles.
        planes: each sample has strips or tiles of its own.
    """

    width: int
    height: int
    samples: int
    bits: int
    compression: int
    planes: bool

    @classmethod
    def of(cls, tags: Tags) -> Self:
        """What the tags say.

        Raises:
            ValueError: a size is missing, or the samples are none that are read.
        """
        samples, bits = tags.one(277, 1), tags.all(258) or (1,)
        if not 1 <= samples <= _MOST_SAMPLES:
            raise ValueError(f"it has {samples} samples a pixel")
        if len(set(bits[:samples])) > 1:
            raise ValueError("its samples differ in their bits")
        if not 1 <= bits[0] <= 32:
            raise ValueError(f"its samples have {bits[0]} bits")
        return cls(
            width=tags.one(256),
            height=tags.one(257),
            samples=samples,
            bits=bits[0],
            compression=tags.one(259, _NONE),
            planes=tags.one(284, 1) == 2,
        )


def read_samples(tags: Tags, data: bytes, kept: int) -> Numbers:
    """Unpack an image.

    Args:
        tags: of the image.
        data: the file.
        kept: how many samples of each pixel are wanted, the first ones.

    Returns:
        (H, W, kept), the numbers that are in the file.

    Raises:
        ValueError: the data is cut off or damaged, or of a kind that is not read.
    """
    layout = Layout.of(tags)
    predictor = tags.one(317, 1) if layout.compression != _NONE else 1
    if predictor not in (1, 2) or (predictor == 2 and layout.bits not in (8, 16, 32)):
        raise ValueError(f"its predictor {predictor} is not read at {layout.bits} bits")
    _check_room(layout.width, layout.height, layout)
    image = np.zeros((layout.height, layout.width, kept), _type(layout.bits))
    samples = 1 if layout.planes else layout.samples
    for row, column, plane, shape, packed in _pieces(tags, layout, data):
        if plane >= kept:
            break
        numbers = _unfold(packed, shape[0], shape[1] * samples, layout, tags)
        numbers = numbers.reshape(*shape, samples)
        if predictor == 2:
            numbers = np.cumsum(numbers, axis=1, dtype=image.dtype)
        wanted = slice(plane, plane + 1) if layout.planes else slice(None)
        place = image[row : row + shape[0], column : column + shape[1], wanted]
        place[:] = numbers[: place.shape[0], : place.shape[1], : place.shape[2]]
    return image


def _type(bits: int) -> np.dtype[Any]:
    return np.min_scalar_type((1 << bits) - 1)


def _check_room(width: int, height: int, layout: Layout) -> None:
    if width * height * layout.samples * _type(layout.bits).itemsize > _MOST_BYTES:
        raise ValueError(f"{width} x {height} of its pixels take too much memory")


def _pieces(
    tags: Tags, layout: Layout, data: bytes
) -> Iterator[tuple[int, int, int, tuple[int, int], bytes]]:
    """Strips or tiles: row, column, plane, (height, width), and the bytes in the file."""
    tiled = 324 in tags.values
    width = tags.one(322) if tiled else layout.width
    height = tags.one(323) if tiled else min(tags.one(278, layout.height), layout.height)
    if width < _LEAST_TILE or height < (_LEAST_TILE if tiled else 1):
        raise ValueError(f"its tiles or strips are {width} x {height}")
    _check_room(width, height, layout)
    offsets = tags.all(324 if tiled else 273)
    counts = tags.all(325 if tiled else 279)
    places = [
        (row, column, plane)
        for plane in range(layout.samples if layout.planes else 1)
        for row in range(0, layout.height, height)
        for column in range(0, layout.width, width)
    ]
    if len(offsets) < len(places):
        raise ValueError("truncated: it has fewer strips or tiles than rows and columns")
    for number, (row, column, plane) in enumerate(places):
        start = offsets[number]
        end = start + counts[number] if number < len(counts) else len(data)
        rows = height if tiled else min(height, layout.height - row)
        yield row, column, plane, (rows, width), data[start:end]


def _unfold(packed: bytes, rows: int, values: int, layout: Layout, tags: Tags) -> Numbers:
    """The numbers (rows, values) of a strip or tile; each row begins with a byte."""
    bits = layout.bits
    stride = -(-values * bits // 8)
    if tags.one(266, 1) == 2:
        packed = packed.translate(_MIRRORED)
    if layout.compression != _NONE:
        packed = _inflate(packed, rows * stride)
    if len(packed) < rows * stride:
        raise ValueError("truncated: a strip or tile is cut off")
    lines = np.frombuffer(packed, np.uint8, rows * stride).reshape(rows, stride)
    if bits in (8, 16, 32):
        return lines.view(f"{'<' if tags.little else '>'}u{bits // 8}")
    if bits == 24 and tags.little:
        lines = lines.reshape(rows, values, 3)[..., ::-1].reshape(rows, stride)
    numbers = np.empty((rows, values), _type(bits))
    block = max(1, _AT_ONCE // values)
    for start in range(0, rows, block):
        part = lines[start : start + block]
        digits = np.zeros((len(part), values, 8 * numbers.itemsize), np.uint8)
        digits[..., -bits:] = np.unpackbits(part, axis=1, count=values * bits).reshape(
            len(part), values, bits
        )
        whole = np.packbits(digits, axis=2).view(f">u{numbers.itemsize}")
        numbers[start : start + block] = whole[..., 0]
    return numbers


def _inflate(packed: bytes, size: int) -> bytes:
    """The first ``size`` bytes; where there are no more, the checksum behind them must be right."""
    inflate = zlib.decompressobj()
    try:
        found = inflate.decompress(packed, size)
        if not inflate.decompress(inflate.unconsumed_tail, 1) and not inflate.eof:
            raise ValueError("truncated: a strip or tile is cut off")
    except zlib.error:
        raise ValueError("its compressed data is damaged") from None
    return found
