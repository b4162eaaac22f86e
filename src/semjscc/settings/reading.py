"""YAML to dataclasses: what a person wrote is taken as it is, or refused with its line and its key.

A word of the command line, ``--optimiser.steps 100``, takes the place of what the file says.
"""

from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import TypeVar

from semjscc.errors import UserError, printable
from semjscc.settings.blocks import Block, SettingError
from semjscc.settings.values import Word, as_dataclass, needed_lines
from semjscc.settings.yaml_text import parse

Settings = TypeVar("Settings")


def read_settings(
    kind: type[Settings], what: str, path: Path, overrides: Sequence[str] = ()
) -> Settings:
    """Read a dataclass from a YAML file.

    Args:
        kind: the dataclass; its fields may be text, numbers, truth values, literals, tuples,
            dictionaries of anything, dataclasses, and unions of these.
        what: its name in messages, such as recipe.
        path: the file.
        overrides: words such as ``["--optimiser.steps", "100"]`` or ``["--seed=1"]``.

    Raises:
        UserError: no such file, not YAML, a key that stands twice or that there is not, or a value
            that a field does not take.
    """
    name = printable(str(path))
    try:
        if not path.exists() or path.is_dir():  # it may be a pipe
            raise UserError(f"no {what} at {name}")
        block = parse(path.read_bytes())
        if not isinstance(block, Block):
            raise SettingError(f"a {what} is made of lines such as {needed_lines(kind)}")
        for key, word in _pairs(overrides, what):
            block = _put(block, key.split("."), word)
        return as_dataclass(kind, block, what, ())
    except OSError as error:
        raise UserError(f"{what} {name} cannot be read: {error.strerror or error}") from error
    except RecursionError as error:
        raise UserError(f"{what} {name}: it contains itself, or is too deep") from error
    except (ValueError, TypeError, OverflowError) as error:
        place = f"{what} {name}"
        if isinstance(error, SettingError) and error.option:
            place = f"option {printable(error.option)}"
        elif isinstance(error, SettingError) and error.line:
            place += f", line {error.line}"
        raise UserError(f"{place}: {' '.join(str(error).split())}") from error


def _pairs(overrides: Sequence[str], what: str) -> list[tuple[str, Word]]:
    """Keys and values of ``--key value`` and ``--key=value``."""
    pairs, words = [], iter(overrides)
    for word in words:
        key, given, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not key:
            raise SettingError(f"unknown word {word!r}: a value is overridden by --key value")
        if not given:
            following = next(words, None)
            if following is None or following.startswith("--"):
                raise SettingError(f"--{key} needs a value: --{key} VALUE sets {key} of the {what}")
            value = following
        pairs.append((key, Word(value, f"--{key}")))
    return pairs


def _put(block: Block, keys: Sequence[str], word: Word) -> Block:
    """The block with a value deep within it; blocks that are not there yet are made."""
    first, *rest = keys
    changed = copy(block)
    changed[first] = word
    if rest:
        inner = block.get(first)
        inner = inner.parsed() if isinstance(inner, Word) else inner
        inner = Block() if inner is None else inner
        if not isinstance(inner, Block):
            said = f"{first} is no block of keys, so that it has no '{'.'.join(rest)}'"
            raise SettingError(said, option=word.option)
        changed[first] = _put(inner, rest, word)
    return changed
