"""What the readers of data have in common about classes: their numbers and their names."""


def whole(value: object) -> int | None:
    """A whole number, also where a program or a table has made a floating-point one of it."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
