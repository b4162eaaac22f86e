"""What may be named in a recipe: something of ours, or a part of the user's own."""

from collections.abc import Iterable

from semjscc.errors import did_you_mean
from semjscc.parts.named import is_part


def check_named(key: str, name: str, ours: Iterable[str]) -> None:
    """Refuse a word that names nothing; a part of the user's own is not looked for yet.

    Raises:
        ValueError: it is one.
    """
    known = list(ours)
    if name not in known and not is_part(name):
        hint = did_you_mean(name, known)
        hint = hint or f": there are {', '.join(known)}, or your own as my.module:Name"
        raise ValueError(f"{key}: there is no {name!r}{hint}")
