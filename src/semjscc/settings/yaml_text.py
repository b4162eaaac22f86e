"""YAML as blocks of keys: each key stands once, and its line is known."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from semjscc.errors import printable
from semjscc.settings.blocks import Block, SettingError

_STANDARD = "tag:yaml.org,2002:"
_MAP = f"{_STANDARD}map"
_NUMBERS = (f"{_STANDARD}int", f"{_STANDARD}float")
_AS_TEXT = (f"{_STANDARD}timestamp", f"{_STANDARD}value")
"""What is no value of anything here: a date, a single =."""
_OCTAL = re.compile(r"[-+]?0_*[0-7][0-7_]*")


class _Loader(yaml.SafeLoader):
    """YAML without objects of Python's, whose mappings are blocks, and whose dates are text."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """As PyYAML does it; what it cannot make a value of is known by its line."""
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:  # such as a number of 5000 digits
            if isinstance(error, SettingError):
                raise
            raise SettingError(f"not YAML: {error}", node.start_mark.line + 1) from error


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag not in _AS_TEXT]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _construct_block(loader: _Loader, node: yaml.MappingNode) -> Iterator[Block]:
    block = Block()
    block.line = node.start_mark.line + 1
    # In two steps, as PyYAML does it: a block may contain itself.
    yield block
    loader.flatten_mapping(node)
    # A key is the word that was written: to YAML 1.1, yes is true and 1:30 is 90.
    block.update({key.value: loader.construct_object(value) for key, value in node.value})
    block.lines = {key.value: key.start_mark.line + 1 for key, _ in node.value}


_Loader.add_constructor(_MAP, _construct_block)


def parse(text: bytes | str, place: tuple[str, ...] = ()) -> Any:
    """What YAML says.

    Args:
        text: YAML.
        place: keys under which it stands, for messages; none for all of a file.

    Raises:
        SettingError: it is none, or means something else than whoever wrote it will think.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _check(loader, node, place, set())
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise SettingError(f"not YAML: {error.problem}", mark.line + 1 if mark else 0) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingError(f"not YAML: {str(error).partition(chr(10))[0]}") from error


def _check(loader: _Loader, node: yaml.Node, place: tuple[str, ...], seen: set[yaml.Node]) -> None:
    """Refuse what would be taken silently for something else, at its place.

    These are keys that stand twice, of which YAML takes the last one; tags; and numbers to the
    base of eight or sixty, which YAML 1.1 has and nobody expects.
    """
    if node in seen:
        return
    seen.add(node)
    _check_tag(loader, node, place)
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise SettingError("a key is a word", line)
            if first := lines.get(key.value):
                raise SettingError(f"'{key.value}' stands twice, in line {first} too", line)
            lines[key.value] = line
            _check_tag(loader, key, (*place, key.value))
            _check(loader, value, (*place, key.value), seen)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value, 1):
            _check(loader, value, (*place, str(number)), seen)
    elif isinstance(node, yaml.ScalarNode) and node.style is None:
        _check_number(loader, node, place)


def _check_tag(loader: _Loader, node: yaml.Node, place: tuple[str, ...]) -> None:
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    if node.tag == loader.resolve(type(node), node.value, (plain, not plain)):
        return
    tag = printable(node.tag.replace(_STANDARD, "!!"))
    raise SettingError(
        f"{_called(place)} has the tag {tag}: write the value alone, and text in quotes",
        node.start_mark.line + 1,
    )


def _check_number(loader: _Loader, node: yaml.ScalarNode, place: tuple[str, ...]) -> None:
    to_sixty = ":" in node.value
    if node.tag not in _NUMBERS or not (to_sixty or _OCTAL.fullmatch(node.value)):
        return
    number, plain = loader.construct_object(node), node.value.replace("_", "")
    others = f"{number}" if to_sixty else f"{int(plain)} or {number}"
    raise SettingError(
        f"{_called(place)} is {printable(node.value)}, which YAML 1.1 reads as {number}: write "
        f'{others}, or "{printable(node.value)}" in quotes for text',
        node.start_mark.line + 1,
    )


def _called(place: tuple[str, ...]) -> str:
    return printable(".".join(place)) or "the value"
