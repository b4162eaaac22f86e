"""Keyword arguments as people write them, checked by the signature of what takes them."""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

from semjscc.errors import UserError, did_you_mean, printable
from semjscc.settings.blocks import SettingError
from semjscc.settings.values import as_kind

Built = TypeVar("Built")


def build(kind: Callable[..., Built], what: str, options: object, **given: Any) -> Built:
    """Call a class with options that a recipe or a checkpoint states.

    Args:
        kind: its arguments are annotated with types that `read_settings` takes; whole numbers
            are sizes and counts, from 1.
        what: its name in messages, such as ``codec adaptive``.
        options: by name.
        given: arguments that are no options.

    Raises:
        UserError: an option that there is not, or a value that it does not take.
    """
    if not isinstance(options, dict):
        raise UserError(f"{what}: its options are a block of keys, such as {{width: 8}}")
    hints = get_type_hints(kind.__init__ if inspect.isclass(kind) else kind)
    known = [name for name in inspect.signature(kind).parameters if name not in given]
    taken = {}
    for key, value in options.items():
        if key not in known:
            hint = did_you_mean(str(key), known) or f"; it has {', '.join(known)}"
            raise UserError(f"{what} has no option '{printable(str(key))}'{hint}")
        try:
            taken[key] = as_kind(hints[key], value, what, (key,))
            _check_sizes(key, taken[key])
        except SettingError as error:
            raise UserError(f"{what}: option {error}") from error
    try:
        return kind(**given, **taken)
    except (ValueError, RuntimeError) as error:  # such as memory that there is not
        raise UserError(f"{what}: {printable(str(error))}") from error


def _check_sizes(key: str, value: object) -> None:
    """Refuse whole numbers below 1, alone or in a list, and a list of nothing."""
    if value == ():
        raise SettingError(f"{key} is empty")
    for one in value if isinstance(value, tuple) else (value,):
        if type(one) is int and one < 1:
            raise SettingError(f"{key} must be at least 1, not {one}")
