"""Formats that Pillow reads alone, and where it has to be put right."""

import re
from io import BytesIO

from PIL import Image, ImageChops, UnidentifiedImageError

from semjscc.images.limits import check_size
from semjscc.images.png import SIGNATURE as PNG
from semjscc.images.tiff_tags import MAGIC as TIFF

_STARTS = re.compile(rb"\xff\xd8\xff|GIF8|RIFF....WEBP|....ftypavi|\0\0\0\x0cjP  ", re.DOTALL)
"""How files of some formats begin, whatever follows."""
_CODESTREAM = b"\xff\x4f\xff\x51"
"""The first two markers of JPEG 2000; the second (SIZ) holds what follows from their places."""
_COMPONENTS, _DEPTHS = 40, 42


def begins_like_an_image(start: bytes) -> bool:
    """Whether the first 12 bytes of a file are those of a format that is read."""
    return bool(_STARTS.match(start)) or start.startswith((PNG, *TIFF, _CODESTREAM))


def open_other(data: bytes, name: str, formats: tuple[str, ...]) -> Image.Image:
    """Decode a file of one of some formats.

    Args:
        data: the file.
        name: what messages call it.
        formats: Pillow's names.

    Raises:
        UserError: it is too large or too small.
        UnidentifiedImageError: it is of none of the formats.
        ValueError: it is damaged or not read; Pillow raises other kinds, too.
    """
    try:
        image = Image.open(BytesIO(data), formats=formats)
    except UnidentifiedImageError:
        if _STARTS.match(data):
            raise ValueError("its header is cut off, damaged, or of a kind not read") from None
        raise
    check_size(image.width, image.height, name)
    image.load()
    if image.format == "JPEG" and image.mode == "CMYK" and "adobe" not in image.info:
        # Adobe's programs store inks inverted and say so; Pillow takes it for granted.
        return ImageChops.invert(image)
    if image.format == "JPEG2000" and image.mode != "P":
        return _full_range(image, _depth(data))
    return image


def _depth(data: bytes) -> int:
    """Bits of a sample in JPEG 2000, by ISO/IEC 15444-1, A.5.1."""
    place = data.find(_CODESTREAM)
    count = int.from_bytes(data[place + _COMPONENTS : place + _COMPONENTS + 2])
    depths = {byte & 127 for byte in data[place + _DEPTHS : place + _DEPTHS + 3 * count : 3]}
    if place < 0 or not depths or (len(depths) > 1 and min(depths) < 7):
        raise ValueError("its samples differ in their bits")
    return min(depths) + 1


def _full_range(image: Image.Image, bits: int) -> Image.Image:
    """Spread fewer than 8 bits over the range of 8; Pillow puts them on top and zeros below."""
    if bits >= 8:
        return image
    top = (1 << bits) - 1
    scale = [((level >> (8 - bits)) * 255 + top // 2) // top for level in range(256)]
    return image.point(scale * len(image.getbands()))
