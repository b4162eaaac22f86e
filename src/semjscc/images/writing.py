"""Images to files."""

import secrets
from io import BytesIO
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from semjscc.errors import UserError, printable
from semjscc.images.pixels import to_uint8


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
