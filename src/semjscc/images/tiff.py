"""TIFF images of any depth, byte order and photometric interpretation, as TIFF 6.0 defines them.

Files without compression, or with deflate, are unpacked here; what libtiff has to decompress
comes through Pillow, which knows fewer depths. Pillow alone would show 12 bits as 16, and 16 bits
where 0 is white as a negative. What cannot be read right is refused.
"""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from semjscc.images.limits import check_size
from semjscc.images.pixels import to_8_bits
from semjscc.images.tiff_samples import UNPACKED, Layout, read_samples
from semjscc.images.tiff_tags import Tags, read_tags

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _CMYK, _YCBCR, _LAB = 0, 1, 2, 3, 5, 6, 8
_MODES = {
    _WHITE_IS_ZERO: "L",
    _BLACK_IS_ZERO: "L",
    _RGB: "RGB",
    _PALETTE: "L",
    _CMYK: "CMYK",
    _YCBCR: "YCbCr",
    _LAB: "LAB",
}
"""By photometric interpretation: Pillow's mode of as many samples."""
_FAX = (2, 3, 4, 32771)
"""Compressions of black and white, whose writers often leave the interpretation out."""
_PREMULTIPLIED, _ALPHA = 1, (1, 2, 999)
"""What an extra sample may mean besides nothing; the last is CorelDraw's own."""
_FULL_RANGE = (0, 1, 255, 1, 128, 1, 255, 1, 128, 1, 255, 1)
"""ReferenceBlackWhite, as rational numbers."""
_UNSIGNED = {1, 4}
"""Sample formats; of undefined ones (4) the standard says to take them so."""
_SUBFILE, _ORIENTATION, _DNG = 254, 274, 50706


def open_tiff(data: bytes, name: str) -> Image.Image:
    """Decode the first image of a TIFF file.

    Args:
        data: the file.
        name: what messages call it.

    Returns:
        an image with 8 bits a sample, which may have transparency and want turning upright.

    Raises:
        UserError: it is too large or too small.
        ValueError: it cannot be read right, or is damaged; Pillow raises other kinds, too.
    """
    tags = read_tags(data)
    layout = Layout.of(tags)
    check_size(layout.width, layout.height, name)
    photometric = tags.one(262, _WHITE_IS_ZERO if layout.compression in _FAX else None)
    _check_meaning(tags, photometric)
    if layout.compression in UNPACKED:
        return _unpacked(tags, layout, photometric, data)
    return _through_pillow(layout, photometric, data)


def _check_meaning(tags: Tags, photometric: int) -> None:
    """Refuse numbers of which nobody knows what they stand for.

    Raises:
        ValueError: they are such.
    """
    if tags.one(_SUBFILE, 0) & 1 or _DNG in tags.values:
        raise ValueError("its first image is a small preview: it is camera data to be developed")
    formats = set(tags.all(339)) - _UNSIGNED
    if photometric not in _MODES:
        raise ValueError(f"its photometric interpretation {photometric} is not read")
    if formats == {3}:
        raise ValueError("its pixels are floating-point numbers of no known scale")
    if formats:
        raise ValueError("its pixels are signed or complex numbers of no known scale")
    if photometric == _CMYK and tags.one(332, 1) != 1:
        raise ValueError("its inks are not cyan, magenta, yellow and black")
    if photometric == _YCBCR and tags.all(532) not in ((), _FULL_RANGE):
        raise ValueError("its YCbCr numbers are not of the full range")


def _unpacked(tags: Tags, layout: Layout, photometric: int, data: bytes) -> Image.Image:
    mode, bits = _MODES[photometric], layout.bits
    needed = Image.getmodebands(mode)
    if layout.samples < needed:
        raise ValueError(f"it has {layout.samples} samples a pixel instead of {needed}")
    if photometric in (_YCBCR, _LAB) and bits != 8:
        raise ValueError(f"its colours of {bits} bits are not read")
    if photometric == _YCBCR and tags.all(530) != (1, 1):
        raise ValueError("its colours are subsampled without compression, which is not read")
    extra = _extra(tags, layout, photometric, needed)
    alpha = next((needed + i for i, meaning in enumerate(extra) if meaning in _ALPHA), None)
    numbers = read_samples(tags, data, needed if alpha is None else alpha + 1)
    if bits > 16 and 0 < numbers.max() < 1 << (bits - 8):
        raise ValueError(f"its numbers of {bits} bits are all small, so their scale is not known")
    if photometric == _PALETTE:
        image = _image("RGB", _palette(tags, bits)[numbers[..., 0]])
    else:
        colours = to_8_bits(numbers[..., :needed], bits)
        image = _image(mode, 255 - colours if photometric == _WHITE_IS_ZERO else colours)
    if alpha is not None:
        image = image.convert("RGB")
        image.putalpha(_image("L", to_8_bits(numbers[..., alpha], bits)))
        if extra[alpha - needed] == _PREMULTIPLIED:
            image = Image.frombytes("RGBa", image.size, image.tobytes())
    image.getexif()[_ORIENTATION] = tags.one(_ORIENTATION, 1)
    return image


def _extra(tags: Tags, layout: Layout, photometric: int, needed: int) -> tuple[int, ...]:
    """What each sample beyond the colour means."""
    count, said = layout.samples - needed, tags.all(338)
    if photometric == _RGB and count == 1 and not said:
        return _ALPHA[1:2]  # as everybody reads it
    return (*said, *[0] * count)[:count]


def _palette(tags: Tags, bits: int) -> NDArray[np.uint8]:
    """The colours (N, 3) of the indices."""
    colours = tags.all(320)
    if len(colours) != 3 << bits or not 0 <= min(colours) <= max(colours) < 1 << 16:
        raise ValueError("its palette is damaged")
    # The standard says 16 bits; writers who took them for 8 are known by small numbers.
    table = np.array(colours, np.uint32).reshape(3, -1).T
    return to_8_bits(table, 16 if table.max() > 255 else 8)


def _image(mode: str, pixels: NDArray[np.uint8]) -> Image.Image:
    return Image.frombytes(mode, (pixels.shape[1], pixels.shape[0]), pixels.tobytes())


def _through_pillow(layout: Layout, photometric: int, data: bytes) -> Image.Image:
    bits = layout.bits
    try:
        image = Image.open(BytesIO(data), formats=("TIFF",))
    except UnidentifiedImageError:
        image = None
    # Where it has more than 8 bits, Pillow is right about grey of 12 and 16 and colours of 16.
    if image is None or (bits > 8 and bits not in (12, 16)):
        raise ValueError(
            f"{layout.samples} samples of {bits} bits in compression {layout.compression} are "
            "not read: save it without compression"
        )
    with image:
        try:
            image.load()
        except OSError as error:
            raise ValueError(f"its compressed data is damaged ({error})") from None
        if not image.mode.startswith("I"):
            return image.copy()
        grey = to_8_bits(np.asarray(image), bits)
        return _image("L", 255 - grey if photometric == _WHITE_IS_ZERO else grey)
