"""Where a payload ends in its transport block.

The control record has a field of `LENGTH_BITS` for its length. Where a block is longer than that
can say, the field counts in units of several bytes, and the payload ends itself, by one byte before
zeros.
"""

from semjscc.separation.modes import Mode

LENGTH_BITS = 16
_END = b"\x80"


def length_unit(mode: Mode) -> int:
    """How many bytes the length in the control record counts in: 1 in blocks below 64 KiB."""
    return -(-mode.payload_bytes // ((1 << LENGTH_BITS) - 1))


def room(mode: Mode) -> int:
    """The longest payload in bytes that a block carries."""
    unit = length_unit(mode)
    return mode.payload_bytes if unit == 1 else mode.payload_bytes // unit * unit - len(_END)


def frame(payload: bytes, mode: Mode) -> bytes:
    """A payload of at most `room` bytes -> whole units."""
    unit = length_unit(mode)
    if unit == 1:
        return payload
    ended = payload + _END
    return ended.ljust(-(-len(ended) // unit) * unit, b"\0")


def unframe(framed: bytes, mode: Mode) -> bytes | None:
    """The inverse of `frame`; None for bytes that it could not have made."""
    if length_unit(mode) == 1:
        return framed
    ended = framed.rstrip(b"\0")
    return ended[: -len(_END)] if ended.endswith(_END) else None
