"""Our own coder for budgets of 3 to 100 bytes, where every standard fails.

    image ─► lowest frequencies ─► quantiser ─► range coder with static tables ─► whole bytes

There is no header but one byte with the quality, and that is stripped: the control record says it
too. What all photographs have in common is in the tables.
"""

import hashlib
from typing import ClassVar

from semjscc.separation.sources.base import Pixels, SourceCoder
from semjscc.separation.sources.small.entropy import decode, encode
from semjscc.separation.sources.small.model import (
    FREQUENCIES,
    MODEL_FILE,
    STEPS,
    Layout,
    layout,
    shipped_model,
)
from semjscc.separation.sources.small.quantiser import PRICES, gather, quantise, scatter
from semjscc.separation.sources.small.transform import analyse, synthesise


class Small(SourceCoder):
    """Low frequencies of the whole image, rate-distortion optimised, with static tables.

    A variant is what the sender pays for a bit; the receiver need not know it. At most 26
    frequencies of each direction are there: meant for images of some 16 to 128 pixels a side.
    """

    name: ClassVar[str] = "small"
    variants: ClassVar[tuple[str, ...]] = tuple(f"lambda={price}" for price in PRICES)
    qualities: ClassVar[tuple[int, ...]] = tuple(range(len(STEPS)))

    def version(self) -> str:
        """A digest of the learned tables."""
        return hashlib.blake2b(MODEL_FILE.read_bytes(), digest_size=8).hexdigest()

    def compress(self, image: Pixels, variant: int, quality: int) -> bytes:
        """The quality, then the payload of some 1 to 150 bytes."""
        model, height, width = shipped_model(), *image.shape[:2]
        plan = _plan(height, width, quality)
        scaled = gather(plan, analyse(image, FREQUENCIES))
        values = quantise(model, plan, scaled, PRICES[variant])
        return bytes([quality]) + encode(model, plan, values)

    def decompress(self, file: bytes, size: tuple[int, int]) -> Pixels:
        """The image, whatever the bytes after the first mean; very few mean nothing."""
        if not file or file[0] >= len(STEPS):
            raise ValueError("the first byte is no quality")
        if min(size) < 1:
            raise ValueError(f"there is no image of size {size}")
        model = shipped_model()
        plan = _plan(*size, file[0])
        values = decode(model, plan, file[1:])
        return synthesise(scatter(model, plan, values, FREQUENCIES), size)

    def strip(self, file: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """All but the first byte."""
        del size, variant, quality
        return file[1:]

    def restore(self, payload: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        """The payload with the quality before it."""
        del size, variant
        return bytes([quality]) + payload


def _plan(height: int, width: int, quality: int) -> Layout:
    return layout(shipped_model(), min(height, FREQUENCIES), min(width, FREQUENCIES), quality)
