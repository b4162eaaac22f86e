"""The code behind parts that are not ours, such as a user's channel, link or network.

Results follow from such code, and so what is kept of them may be used again only where it is still
the same: the file of a module, and all files of the user's own that these import. What fails in it
is told in one line, which says whose it is.
"""

import ast
import hashlib
import site
import sys
import sysconfig
import time
import traceback
from collections.abc import Iterator
from functools import cache
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import FrameType

from semjscc.errors import UserError, printable

_OURS = ("semjscc", "torch", "numpy")
_BEGAN = time.time()
"""A file that is younger may be another than the one that was imported."""
_named: set[str] = set()
"""Packages of the parts that the user has named."""


def is_own(module: str) -> bool:
    """Whether a module is neither of this package nor of Python, PyTorch and NumPy."""
    top = module.partition(".")[0]
    return top not in _OURS and top not in sys.stdlib_module_names and top != "builtins"


def is_written(module: str) -> bool:
    """Whether a module that `is_own` is the user's own writing, and no installed package."""
    file = _loaded_file(module)
    return is_own(module) and (file is None or not is_installed(file))


def note_named(module: str) -> None:
    """Remember that a user's own words have named something of a module."""
    if is_own(module):
        _named.add(module.partition(".")[0])


def failure_of(error: Exception) -> str | None:
    """One line for an error in which code of the user's own takes part; None where none does.

    It says which of their functions was at work, what came of it, and where.
    """
    if found := _own_frames(error):
        frame, _ = found[0]
        part = f"{frame.f_globals.get('__name__', '')}:{frame.f_code.co_qualname}"
        return f"{printable(part)} failed: {in_words(error)}"
    if _named:  # what they gave, if not what they did
        names = printable(", ".join(sorted(_named)))
        said = with_kind(error)
        return f"the work failed, and code of your own takes part in it ({names}): {said}"
    return None


def in_words(error: BaseException) -> str:
    """What an error says, with its kind and place where code of the user's own raised it."""
    said, found = _first_line(error), _own_frames(error)
    if isinstance(error, UserError):
        return said
    if found:
        frame, line = found[-1]
        name = printable(Path(frame.f_code.co_filename).name)
        return f"{with_kind(error)} ({name}, line {line})"
    # A missing key says no more than the key.
    return said if said and not isinstance(error, KeyError) else with_kind(error)


def with_kind(error: BaseException) -> str:
    """What an error says, with its kind."""
    kind, said = printable(type(error).__name__), _first_line(error)
    return f"{kind}: {said}" if said else kind


def _first_line(error: BaseException) -> str:
    return printable(str(error).strip().partition("\n")[0])


def _own_frames(error: BaseException) -> list[tuple[FrameType, int]]:
    """Where an error passed through code of the user's own, with the lines; innermost last."""
    walked = traceback.walk_tb(error.__traceback__)
    return [(frame, line) for frame, line in walked if _is_of_user(frame)]


def _is_of_user(frame: FrameType) -> bool:
    module, file = str(frame.f_globals.get("__name__", "")), Path(frame.f_code.co_filename)
    if not is_own(module):
        return False
    named = module.partition(".")[0] in _named
    return named or (file.is_file() and not is_installed(file.resolve()))


def code_behind(module: str) -> str | None:
    """What the code of a module that `is_own` comes to, as text that changes with it.

    Installed packages count by their version and the module's file, and compiled modules by their
    file. Imports within functions are followed too; what is imported by a name that is made up
    while the code runs is not.

    Returns:
        32 hexadecimal digits; None where nothing can be known, since there is no source (a session,
        a notebook) or it was written after this process began, which may have an older one.
    """
    files: dict[str, Path] = {}
    start = _loaded_file(module)
    if start is None or (start.suffix != ".py" and not is_installed(start)):
        return None
    digest = hashlib.blake2b(digest_size=16)
    if is_installed(start):
        digest.update(_version(module.partition(".")[0]).encode())
        files[module] = start
    else:
        _follow(module, start, files)
    try:
        for name, file in sorted(files.items()):
            if file.stat().st_mtime > _BEGAN:
                return None
            digest.update(f"\n{name} ".encode() + file.read_bytes())
    except OSError:
        return None
    return digest.hexdigest()


def _loaded_file(module: str) -> Path | None:
    file = getattr(sys.modules.get(module), "__file__", None)
    return Path(file).resolve() if file and Path(file).is_file() else None


def _follow(module: str, file: Path, files: dict[str, Path]) -> None:
    """Enter a module, the packages around it, and all of the user's own that they import."""
    if module in files:
        return
    files[module] = file
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    package = getattr(sys.modules.get(module), "__package__", None) or package
    for name in {*_packages(module), *_imported(file, package)}:
        if name not in files and is_own(name):
            found = _loaded_file(name) or _file_of(name)
            if found is not None and not is_installed(found):
                _follow(name, found, files)


def _packages(module: str) -> Iterator[str]:
    while module := module.rpartition(".")[0]:
        yield module


def _imported(file: Path, package: str) -> Iterator[str]:
    """Names that may be modules, with the packages they are in."""
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            above = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            origin = ".".join(filter(None, [above, node.module or ""]))
            names = [origin, *(f"{origin}.{alias.name}".strip(".") for alias in node.names)]
        for name in filter(None, names):
            yield name
            yield from _packages(name)


def _file_of(name: str) -> Path | None:
    """Where a module would be imported from, without importing anything."""
    path, origin, within = None, None, ""
    for part in name.split("."):
        if within and path is None:
            return None  # it is no package, and has no modules
        within = f"{within}.{part}".strip(".")
        try:
            spec = PathFinder.find_spec(within, path)
        except (ImportError, OSError, ValueError):
            return None
        if spec is None:
            return None
        path, origin = spec.submodule_search_locations, spec.origin
    return Path(origin).resolve() if origin and Path(origin).is_file() else None


def is_installed(file: Path) -> bool:
    """Whether a file is Python's or that of an installed package."""
    return any(file.is_relative_to(folder) for folder in _installed())


@cache
def _installed() -> tuple[Path, ...]:
    kept = sysconfig.get_paths()
    names = [kept[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")]
    return tuple(Path(name).resolve() for name in [*names, *site.getsitepackages()])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
