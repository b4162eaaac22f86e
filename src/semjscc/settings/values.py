"""Values as people wrote them, taken as fields of a type, or refused with the place they have."""

import json
import re
from collections.abc import Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Self, Union, get_args, get_origin, get_type_hints

from semjscc.errors import did_you_mean, printable
from semjscc.settings.blocks import Block, SettingError


class Word(str):
    """A value from the command line: text, or YAML where no text is wanted.

    Attributes:
        option: whose value it is, such as ``--optimiser.steps``.
    """

    __slots__ = ("option",)
    option: str

    def __new__(cls, text: str, option: str) -> Self:
        """Text as it is, with its option."""
        word = super().__new__(cls, text)
        word.option = option
        return word

    def parsed(self) -> Any:
        """What YAML says of it.

        Raises:
            SettingError: it is none.
        """
        from semjscc.settings.yaml_text import parse  # which whoever only decodes has no need of

        try:
            return parse(self, tuple(self.option.removeprefix("--").split(".")))
        except SettingError as error:
            raise SettingError(str(error), option=self.option) from error


def as_dataclass(kind: Any, block: dict[Any, Any], what: str, place: tuple[str, ...]) -> Any:
    """A dataclass of a block's values; ``place`` is where the block stands.

    Raises:
        ValueError: a key that there is not, a value that a field does not take, or values that the
            class refuses; a `SettingError` where it is known which.
    """
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}
    begins, lines = getattr(block, "line", 0), getattr(block, "lines", {})
    for key in block:
        if key not in known:
            said = _unknown(kind, str(key), what, place)
            raise SettingError(said, lines.get(key, 0), _option_of(block[key]))
    if missing := [name for name, field in known.items() if name not in block and _needed(field)]:
        raise SettingError(f"{_named(place) or f'a {what}'} needs '{missing[0]}'", begins)
    values = {}
    for key, value in block.items():
        try:
            values[key] = as_kind(hints[key], value, what, (*place, key))
        except ValueError as error:
            raise _placed(error, value, lines.get(key, 0)) from error
    try:
        return kind(**values)
    except ValueError as error:
        said = re.findall(r"\w+", str(error))
        words = [one for key, one in block.items() if isinstance(one, Word) and key in said]
        raise _placed(error, words[0] if words else None, 0) from error


def _placed(error: ValueError, value: Any, line: int) -> ValueError:
    """The same mistake with the option or the line of the value in which it was found."""
    option, text = _option_of(value), str(error)
    if isinstance(error, SettingError):
        return SettingError(text, error.line or line, error.option or option)
    return SettingError(text, option=option) if option else error


def _option_of(value: Any) -> str:
    """The option that a value is from; "" where it is from the file."""
    if isinstance(value, Block) and not value.line:  # made for what stands in it
        return next(filter(None, map(_option_of, value.values())), "")
    return value.option if isinstance(value, Word) else ""


