"""Blocks of keys as people write them, and what is wrong with one of their values."""

from typing import Any


class Block(dict[Any, Any]):
    """A mapping that knows the line it begins in, and that of each of its keys."""

    line = 0

    def __init__(self) -> None:
        super().__init__()
        self.lines: dict[Any, int] = {}


class SettingError(ValueError):
    """What is wrong with a value, and where it stands.

    Attributes:
        line: of the file, 0 for none.
        option: of the command line, such as ``--optimiser.steps``; "" for none. It counts before
            the line.
    """

    def __init__(self, text: str, line: int = 0, option: str = "") -> None:
        super().__init__(text)
        self.line = line
        self.option = option
