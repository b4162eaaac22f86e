"""The layout is the architecture: a room imports only from rooms above it."""

import ast
from collections import Counter
from collections.abc import Mapping
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import semjscc

ROOMS = [
    "errors", "paths", "settings", "parts", "runtime", "decibels", "randomness", "digests",
    "differences", "model_hub", "checkpoint", "blueprints", "images", "metrics", "data",
    "tasks", "channels", "separation", "linear", "codecs", "perception", "importance", "losses",
    "allocation", "training", "publishing", "families", "links", "transmission", "results",
    "statistics", "evaluation", "report", "experiments", "api", "export", "radio", "video", "web",
    "cli", "__main__",
]  # fmt: skip
SUB_ROOMS = {
    "cli": ["transmission", "weights", "radio"],
    "data": ["drawn", "folders", "tables"],
    "linear": ["planning"],
    "links": ["separate_coding", "joint_coding"],
    "perception": ["built_in", "huggingface", "onnx"],
    "radio": ["waveform", "sampling", "recordings", "receiver", "simulator"],
    "report": ["figures"],
    "separation": ["sources"],
    "training": ["optimisation", "channel", "runs"],
    "web": ["uploads"],
}
SOURCE = Path(semjscc.__file__).parent


@cache
def modules() -> Mapping[str, Path]:
    """Every module of the package by its name below ``semjscc``."""
    files = {file.relative_to(SOURCE).with_suffix(""): file for file in SOURCE.rglob("*.py")}
    names = {".".join(path.parts).removesuffix("__init__"): file for path, file in files.items()}
    return {name.removesuffix("."): file for name, file in names.items() if name}


@cache
def imports(name: str) -> frozenset[str]:
    """The modules that one imports, anywhere in its text."""
    found = set[str]()
    for node in ast.walk(ast.parse(modules()[name].read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("semjscc."):
            origin = str(node.module).removeprefix("semjscc.")
            parts = {f"{origin}.{each.name}" for each in node.names}
            found |= {part if part in modules() else origin for part in parts}
    return frozenset(found - {name})


def room_of(name: str) -> str:
    return name.partition(".")[0]


def sub_room_of(name: str) -> str | None:
    """None for a file that stands in its room itself."""
    _, _, rest = name.partition(".")
    folder, dot, _ = rest.partition(".")
    return folder if dot or modules()[name].name == "__init__.py" else None


def test_rooms_import_only_from_rooms_above() -> None:
    assert {room_of(name) for name in modules()} == set(ROOMS)
    for name in modules():
        room = ROOMS.index(room_of(name))
        below = {other for other in imports(name) if ROOMS.index(room_of(other)) > room}
        assert not below, f"{name} imports {below} from below"


def test_sub_rooms_import_only_from_those_before_them() -> None:
    found = {(room_of(name), sub) for name in modules() if (sub := sub_room_of(name))}
    assert found == {(room, sub) for room, subs in SUB_ROOMS.items() for sub in subs}
    for name in modules():
        order, own = SUB_ROOMS.get(room_of(name), []), sub_room_of(name)
        for other in imports(name) if own else ():
            sub = sub_room_of(other) if room_of(other) == room_of(name) else None
            assert sub is None or order.index(sub) <= order.index(own or ""), f"{name}: {other}"


def test_a_room_and_a_room_in_it_need_each_other_one_way_only() -> None:
    for room, subs in SUB_ROOMS.items():
        for sub in subs:
            within = [name for name in modules() if name.startswith(f"{room}.{sub}")]
            own = {n for n in modules() if room_of(n) == room and sub_room_of(n) is None}
            needed = {other for name in within for other in imports(name) if other in own}
            back = {name for name in needed for other in imports(name) if other in within}
            assert not back, f"{back} and {room}/{sub} import each other"


def test_no_file_imports_itself_by_way_of_others() -> None:
    TopologicalSorter({name: imports(name) for name in modules()}).prepare()


def test_no_two_test_files_have_one_name() -> None:
    """pytest takes the second for the first, and only where both are run."""
    names = Counter(file.name for file in Path(__file__).parent.rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_source_files_hold_one_idea() -> None:
    long = {name: len(file.read_text().splitlines()) for name, file in modules().items()}
    assert {name: lines for name, lines in long.items() if lines > 300} == {}
