"""The tags of a TIFF file's first image, of either byte order, also of BigTIFF."""

import struct
from dataclasses import dataclass

MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
"""The first four bytes; "+" is BigTIFF."""

_INTEGERS = {1: "B", 3: "H", 4: "L", 6: "b", 8: "h", 9: "l", 13: "L", 16: "Q", 17: "q", 18: "Q"}
_RATIONAL = 5
_MOST_TAGS = 1 << 12


@dataclass(frozen=True)
class Tags:
    """Tags by number; those that hold no numbers are left out.

    Attributes:
        values: the numbers of each; of a rational number, those above and below the line.
        little: the file's numbers begin with their lowest byte.
    """

    values: dict[int, tuple[int, ...]]
    little: bool

    def all(self, tag: int) -> tuple[int, ...]:
        """All numbers of a tag, none where it is missing."""
        return self.values.get(tag, ())

    def one(self, tag: int, default: int | None = None) -> int:
        """The first number of a tag.

        Raises:
            ValueError: it is missing, and there is no default.
        """
        found = self.all(tag)
        if found:
            return found[0]
        if default is None:
            raise ValueError(f"its tag {tag} is missing")
        return default


def read_tags(data: bytes) -> Tags:
    """Read the first directory of a TIFF file.

    Raises:
        ValueError: the file ends before it does, or it has too many tags.
    """
    little, big = data[:1] == b"I", b"+" in data[2:4]
    order = "<" if little else ">"
    head, count_type, entry, room = (8, "Q", "HHQ8s", 8) if big else (4, "H", "HHL4s", 4)
    try:
        (place,) = struct.unpack_from(order + ("Q" if big else "L"), data, head)
        (count,) = struct.unpack_from(order + count_type, data, place)
        if count > _MOST_TAGS:
            raise ValueError(f"it claims to have {count} tags")
        place += struct.calcsize("<" + count_type)
        values = {}
        for _ in range(count):
            tag, kind, length, inside = struct.unpack_from(order + entry, data, place)
            place += struct.calcsize("<" + entry)
            code = "L" if kind == _RATIONAL else _INTEGERS.get(kind)
            if code is None:
                continue
            length *= 2 if kind == _RATIONAL else 1
            size = length * struct.calcsize("<" + code)
            source, start = inside, 0
            if size > room:
                source, start = data, int.from_bytes(inside, "little" if little else "big")
            if start + size > len(source):
                raise ValueError("truncated: a tag lies behind its end")
            values[tag] = struct.unpack_from(f"{order}{length}{code}", source, start)
    except (struct.error, OverflowError):
        raise ValueError("truncated: its directory of tags is cut off") from None
    return Tags(values, little)
