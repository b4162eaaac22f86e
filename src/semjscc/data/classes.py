"""What the readers of data have in common about classes: their numbers and their names."""

import unicodedata

from semjscc.errors import printable


def whole(value: object) -> int | None:
    """A whole number, also where a program or a table has made a floating-point one of it."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def one_form(text: str) -> str:
    """Systems write an accent as a letter of its own or not; both are the same word."""
    return unicodedata.normalize("NFC", text)


def class_name(text: object) -> str:
    """What a table or a file calls a class, as it is shown."""
    return printable(one_form(str(text)))
