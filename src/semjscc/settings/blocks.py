"""YAML as blocks of keys: each key stands once, and its line is known."""

from collections.abc import Iterator
from typing import Any

import yaml


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


class _Loader(yaml.SafeLoader):
    """YAML without objects of Python's, whose mappings are blocks."""


def _construct_block(loader: _Loader, node: yaml.MappingNode) -> Iterator[Block]:
    block = Block()
    block.line = node.start_mark.line + 1
    # In two steps, as PyYAML does it: a block may contain itself.
    yield block
    block.update(loader.construct_mapping(node))
    block.lines = {key.value: key.start_mark.line + 1 for key, _ in node.value}


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_block)


def parse(text: bytes | str) -> Any:
    """What YAML says.

    Raises:
        SettingError: it is none.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _check_keys(node, set())
        return loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise SettingError(f"not YAML: {error.problem}", mark.line + 1 if mark else 0) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingError(f"not YAML: {str(error).partition(chr(10))[0]}") from error


def _check_keys(node: yaml.Node, seen: set[yaml.Node]) -> None:
    """Refuse keys that stand twice: YAML would take the last one silently."""
    if node in seen:
        return
    seen.add(node)
    if isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise SettingError("a key is a word", line)
            if first := lines.get(key.value):
                raise SettingError(f"'{key.value}' stands twice, in line {first} too", line)
            lines[key.value] = line
            _check_keys(value, seen)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            _check_keys(value, seen)
