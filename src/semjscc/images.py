"""Images from files and to files, with every check a stranger's file needs.

Tensors are (3, H, W) or (B, 3, H, W): uint8, or float32 in [0, 1].
"""

import secrets
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from semjscc.errors import UserError

ALLOWED_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "PPM", "JPEG2000", "AVIF")
"""What Pillow may open; everything else (PostScript, metafiles, plugins) stays shut."""

PIXEL_LIMIT = 64 * 2**20
"""Above any camera in use, and 200 MB decoded: a machine with 2 GB survives it."""

FILE_LIMIT = 256 * 2**20
MINIMUM_SIDE = 16
"""The codecs halve an image twice and still need a neighbourhood to look at."""

_PRINTABLE_LENGTH = 120
_FILTERS = threading.Lock()


def printable(text: str) -> str:
    """``text`` made safe for a terminal: control characters become "?", the middle is cut.

    Paths and column names come from strangers' files; an escape sequence in one could rewrite
    the screen, and a newline could fake a second message.
    """
    if len(text) > _PRINTABLE_LENGTH:
        half = _PRINTABLE_LENGTH // 2
        text = f"{text[: half - 1]}…{text[-half:]}"
    return "".join(char if char.isprintable() else "?" for char in text)


@contextmanager
def without_warnings() -> Iterator[None]:
    """Nothing warns inside. One thread at a time: the filters belong to the whole process."""
    with _FILTERS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def decode_image(data: bytes, name: str) -> Tensor:
    """Decode ``data`` to an upright RGB image.

    Orientation follows EXIF; grey, 16-bit, palette, CMYK and 1-bit images become 8-bit RGB;
    transparency is laid over white. Of an animation the first frame counts.

    Args:
        data: the encoded file.
        name: what messages call it.

    Returns:
        (3, H, W) uint8.

    Raises:
        UserError: where the data is empty, of another format, truncated, damaged, too large or
            too small.
    """
    name = printable(name)
    if not data:
        raise UserError(f"{name} is empty")
    if len(data) > FILE_LIMIT:
        raise UserError(f"{name} is larger than {FILE_LIMIT // 2**20} MB")
    # Pillow warns about odd metadata and large images; the first harms nothing, and the second
    # is refused below from the header, before a pixel is decoded.
    with without_warnings():
        try:
            with Image.open(BytesIO(data), formats=ALLOWED_FORMATS) as image:
                _check_size(image.width, image.height, name)
                image.load()
                pixels = _to_rgb(_upright(image))
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
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def _check_size(width: int, height: int, name: str) -> None:
    if width * height > PIXEL_LIMIT:
        raise UserError(f"{name} is {width} x {height}: more than {PIXEL_LIMIT:,} pixels")
    if min(width, height) < MINIMUM_SIDE:
        raise UserError(
            f"{name} is {width} x {height}: both sides must have at least {MINIMUM_SIDE} pixels"
        )


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # of many kinds: damaged EXIF, which tells no orientation
        return image


def _to_rgb(image: Image.Image) -> np.ndarray:
    """(H, W, 3) uint8."""
    if image.mode.startswith("I"):
        grey = np.asarray(image)
        if grey.min() < 0 or grey.max() > 65535:
            raise ValueError("its integers lie outside 16 bits, so their scale is not known")
        grey = ((grey.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if image.mode == "F":
        raise ValueError("its pixels are floating-point numbers of no known scale")
    if image.has_transparency_data:
        colours = image.convert("RGBA")
        white = Image.new("RGBA", colours.size, "white")
        image = Image.alpha_composite(white, colours)
    return np.array(image.convert("RGB"))


def read_image(path: Path) -> Tensor:
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
            raise UserError(f"{name} does not exist")
        if not path.is_file():  # a pipe or device would block or never end
            raise UserError(f"{name} is not a regular file")
        if path.stat().st_size > FILE_LIMIT:
            raise UserError(f"{name} is larger than {FILE_LIMIT // 2**20} MB")
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{name} cannot be read: {error.strerror or error}") from None
    return decode_image(data, name)


def to_float(image: Tensor) -> Tensor:
    """uint8 of any shape to float32 in [0, 1]."""
    return image.float().div_(255)


def to_uint8(images: Tensor) -> Tensor:
    """Floating-point images of any shape to uint8: clamped to [0, 1], NaN to 0, rounded."""
    return images.float().nan_to_num(nan=0.0).clamp(0, 1).mul(255).round().to(torch.uint8)


def quantise(images: Tensor) -> Tensor:
    """Make the received image: clamped and rounded to 8 bits, float32 in [0, 1].

    Every link's output passes through here before a metric or the perception network sees it.
    """
    return to_float(to_uint8(images))


def resize_and_crop(image: Tensor, size: int) -> Tensor:
    """Resize the largest central square of (3, H, W) uint8 to (3, size, size), uint8.

    Bicubic with antialiasing, which is resizing the short side and cropping the centre.
    """
    if image.shape[-2:] == (size, size):
        return image
    picture = Image.fromarray(image.permute(1, 2, 0).numpy())
    fitted = ImageOps.fit(picture, (size, size), Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(fitted)).permute(2, 0, 1).contiguous()


def pad_to_multiple(images: Tensor, multiple: int) -> Tensor:
    """Repeat the last row and column until both sides are multiples of ``multiple``.

    Args:
        images: (B, 3, H, W), any dtype.
        multiple: what the sides shall be divisible by.

    Returns:
        (B, 3, H', W') with the image in the top left corner; differentiable.
    """
    below = -images.shape[-2] % multiple
    right = -images.shape[-1] % multiple
    # Not functional.pad, which replicates floating-point images only.
    if below:
        images = torch.cat([images, images[..., -1:, :].expand(-1, -1, below, -1)], dim=-2)
    if right:
        images = torch.cat([images, images[..., -1:].expand(-1, -1, -1, right)], dim=-1)
    return images


def write_png(image: Tensor, path: Path) -> None:
    """Write (3, H, W), uint8 or floating-point in [0, 1], as a PNG file.

    The file appears whole or not at all: an older one of that name stays until the new one is
    complete.

    Raises:
        UserError: where the file cannot be written.
    """
    pixels = image.detach().cpu()
    if pixels.dtype != torch.uint8:
        pixels = to_uint8(pixels)
    encoded = BytesIO()
    Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy()).save(encoded, format="PNG")
    # An ordinary open, so that the file gets the user's usual permissions (tempfile's are 0600).
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        try:
            temporary.write_bytes(encoded.getvalue())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise UserError(f"{printable(str(path))} cannot be written: {error.strerror}") from None
