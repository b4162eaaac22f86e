"""Which images came out right, in a few bytes: what a paired test needs and a mean has lost.

One bit for each image and draw, packed and written in base64 into the record itself: 10,000 images
take 1.7 kB, three times what the rest of the record takes, and a whole published grid stays below a
megabyte. A file beside the results would be smaller still, but is lost as soon as somebody copies
or renames the results, and then every statistic is; and compressing the bits saves a fifth.
"""

import base64
import binascii

import numpy as np
from numpy.typing import NDArray

from semjscc.errors import UserError
from semjscc.images import printable
from semjscc.results.records import Record

_ROUNDING = 1e-9


def pack(right: NDArray[np.bool_]) -> str:
    """Outcomes (N, D) of N images and D draws as text."""
    return base64.b64encode(np.packbits(right).tobytes()).decode("ascii")


def unpack(record: Record) -> NDArray[np.bool_] | None:
    """The outcomes (N, D) of a record; None where it was written without them.

    Raises:
        UserError: they do not belong to the record.
    """
    if record.right is None:
        return None
    count = record.images * record.draws
    name = f"the outcomes of {printable(record.link)} at {record.snr_db} dB, R = {record.ratio}"
    try:
        packed = np.frombuffer(base64.b64decode(record.right, validate=True), np.uint8)
    except (binascii.Error, ValueError) as error:
        raise UserError(f"{name} are damaged: {error}") from error
    bits = np.unpackbits(packed).astype(bool)
    if len(packed) != -(-count // 8) or bits[count:].any():
        raise UserError(f"{name} are not those of {record.images} images x {record.draws}")
    if abs(bits.sum() / count - record.value) > _ROUNDING:
        raise UserError(f"{name} do not add up to its value")
    return bits[:count].reshape(record.images, record.draws)
