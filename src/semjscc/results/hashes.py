"""Numbers and files as short text that changes with them."""

import hashlib
from functools import cache
from pathlib import Path

import numpy as np
import torch

from semjscc import checkpoint, separation
from semjscc.results.members import Unknown
from semjscc.separation.sources import CODERS, usable_coders


def tensor_text(tensor: torch.Tensor) -> str:
    """Its dtype, shape and numbers."""
    plain = tensor.detach().cpu().contiguous()
    raw = plain.view(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
    return f"{plain.dtype} {tuple(plain.shape)} {hashed(raw)}"


def array_text(array: np.ndarray) -> str:
    """Its dtype, shape and numbers; `Unknown` where they are objects."""
    if array.dtype.hasobject:
        raise Unknown
    return f"{array.dtype} {array.shape} {hashed(np.ascontiguousarray(array).tobytes())}"


def hashed(data: bytes) -> str:
    """32 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


@cache
def source_coding(family: str) -> tuple[str, ...]:
    """The data files behind separate coding, and the coders of this machine."""
    folder = Path(separation.__file__).parent
    files = [*sorted(folder.rglob("*.json")), checkpoint.WEIGHTS / f"{family}-mean.png"]
    contents = [f"{file.name} {hashed(file.read_bytes())}" for file in files if file.is_file()]
    return *contents, *(f"{name} {CODERS[name].version()}" for name in usable_coders())
