"""Parts of the user's own, each named ``my.module:Name``; here alone a name becomes code.

Tasks, networks, codecs, links, channels and importances are all found here. Such a name is code
that will run. It is taken from the user's own words only, on the command line, in a recipe or in a
plan, never from a checkpoint, a results file or a data set.
"""

import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from semjscc.errors import UserError, did_you_mean, printable
from semjscc.parts.own_code import code_behind, in_words, is_own, note_named

_SPELLING = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")

ENDS = "it ends the program: put what it does by itself behind if __name__ == '__main__'"
Part = TypeVar("Part")


def is_part(name: str) -> bool:
    """Whether a word is written as ``my.module:Name``; nothing is imported."""
    return _SPELLING.fullmatch(name) is not None


def find_part(name: str, what: str) -> Any:
    """What ``my.module:Name`` stands for.

    The module is looked for where Python does, and in the working folder.

    Args:
        name: as the user wrote it.
        what: it should be, such as ``channel``, for messages.

    Raises:
        UserError: it is not so written, there is no such module or name, or it cannot be imported.
    """
    said = f"the {what} {printable(name)}"
    if not is_part(name):
        raise UserError(f"cannot find {said}: it is not written as my.module:Name")
    module, _, within = name.partition(":")
    note_named(module)
    try:
        found = _module(module)
    except ModuleNotFoundError as error:
        # Of another name where the user's module itself lacks something.
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise UserError(f"cannot find {said}: {_in_words(error)}") from error
        raise UserError(
            f"cannot find {said}: there is no module {printable(error.name)} in the working folder "
            "or among those that Python finds"
        ) from error
    except (Exception, SystemExit) as error:  # of any kind: it is the user's code
        raise UserError(f"cannot find {said}: {_in_words(error)}") from error
    if not hasattr(found, within):
        hint = did_you_mean(within, vars(found))
        place = printable(str(getattr(found, "__file__", None) or "Python itself"))
        raise UserError(f"cannot find {said}: {place} has no {printable(within)}{hint}")
    return getattr(found, within)


def make_part(
    name: str, what: str, kind: type[Part], arguments: Mapping[str, Any] | None = None
) -> Part:
    """What the class or function ``my.module:Name`` gives when it is called.

    Args:
        name: as the user wrote it.
        what: it should make, for messages.
        kind: which that must be an instance of.
        arguments: for the call, by name.

    Raises:
        UserError: as of `find_part`; it cannot be called so, or makes something else.
    """
    part = find_part(name, what)
    wanted = f"a {kind.__module__}.{kind.__qualname__}"
    # Looked at before it is called: a class of another kind may do anything.
    if isinstance(part, type) and not issubclass(part, kind):
        raise UserError(f"cannot make the {what} {printable(name)}: it is not {wanted}")
    with told_in_one_line(f"cannot make the {what} {printable(name)}"):
        made = part(**(arguments or {}))
    if not isinstance(made, kind):
        raise UserError(f"{printable(name)} made a {type(made).__name__}, not {wanted}")
    return made


def find_function(name: str, what: str, arguments: Sequence[str]) -> Callable[..., Any]:
    """The function ``my.module:name``.

    Args:
        name: as the user wrote it.
        what: it should be, for messages.
        arguments: that it is called with, by place.

    Raises:
        UserError: as of `find_part`, or it is no function of such arguments.
    """
    part = find_part(name, what)
    wanted = f"a function of ({', '.join(arguments)})"
    if isinstance(part, type) or not callable(part):
        kind = "a class" if isinstance(part, type) else f"a {type(part).__name__}"
        raise UserError(f"the {what} {printable(name)} is {kind}: it must be {wanted}")
    try:
        inspect.signature(part).bind(*arguments)
    except TypeError as error:
        raise UserError(f"the {what} {printable(name)} must be {wanted}") from error
    except ValueError:  # compiled, and says nothing of its arguments
        pass
    return part


def code_of(names: Iterable[str | None]) -> dict[str, str]:
    """What the code of parts comes to, by module; without those of which it is not known.

    Args:
        names: of parts; what is not written as one is ours, or none, and left out.

    Raises:
        UserError: one cannot be found.
    """
    found: dict[str, str] = {}
    for name in names:
        module = (name or "").partition(":")[0]
        if not name or not is_part(name) or not is_own(module):
            continue
        find_part(name, "part")
        code = code_behind(module)
        if code is not None:
            found[module] = code
    return found


@contextmanager
def told_in_one_line(said: str) -> Iterator[None]:
    """Make any error of the user's code a `UserError` that begins with ``said``."""
    try:
        yield
    except (Exception, SystemExit) as error:  # of any kind: it is the user's code
        raise UserError(f"{said}: {_in_words(error)}") from error


def _module(name: str) -> ModuleType:
    # The user's file usually stands where the command is run, which a script's path leaves out.
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)
    return importlib.import_module(name)


def _in_words(error: BaseException) -> str:
    return ENDS if isinstance(error, SystemExit) else in_words(error)
