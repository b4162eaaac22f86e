"""Images from files: every format that comes in becomes upright RGB of 8 bits."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from torch import Tensor

from semjscc.errors import UserError, printable
from semjscc.images import others, png, tiff
from semjscc.images.limits import FILE_LIMIT, PIXEL_LIMIT
from semjscc.images.pixels import to_8_bits
from semjscc.images.tiff_tags import MAGIC as TIFF
from semjscc.runtime.quiet import hush_decoders, without_warnings

ALLOWED_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "JPEG2000", "AVIF")
"""What may come in; everything else that Pillow knows (PostScript, metafiles) stays shut."""

Backdrop = Literal["white", "black"]
"""What shows where an image is transparent."""

_BY_PILLOW = tuple(kind for kind in ALLOWED_FORMATS if kind not in ("PNG", "TIFF"))


def decode_image(data: bytes, name: str, backdrop: Backdrop = "white") -> Tensor:
    """Decode ``data`` to an upright RGB image.

    Orientation follows EXIF; grey, 16-bit, palette, CMYK and 1-bit images become 8-bit RGB;
    transparency is laid over the backdrop. Of an animation the first frame counts.

    Args:
        data: the encoded file.
        name: what messages call it.
        backdrop: white as on paper, or black.

    Returns:
        (3, H, W) uint8.

    Raises:
        UserError: where the data is empty, of another format, truncated, damaged, too large or
            too small.
    """
    convert = partial(_to_rgb, backdrop=backdrop)
    return torch.from_numpy(_decoded(data, name, convert)).permute(2, 0, 1).contiguous()


def decode_mask(data: bytes, name: str) -> Tensor:
    """Decode ``data`` to the class of each pixel: the numbers of a grey or palette image.

    Args:
        data: the encoded file.
        name: what messages call it.

    Returns:
        (H, W) uint8.

    Raises:
        UserError: as of `decode_image`, or it holds colours, or a class above 255.
    """
    return torch.from_numpy(_decoded(data, name, partial(_to_classes, printable(name))))


def _decoded(data: bytes, name: str, convert: Callable[[Image.Image], np.ndarray]) -> np.ndarray:
    """The upright image in ``data``, as an array of uint8."""
    name = printable(name)
    if not data:
        raise UserError(f"{name} is empty")
    if len(data) > FILE_LIMIT:
        raise UserError(f"{name} is larger than {FILE_LIMIT // 2**20} MB")
    hush_decoders()
    # Pillow warns about odd metadata and large images; the first harms nothing, and the second
    # is refused below from the header, before a pixel is decoded.
    with without_warnings():
        try:
            return convert(_upright(_open(data, name)))
        except UserError:
            raise
        except UnidentifiedImageError:
            known = ", ".join(ALLOWED_FORMATS)
            raise UserError(f"{name} is not an image in a known format ({known})") from None
        except Image.DecompressionBombError:
            raise UserError(f"{name} has more than {PIXEL_LIMIT:,} pixels") from None
        except Exception as error:  # decoders raise nearly every type there is on damaged data
            if "truncated" in str(error).lower():
                raise UserError(f"{name} is truncated: the data ends before the image") from None
            raise UserError(f"{name} cannot be decoded: {printable(str(error))}") from None


def _open(data: bytes, name: str) -> Image.Image:
    """The first image of a file, decoded."""
    if data.startswith(TIFF):
        return tiff.open_tiff(data, name)
    if data.startswith(png.SIGNATURE):
        return png.open_png(data, name)
    return others.open_other(data, name, _BY_PILLOW)


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # of many kinds: damaged EXIF, which tells no orientation
        return image


def _to_classes(name: str, image: Image.Image) -> np.ndarray:
    """(H, W) uint8."""
    numbers = np.array(image)
    if numbers.ndim != 2 or image.mode == "F":
        raise UserError(
            f"{name} is no mask: it holds colours (mode {image.mode}), not a number for each pixel"
        )
    if numbers.max() > 255:
        raise UserError(f"{name} has class {numbers.max()}; masks have 0 to 255")
    return numbers.astype(np.uint8)


def _to_rgb(image: Image.Image, backdrop: Backdrop) -> np.ndarray:
    """(H, W, 3) uint8; the backdrop shows where the image is transparent."""
    if image.mode.startswith("I"):
        numbers = np.asarray(image)
        grey = to_8_bits(numbers, 16)
        grey[numbers == image.info.get("transparency")] = 255 if backdrop == "white" else 0
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers of no known scale")
    if image.mode == "LAB":
        lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
        to_srgb = ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
        image = to_srgb.apply(image)
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", colours.size, backdrop), colours)
    return np.array(image.convert("RGB"))


def read_image(path: Path, backdrop: Backdrop = "white") -> Tensor:
    """Read the image in a file, as :func:`decode_image` does.

    Returns:
        (3, H, W) uint8.

    Raises:
        UserError: where the file is missing, unreadable or not an acceptable image.
    """
    name = printable(str(path))
    try:
        if path.is_dir():
            raise UserError(f"{name} is a folder, not an image")
        if not path.exists():
            what = "is a link that leads nowhere" if path.is_symlink() else "does not exist"
            raise UserError(f"{name} {what}")
        if not path.is_file():  # a pipe or device would block or never end
            raise UserError(f"{name} is not a regular file")
        if path.stat().st_size > FILE_LIMIT:
            raise UserError(f"{name} is larger than {FILE_LIMIT // 2**20} MB")
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}") from None
    return decode_image(data, name, backdrop)
