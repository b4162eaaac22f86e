"""PNG images, read without what no pixel needs: colour profiles, and texts that are too long.

Pillow refuses a whole image for one of them that is larger than a megabyte.
"""

import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from semjscc.images.limits import check_size

SIGNATURE = b"\x89PNG\r\n\x1a\n"

TEXT_LIMIT = 2**19
"""Bytes of a text that is kept: it may tell the orientation, as XMP or as EXIF in digits."""
ALL_TEXTS_LIMIT = 2**24

_DEPTH = 24
"""Place of the bits of a sample, in the header."""
_TEXTS = (b"tEXt", b"zTXt", b"iTXt")


def open_png(data: bytes, name: str) -> Image.Image:
    """Decode a PNG file.

    Args:
        data: the file.
        name: what messages call it.

    Raises:
        UserError: it is too large or too small.
        ValueError: it is damaged, of which Pillow raises other kinds, too.
    """
    try:
        image = Image.open(BytesIO(without_bulk(data)), formats=("PNG",))
    except UnidentifiedImageError:
        raise ValueError("its header is cut off or damaged") from None
    check_size(image.width, image.height, name)
    image.load()
    clear, depth = image.info.get("transparency"), data[_DEPTH]
    # Pillow changes the colours' depth, but not that of the one that is transparent.
    if depth == 16 and isinstance(clear, tuple):
        image.info["transparency"] = tuple(part >> 8 for part in clear)
    elif depth in (2, 4) and image.mode == "L" and isinstance(clear, int):
        image.info["transparency"] = clear * 255 // ((1 << depth) - 1)
    return image


def without_bulk(data: bytes) -> bytes:
    """The same image; a damaged file comes back with its damage.

    Args:
        data: a PNG file.
    """
    kept, room = [data[: len(SIGNATURE)]], ALL_TEXTS_LIMIT
    for kind, chunk in _chunks(data):
        if kind == b"iCCP":
            continue
        if kind in _TEXTS:
            size = _text_size(kind, chunk[8:-4])
            if size is None or size > room:
                continue
            room -= size
        kept.append(chunk)
    return b"".join(kept)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and bytes of each chunk (length, type, content, checksum); the last may be cut off."""
    place = len(SIGNATURE)
    while place < len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4])
        yield data[place + 4 : place + 8], data[place:end]
        place = end


def _text_size(kind: bytes, content: bytes) -> int | None:
    """Bytes of a text as it unfolds; None where they are too many or cannot be unfolded."""
    text = content.partition(b"\0")[2]
    packed = kind == b"zTXt"
    if kind == b"iTXt":
        packed = text[:1] == b"\1"
        method, text = text[1:2], text[2:].split(b"\0", 2)[-1]
    elif packed:
        method, text = text[:1], text[1:]
    else:
        method = b"\0"
    if packed:
        inflate = zlib.decompressobj()
        try:
            text = inflate.decompress(text, TEXT_LIMIT + 1)
        except zlib.error:
            return None
    return len(text) if method == b"\0" and len(text) <= TEXT_LIMIT else None
