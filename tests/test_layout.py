"""The layout is the architecture: a room imports only from rooms above it."""

import ast
from pathlib import Path

import semjscc

ROOMS = [
    "errors", "paths", "settings", "threads", "processes", "decibels", "randomness", "own_code",
    "checkpoint", "blueprints", "images", "metrics", "data", "channels", "separation", "linear",
    "codecs", "perception", "importance", "losses", "allocation", "training", "families", "links",
    "transmission", "evaluation", "reproduction", "radio", "web", "cli", "__main__",
]  # fmt: skip
SOURCE = Path(semjscc.__file__).parent


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("semjscc."):
            found.add(str(node.module).split(".")[1])
    return found


def room_of(file: Path) -> str:
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def test_rooms_import_only_from_rooms_above() -> None:
    files = [file for file in SOURCE.rglob("*.py") if file != SOURCE / "__init__.py"]
    assert {room_of(file) for file in files} == set(ROOMS)
    for file in files:
        room = ROOMS.index(room_of(file))
        below = {name for name in imports(file) if ROOMS.index(name) > room}
        assert not below, f"{file.name} imports {below} from below"


def test_source_files_hold_one_idea() -> None:
    files = SOURCE.rglob("*.py")
    long = {str(file): len(file.read_text().splitlines()) for file in files}
    assert {name: lines for name, lines in long.items() if lines > 300} == {}
