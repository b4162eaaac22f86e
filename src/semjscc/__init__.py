"""Deep joint source-channel coding of images with semantic importance.

The names below are the public surface, and stay; the rooms behind them may change. They are
imported when somebody asks for one: torch takes seconds.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from semjscc.api.evaluating import evaluate
    from semjscc.api.opening import load_data, open_link, open_perception
    from semjscc.api.results import Results
    from semjscc.api.transmitting import Reception, transmit
    from semjscc.errors import UserError

__version__ = version("semjscc")
__all__ = [
    "Reception",
    "Results",
    "UserError",
    "evaluate",
    "load_data",
    "open_link",
    "open_perception",
    "transmit",
]

_HOMES = {
    "Reception": "api.transmitting",
    "Results": "api.results",
    "UserError": "errors",
    "evaluate": "api.evaluating",
    "load_data": "api.opening",
    "open_link": "api.opening",
    "open_perception": "api.opening",
    "transmit": "api.transmitting",
}


def __getattr__(name: str) -> Any:
    """A name of the public surface, when somebody asks for it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """What is there, with what has not been imported yet."""
    return sorted({*globals(), *__all__})
