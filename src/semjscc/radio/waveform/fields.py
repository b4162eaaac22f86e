"""Numbers in fields of fixed width, one behind the other, each from its highest bit."""

from collections.abc import Sequence

from semjscc.errors import UserError


def pack(values: Sequence[int], widths: Sequence[int]) -> int:
    """The fields as one number, the first of them highest.

    Raises:
        UserError: a value does not fit.
    """
    number = 0
    for value, width in zip(values, widths, strict=True):
        if not 0 <= value < 1 << width:
            raise UserError(f"{value} does not fit into {width} bits of the header: send less")
        number = number << width | value
    return number


def unpack(number: int, widths: Sequence[int]) -> list[int]:
    """The inverse of `pack`."""
    values: list[int] = []
    for width in reversed(widths):
        values.insert(0, number & (1 << width) - 1)
        number >>= width
    return values
