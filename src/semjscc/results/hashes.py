"""Arrays and data files as short text that changes with them."""

from functools import cache
from pathlib import Path

import numpy as np

from semjscc import checkpoint, separation
from semjscc.digests import hashed
from semjscc.results.members import Unknown
from semjscc.separation.sources import CODERS, usable_coders


def array_text(array: np.ndarray) -> str:
    """Its dtype, shape and numbers; `Unknown` where they are objects."""
    if array.dtype.hasobject:
        raise Unknown
    return f"{array.dtype} {array.shape} {hashed(np.ascontiguousarray(array).tobytes())}"


@cache
def source_coding(family: str) -> tuple[str, ...]:
    """The data files behind separate coding, and the coders of this machine."""
    folder = Path(separation.__file__).parent
    files = [*sorted(folder.rglob("*.json")), checkpoint.WEIGHTS / f"{family}-mean.png"]
    contents = [f"{file.name} {hashed(file.read_bytes())}" for file in files if file.is_file()]
    return *contents, *(f"{name} {CODERS[name].version()}" for name in usable_coders())
