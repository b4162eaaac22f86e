"""The classes of data: their numbers, their names, and which of them are whose."""

import unicodedata
from collections import Counter
from collections.abc import Sequence

from semjscc.errors import printable

_MOST_LISTED = 4
"""Of names in a message."""


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


def places(given: Sequence[str], known: Sequence[str]) -> tuple[int, ...]:
    """The number among ``known`` classes of each that is ``given``, by its name; see `misfit`."""
    if tuple(given) == tuple(known):  # whatever stands in them twice
        return tuple(range(len(known)))
    numbers = {one_form(name): number for number, name in enumerate(known)}
    return tuple(numbers[one_form(name)] for name in given)


def misfit(given: Sequence[str], known: Sequence[str], whose: str, knower: str) -> str:
    """Why classes cannot be matched by their names, one line without an end; "" where they can.

    Those that are known may be more, and in another order.

    Args:
        given: the names of the classes of data.
        known: of those that somebody knows.
        whose: what messages call the data.
        knower: what they call who knows.
    """
    if tuple(given) == tuple(known):
        return ""
    counts = Counter(map(one_form, known))
    names = [one_form(name) for name in given]
    if missing := [name for name in dict.fromkeys(names) if name not in counts]:
        lacking = [name for name in counts if name not in names]
        alone = f", and lacks {_listed(lacking)}, which it knows" if lacking else ""
        return f"{whose} has {_listed(missing)}, which {knower} does not know{alone}"
    twice = next((name for name in names if counts[name] > 1), None)
    if twice is None:
        return ""
    called = f"{counts[twice]} classes of {knower} are called '{printable(twice)}'"
    return f"{called}, and {whose} has one of that name"


def _listed(names: Sequence[str]) -> str:
    shown = [f"'{printable(name)}'" for name in names[:_MOST_LISTED]]
    more = len(names) - len(shown)
    kind = "the class" if len(names) == 1 else "the classes"
    return f"{kind} {', '.join(shown)}" + (f" and {more:,} more" if more else "")
