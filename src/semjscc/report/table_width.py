"""Tables no wider than there is room: further columns stand in a table below, nothing is cut."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        heading: folded between words where there is little room.
        cells: of its rows.
        justify: to which side.
        is_name: its cells may be long, and are folded where they take more than a third.
    """

    heading: str
    cells: Sequence[Text]
    justify: Literal["left", "right"] = "right"
    is_name: bool = False

    def least(self, room: int) -> int:
        """The fewest columns of a terminal that it takes."""
        lines = [line for cell in self.cells for line in cell.plain.split("\n")]
        words = self.heading.split()
        may_fold, whole = ([*words, *lines], []) if self.is_name else (words, lines)
        return max(min(_longest(may_fold), max(8, room // 3 - 2)), _longest(whole))

    def most(self) -> int:
        """Those that it takes where there is plenty."""
        lines = chain.from_iterable(cell.plain.split("\n") for cell in self.cells)
        return _longest([self.heading, *lines])


def _longest(texts: Sequence[str]) -> int:
    return max(map(cell_len, texts), default=0)


def fitted(
    keys: Sequence[Column],
    values: Sequence[Column],
    room: int,
    *,
    title: Text,
    caption: str,
    lines: bool = False,
) -> Iterator[Table]:
    """Tables no wider than ``room``, each with the keys and some of the values.

    Args:
        keys: what tells the rows apart.
        values: in order.
        room: columns of the terminal.
        title: over the first table.
        caption: under the last.
        lines: between rows.
    """
    groups = _groups(keys, values, room)
    for number, group in enumerate(groups):
        made = Table(
            title=title if number == 0 else None,
            caption=caption if number == len(groups) - 1 else None,
            box=box.SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
            show_lines=lines,
        )
        columns = [*keys, *group]
        spare = room - _width(columns, room)
        for column in columns:
            least = column.least(room)
            more = max(0, min(spare, column.most() - least))
            spare -= more
            made.add_column(
                Text(column.heading), justify=column.justify, overflow="fold", width=least + more
            )
        for cells in zip(*(column.cells for column in columns), strict=True):
            made.add_row(*cells)
        yield made


def _groups(keys: Sequence[Column], values: Sequence[Column], room: int) -> list[Sequence[Column]]:
    """As few as possible, and of one size where they fit so."""
    groups: list[list[Column]] = [[]]
    for column in values:
        if groups[-1] and _width([*keys, *groups[-1], column], room) > room:
            groups.append([])
        groups[-1].append(column)
    size = -(-len(values) // len(groups)) or 1
    even = [values[start : start + size] for start in range(0, len(values), size)]
    fits = all(_width([*keys, *group], room) <= room for group in even)
    return even if even and fits else list(groups)


def _width(columns: Sequence[Column], room: int) -> int:
    """With what stands between them and at the edges."""
    return sum(column.least(room) + 2 for column in columns) + 1