def _needed(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def needed_lines(kind: Any) -> str:
    """What a file of a dataclass says at the least, in words: ``'name: mine'``."""
    hints = get_type_hints(kind)
    first, *others = [field.name for field in fields(kind) if _needed(field)]
    value = get_args(hints[first])[0] if get_origin(hints[first]) is Literal else "mine"
    return " and ".join([f"'{first}: {value}'", *(f"'{name}: …'" for name in others)])


def _unknown(kind: Any, key: str, what: str, place: tuple[str, ...]) -> str:
    """That there is no such key, with the one that is meant if it can be guessed."""
    own = [field.name for field in fields(kind)]
    said = f"{_named(place) or f'a {what}'} has no '{printable(key)}'"
    if hint := did_you_mean(key, own):
        return said + hint
    elsewhere = [dotted for dotted in _deeper(kind) if dotted.rpartition(".")[2] == key]
    if elsewhere:
        return f"{said}: did you mean '{'.'.join((*place, elsewhere[0]))}'?"
    return f"{said}; it has {', '.join(own)}"


def _deeper(kind: Any) -> list[str]:
    """The dotted keys below a dataclass."""
    found = []
    for name, hint in get_type_hints(kind).items():
        for inner in filter(is_dataclass, (hint, *get_args(hint))):
            found += [f"{name}.{field.name}" for field in fields(inner)]
            found += [f"{name}.{deeper}" for deeper in _deeper(inner)]
    return found


def _named(place: tuple[str, ...]) -> str:
    return ".".join(place)


def as_kind(hint: Any, value: Any, what: str, place: tuple[str, ...]) -> Any:
    """A value as a field of the type ``hint`` takes it.

    Raises:
        SettingError: it does not.
    """
    kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if isinstance(value, Word):
        if NoneType in kinds and value in ("null", "~", ""):
            return None
        if str in kinds and not (value.startswith("[") and any(map(_is_list, kinds))):
            return str(value)
        value = value.parsed()
    for kind in kinds:
        taken = _taken(kind, value, what, place)
        if taken is not MISSING:
            return taken
    text_is_wanted = str in kinds and not isinstance(value, dict | list | NoneType)
    hint = ": put it in quotes" if text_is_wanted else ""
    raise SettingError(f"{_named(place)} is {_wanted(kinds)}, not {_shown(value, kinds)}{hint}")


def _taken(kind: Any, value: Any, what: str, place: tuple[str, ...]) -> Any:
    """The value as a type without alternatives takes it, or MISSING."""
    origin = get_origin(kind)
    if kind is Any:
        return _data(value, place)
    if kind is NoneType:
        return None if value is None else MISSING
    if origin is Literal:
        # Not "in": True equals 1.
        same = [one for one in get_args(kind) if type(one) is type(value) and one == value]
        return same[0] if same else MISSING
    if is_dataclass(kind):
        return as_dataclass(kind, value, what, place) if isinstance(value, dict) else MISSING
    if origin is dict:
        inner = get_args(kind)[1]
        if not isinstance(value, dict):
            return MISSING
        return {str(k): as_kind(inner, one, what, (*place, str(k))) for k, one in value.items()}
    if _is_list(kind):
        if not isinstance(value, list):
            return MISSING
        length = _length(kind)
        if length not in (None, len(value)):
            return MISSING
        inners = get_args(kind) if length else get_args(kind)[:1] * len(value)
        numbered = enumerate(zip(inners, value, strict=True), 1)
        return get_origin(kind)(
            as_kind(one, item, what, (*place, str(n))) for n, (one, item) in numbered
        )
    return _plain(kind, value)


def _is_list(kind: Any) -> bool:
    return get_origin(kind) in (tuple, list)


def _length(kind: Any) -> int | None:
    """Of a tuple of so many values; None for one of any length."""
    inners = get_args(kind)
    return None if get_origin(kind) is list or inners[-1] is ... else len(inners)


def _data(value: Any, place: tuple[str, ...]) -> Any:
    """A value of any kind that JSON can hold too."""
    if isinstance(value, Word):
        value = value.parsed()
    if isinstance(value, dict):
        return {str(key): _data(one, (*place, str(key))) for key, one in value.items()}
    if isinstance(value, list):
        return [_data(one, place) for one in value]
    if not isinstance(value, str | int | float | NoneType):
        raise SettingError(f"{_named(place)} is neither text, a number, a list nor a block of keys")
    return value


def _plain(kind: Any, value: Any) -> Any:
    """A number, truth value or text, or MISSING."""
    if kind not in (int, float):
        return value if type(value) is kind else MISSING
    if isinstance(value, str):  # as YAML takes 1e-3, since it lacks a point
        value = _number(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return MISSING
    if kind is float:
        return float(value)
    return int(value) if value == value // 1 else MISSING


def _number(text: str) -> int | float | None:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return None


_NAMES = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}


def _wanted(kinds: Sequence[Any]) -> str:
    """What a field takes, in words."""
    return " or ".join(dict.fromkeys(_in_words(kind) for kind in kinds))


def _in_words(kind: Any) -> str:
    origin = get_origin(kind)
    if kind is NoneType:
        return "null"
    if origin is Literal:
        return "one of " + ", ".join(map(str, get_args(kind)))
    if _is_list(kind):
        length = _length(kind)
        return "a list such as [a, b]" if length is None else f"a list of {length}"
    return _NAMES.get(kind, "a block of keys")


def _shown(value: Any, kinds: Sequence[Any]) -> str:
    """A value that is of none of these kinds, as a person would write it."""
    if isinstance(value, dict):
        return "a block of keys"
    if isinstance(value, list):
        counted = any(_is_list(kind) and _length(kind) is not None for kind in kinds)
        return f"one of {len(value)}" if counted else "a list"
    if isinstance(value, str):
        return repr(printable(value))
    return "null" if value is None else json.dumps(value, default=str)
