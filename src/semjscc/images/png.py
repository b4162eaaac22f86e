"""PNG images, read without what no pixel needs: colour profiles, texts, and more.

Pillow refuses a whole image where one of them is damaged or larger than a megabyte.
"""

import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image, UnidentifiedImageError

from semjscc.images.limits import check_size

SIGNATURE = b"\x89PNG\r\n\x1a\n"

NOTE_LIMIT = 2**19
"""Bytes of a note that is kept: EXIF, or a text with XMP or EXIF in digits."""
ALL_NOTES_LIMIT = 2**24

_DEPTH = 24
"""Place of the bits of a sample, in the header."""
_NOTES = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")


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
        image = Image.open(BytesIO(without_notes(data)), formats=("PNG",))
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


def without_notes(data: bytes) -> bytes:
    """The same image without what is beside it, but for short notes that may tell its orientation.

    Args:
        data: a PNG file; a damaged image stays damaged.
    """
    kept, room = [data[: len(SIGNATURE)]], ALL_NOTES_LIMIT
    for kind, chunk in _chunks(data):
        if kind in _NOTES:
            size = _note_size(kind, chunk[8:-4])
            whole = zlib.crc32(chunk[4:-4]) == int.from_bytes(chunk[-4:])
            if not whole or size is None or size > room:
                continue
            room -= size
        elif kind[:1].islower() and kind != b"tRNS":  # what a decoder may pass over
            continue
        kept.append(chunk)
    return b"".join(kept)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and bytes of each chunk (length, type, content, checksum); the last may be cut off."""
    place = len(SIGNATURE)
    while place < len(data):
        end = place + 12 + int.from_bytes(data[place : place + 4])
        yield data[place + 4 : place + 8], data[place:end]
        place = end


def _note_size(kind: bytes, content: bytes) -> int | None:
    """Bytes of a note as it unfolds; None where they are too many or cannot be unfolded."""
    method, text = b"\0", content
    if kind == b"zTXt":
        text = content.partition(b"\0")[2]
        method, text = text[:1], _inflated(text[1:])
    elif kind == b"iTXt":
        flags = content.partition(b"\0")[2]
        text = flags[2:].split(b"\0", 2)[-1]
        if flags[:1] == b"\1":
            method, text = flags[1:2], _inflated(text)
    if text is None or method != b"\0" or len(text) > NOTE_LIMIT:
        return None
    return len(text)


def _inflated(packed: bytes) -> bytes | None:
    """A text that was compressed, or its beginning where it is too long."""
    try:
        return zlib.decompressobj().decompress(packed, NOTE_LIMIT + 1)
    except zlib.error:
        return None
