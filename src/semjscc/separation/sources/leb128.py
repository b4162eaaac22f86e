"""Integers as bytes of 7 bits, low bits first, the top bit set in all but the last (LEB128)."""


def write_leb128(number: int) -> bytes:
    """The shortest form of a number ≥ 0."""
    encoded = bytearray()
    while number >= 128:
        encoded.append(number & 127 | 128)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def read_leb128(data: bytes) -> tuple[int, int]:
    """The number that ``data`` begins with, and how many bytes it takes.

    Raises:
        ValueError: it does not end, or not within 8 bytes (AV1 allows no longer one).
    """
    number = 0
    for index, byte in enumerate(data[:8]):
        number |= (byte & 127) << 7 * index
        if byte < 128:
            return number, index + 1
    raise ValueError("a number does not end")
