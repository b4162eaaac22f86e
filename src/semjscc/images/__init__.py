"""Images from files and to files, with every check a stranger's file needs.

Tensors are (3, H, W) or (B, 3, H, W): uint8, or float32 in [0, 1].
"""

from semjscc.errors import printable
from semjscc.images.limits import FILE_LIMIT, MINIMUM_SIDE, PIXEL_LIMIT
from semjscc.images.others import begins_like_an_image
from semjscc.images.pixels import (
    pad_to_multiple,
    quantise,
    resize_and_crop,
    resize_and_crop_mask,
    to_float,
    to_uint8,
)
from semjscc.images.reading import ALLOWED_FORMATS, decode_image, decode_mask, read_image
from semjscc.images.writing import write_png

__all__ = [
    "ALLOWED_FORMATS",
    "FILE_LIMIT",
    "MINIMUM_SIDE",
    "PIXEL_LIMIT",
    "begins_like_an_image",
    "decode_image",
    "decode_mask",
    "pad_to_multiple",
    "printable",
    "quantise",
    "read_image",
    "resize_and_crop",
    "resize_and_crop_mask",
    "to_float",
    "to_uint8",
    "write_png",
]
