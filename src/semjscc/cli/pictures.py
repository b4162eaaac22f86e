"""The image file that a command writes, by its ending, and the size of one that it reads."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from semjscc.errors import UserError, printable
from semjscc.paths import check_writable

if TYPE_CHECKING:
    from torch import Tensor

FORMATS: dict[str, tuple[str, dict[str, Any]]] = {
    ".png": ("PNG", {}),
    ".tif": ("TIFF", {"compression": "tiff_lzw"}),
    ".tiff": ("TIFF", {"compression": "tiff_lzw"}),
    ".bmp": ("BMP", {}),
    ".ppm": ("PPM", {}),
    ".webp": ("WEBP", {"lossless": True}),
}
"""What keeps every pixel: Pillow's name and settings."""

LOSSY: dict[str, tuple[str, dict[str, Any]]] = {
    ".jpg": ("JPEG", {"quality": 95, "subsampling": 0}),
    ".jpeg": ("JPEG", {"quality": 95, "subsampling": 0}),
}
"""What does not."""

_ORIENTATION, _ON_ITS_SIDE = 0x0112, (5, 6, 7, 8)
"""The EXIF tag, and its values for pictures that lie on their side."""

RECEIVED = "received.png"
"""What is written where nobody names a file."""

_MAKER = "Software", "semjscc"
"""What a PNG file of ours says of itself, by PNG's own keyword."""

FIGURES = (".png", ".svg", ".pdf")
"""What figures are written as."""


def check_picture(path: Path, warn: Callable[[str], object]) -> None:
    """Whether an image can be written there, before any work.

    Raises:
        UserError: the ending is none of a format that is written, or no file can be made there.
    """
    name, ending = printable(str(path)), path.suffix.lower()
    if ending not in FORMATS | LOSSY:
        known = ", ".join([*FORMATS, *LOSSY])
        raise UserError(f"{name} has no ending of an image format that is written: take {known}")
    check_writable(path)
    if ending in LOSSY:
        warn(f"JPEG is lossy: {name} is not to the pixel what arrived")


def check_received() -> None:
    """Refuse to write over `RECEIVED`, which nobody named, where it is somebody else's.

    Raises:
        UserError: so it is.
    """
    if Path(RECEIVED).exists() and not _is_ours(Path(RECEIVED)):
        raise UserError(
            f"{RECEIVED} is there and was not written by semjscc: name another file with --out"
        )


def _is_ours(path: Path) -> bool:
    from PIL import Image

    key, maker = _MAKER
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            return image.info.get(key) == maker
    except Exception:  # of any kind, on damaged files
        return False


def check_figure(path: Path) -> None:
    """Whether a figure can be written there, before any work.

    Raises:
        UserError: the ending is none of a format of figures, or no file can be made there.
    """
    if path.suffix.lower() not in FIGURES:
        name, known = printable(str(path)), ", ".join(FIGURES)
        raise UserError(f"{name} has no ending of a figure that is written: take {known}")
    check_writable(path)


def write_picture(image: "Tensor", path: Path) -> None:
    """Write (3, H, W), uint8 or floating-point in [0, 1], whole or not at all.

    Raises:
        UserError: it cannot be written.
    """
    from io import BytesIO

    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    from semjscc.checkpoint import write_atomically
    from semjscc.images import to_uint8

    kind, settings = (FORMATS | LOSSY)[path.suffix.lower()]
    pixels = to_uint8(image.cpu()) if image.is_floating_point() else image.cpu()
    if kind == "PNG":
        about = PngInfo()
        about.add_text(*_MAKER)
        settings = {**settings, "pnginfo": about}
    encoded = BytesIO()
    picture = Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())
    try:
        picture.save(encoded, kind, **settings)
    except (OSError, ValueError) as error:  # such as WebP of more than 16383 pixels a side
        raise UserError(f"{printable(str(path))} cannot be written: {error}") from error
    write_atomically(path, lambda temporary: temporary.write_bytes(encoded.getvalue()))


def size_of(path: Path) -> tuple[int, int]:
    """An image's height and width, before any turning; (0, 0) for what reading will refuse."""
    from PIL import Image

    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            return image.height, image.width
    except Exception:  # of any kind, on damaged files
        return 0, 0


def upright_size_of(path: Path) -> tuple[int, int]:
    """An image's height and width as it will be read; (0, 0) for what reading will refuse."""
    from PIL import Image

    height, width = size_of(path)
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            turned = image.getexif().get(_ORIENTATION, 1) in _ON_ITS_SIDE
    except Exception:  # likewise
        return height, width
    return (width, height) if turned else (height, width)
