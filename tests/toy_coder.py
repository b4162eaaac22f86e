"""A coder simple enough to know what every search over it must give."""

from typing import ClassVar

import numpy as np

from semjscc.separation.sources.base import Pixels, SourceCoder


class Toy(SourceCoder):
    """Keeps the top bits of each sample, packed; strips one constant byte.

    Attributes:
        compressed: every call of `compress` in this process.
    """

    name: ClassVar[str] = "toy"
    variants: ClassVar[tuple[str, ...]] = ("one", "other")
    qualities: ClassVar[tuple[int, ...]] = tuple(range(1, 9))
    compressed: ClassVar[list[tuple[bytes, int, int]]] = []

    def compress(self, image: Pixels, variant: int, quality: int) -> bytes:
        self.compressed.append((image.tobytes(), variant, quality))
        bits = np.unpackbits(image.reshape(-1, 1), axis=1)[:, : self.qualities[quality]]
        return b"T" + bytes([quality]) + np.packbits(bits).tobytes()

    def decompress(self, file: bytes, size: tuple[int, int]) -> Pixels:
        samples, depth = size[0] * size[1] * 3, self.qualities[file[1]]
        if len(file) != 2 + -(-samples * depth // 8):
            raise ValueError("wrong size")
        bits = np.unpackbits(np.frombuffer(file[2:], np.uint8))[: samples * depth]
        return np.packbits(bits.reshape(samples, depth), axis=1).reshape(*size, 3)

    def strip(self, file: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        del size, variant, quality
        return file[1:]

    def restore(self, payload: bytes, size: tuple[int, int], variant: int, quality: int) -> bytes:
        del size, variant, quality
        return b"T" + payload
