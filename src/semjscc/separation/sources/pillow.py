"""Whole files by Pillow, with every failure of a library turned into a ValueError."""

from io import BytesIO

import numpy as np
from PIL import Image, features
from PIL import __version__ as pillow_version

from semjscc.runtime.quiet import without_warnings
from semjscc.separation.sources.base import Pixels

_GREY = 128


def save(image: Pixels, image_format: str, **options: object) -> bytes:
    """The file of (H, W, 3) in one of Pillow's formats, with that format's options.

    Raises:
        ValueError: the format does not go with an image of this size or with these options.
    """
    encoded = BytesIO()
    try:
        Image.fromarray(image).save(encoded, image_format, **options)
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        raise ValueError(f"{image_format}: cannot code the image: {error}") from error
    return encoded.getvalue()


def load(file: bytes, image_format: str, size: tuple[int, int]) -> Pixels:
    """The (H, W, 3) image of a file whose size has been announced.

    The size is looked at before a pixel is decoded.

    Raises:
        ValueError: damaged, of another format, or of another size than (H, W).
    """
    # Pillow warns of odd metadata, which a file without any metadata can only have by damage.
    with without_warnings():
        try:
            with Image.open(BytesIO(file), formats=(image_format,)) as image:
                if (image.height, image.width) != size:
                    raise ValueError(
                        f"is {image.height} x {image.width}, not {size[0]} x {size[1]}"
                    )
                return np.array(image.convert("RGB"))
        except MemoryError:
            raise
        except Exception as error:  # decoders raise nearly every type there is on damaged data
            raise ValueError(f"{image_format}: {error}") from error


def grey(size: tuple[int, int]) -> Pixels:
    """A mid-grey image of (H, W): whatever its file shares with another's, the size explains."""
    return np.full((*size, 3), _GREY, np.uint8)


def library(feature: str) -> str:
    """Names the versions of Pillow and of the library behind one of its features."""
    return f"pillow {pillow_version}, {feature} {features.version(feature)}"


def missing(feature: str, name: str, image_format: str) -> str | None:
    """One line that says what to install where this Pillow was built without a feature."""
    if features.check(feature):
        try:
            save(grey((8, 8)), image_format)
        except ValueError as error:
            return f"{name} does not work in this Pillow ({error}): pip install -U pillow"
        return None
    return f"this Pillow was built without {name}: pip install -U pillow gives one that has it"
