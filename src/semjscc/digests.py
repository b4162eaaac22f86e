"""Bytes and numbers as short text that changes with them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


def hashed(data: bytes) -> str:
    """32 hexadecimal digits."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def tensor_text(tensor: Tensor) -> str:
    """Its dtype, shape and numbers."""
    import torch  # which takes seconds, and files have digests without it

    plain = tensor.detach().cpu().contiguous()
    raw = plain.view(-1).view(torch.uint8).numpy().tobytes() if plain.numel() else b""
    return f"{plain.dtype} {tuple(plain.shape)} {hashed(raw)}"
